import { describe, expect, it } from 'vitest'
import { readOwnCookies } from '../../../src/sessions/cookies.ts'
import { createSealer } from '../../../src/sessions/seal.ts'
import { setTransaction, takeTransaction } from '../../../src/sessions/transaction.ts'
import { TEST_TIME_MS } from '../../support/clock.ts'
import { cookieField, keepCookies } from '../../support/cookies.ts'
import { COOKIE_KEYS } from '../../support/login.ts'

const sealer = createSealer([{ id: 'new', secret: COOKIE_KEYS.new }])
const begun = (name: string, startedAtMs = TEST_TIME_MS) => ({
  ...{ state: name.padEnd(43, '_'), nonce: 'n', verifier: 'v', returnTo: '/', startedAtMs },
})

/** A browser that keeps what it is told to. */
function createJar() {
  const jar = new Map<string, string>()
  return {
    cookies: () => readOwnCookies(cookieField(jar)),
    keep: (lines: readonly string[]) => keepCookies(jar, lines),
  }
}

describe('a login under way', () => {
  it('stays for a gateway that has its key when it comes back to one that has not', async () => {
    const jar = createJar()
    jar.keep(await setTransaction(sealer, begun('first'), jar.cookies()))
    const elsewhere = createSealer([{ id: 'old', secret: COOKIE_KEYS.old }])
    const { state } = begun('first')
    expect(await takeTransaction(elsewhere, state, jar.cookies(), TEST_TIME_MS)).toEqual({
      transaction: undefined,
      spent: [],
    })
    expect((await takeTransaction(sealer, state, jar.cookies(), TEST_TIME_MS)).transaction).toEqual(begun('first'))
  })

  it('is found by its state and spent, beside others', async () => {
    const jar = createJar()
    for (const name of ['first', 'second']) jar.keep(await setTransaction(sealer, begun(name), jar.cookies()))
    const taken = await takeTransaction(sealer, begun('first').state, jar.cookies(), TEST_TIME_MS)
    expect(taken.transaction).toEqual(begun('first'))
    jar.keep(taken.spent)
    expect(
      (await takeTransaction(sealer, begun('first').state, jar.cookies(), TEST_TIME_MS)).transaction,
    ).toBeUndefined()
    const other = await takeTransaction(sealer, begun('second').state, jar.cookies(), TEST_TIME_MS)
    expect(other.transaction).toEqual(begun('second'))
  })

  it('is none with another end of its state, and is spent all the same', async () => {
    const jar = createJar()
    jar.keep(await setTransaction(sealer, begun('long-enough-to-be-found'), jar.cookies()))
    const state = `${begun('long-enough-to-be-found').state.slice(0, -1)}x`
    const taken = await takeTransaction(sealer, state, jar.cookies(), TEST_TIME_MS)
    expect(taken.transaction).toBeUndefined()
    expect(taken.spent).toHaveLength(1)
  })

  it('lasts ten minutes', async () => {
    const jar = createJar()
    jar.keep(await setTransaction(sealer, begun('one'), jar.cookies()))
    const at = (ms: number) => takeTransaction(sealer, begun('one').state, jar.cookies(), TEST_TIME_MS + ms)
    expect((await at(599_999)).transaction).toBeDefined()
    expect((await at(600_000)).transaction).toBeUndefined()
  })

  it('is one of three: the oldest makes room', async () => {
    const jar = createJar()
    for (let i = 0; i < 8; i += 1) {
      jar.keep(await setTransaction(sealer, begun(`login-number-${i}`, TEST_TIME_MS + i * 1000), jar.cookies()))
    }
    expect(jar.cookies().size).toBe(3)
    const find = async (i: number) =>
      (await takeTransaction(sealer, begun(`login-number-${i}`).state, jar.cookies(), TEST_TIME_MS)).transaction
    expect(await find(7)).toBeDefined()
  })

  it.each(['', 'x', '_'.repeat(11), '__proto__'])('is none with the state %j', async (state) => {
    const jar = createJar()
    jar.keep(await setTransaction(sealer, begun('one'), jar.cookies()))
    expect(await takeTransaction(sealer, state, jar.cookies(), TEST_TIME_MS)).toEqual({
      transaction: undefined,
      spent: [],
    })
  })
})
