/** Before anything is timed: does the target let the good through and refuse the bad? */
import type { SampleTokens } from './tokens.ts'

export type Check = keyof SampleTokens | 'noToken'

export const TOKEN_CHECKS: readonly Check[] = ['noToken', 'wrongIssuer', 'wrongAudience', 'expired', 'badSignature']
export const ALL_CHECKS: readonly Check[] = [...TOKEN_CHECKS, 'missingScope']

/**
 * Throws when the good token does not get the upstream's body, or when one of `checks` is not refused with a 4xx. Each
 * gateway words its refusals as it likes.
 */
export async function checkTarget(
  target: { readonly port: number; readonly checks: readonly Check[] },
  samples: SampleTokens,
  body: string,
): Promise<void> {
  const ask = (token: string | undefined) =>
    fetch(`http://127.0.0.1:${target.port}/orders/1`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
  const good = await ask(samples.good)
  const text = await good.text()
  if (good.status !== 200 || text !== body) throw new Error(`a good token got ${good.status} ${text.slice(0, 200)}`)
  for (const check of target.checks) {
    const { status } = await ask(check === 'noToken' ? undefined : samples[check])
    if (status < 400 || status > 499) throw new Error(`${check} was not refused but got ${status}`)
  }
}
