import { type ClaimPath, readClaimPath } from './claim-path.ts'
import type { Path } from './problem.ts'
import type { Report } from './report.ts'

/** RFC 9110 sections 7.6.1, 8 and 10.1, RFC 9112 section 6: fields that steer the connection or the message itself. */
const FRAMING =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings|content-.*|expect|max-forwards|date|range|if-.*)$/
const CREDENTIALS = /^(authorization|cookie2?|set-cookie2?)$/
/** Fields that the gateway writes itself. */
const OWN =
  /^(host|forwarded|via|x-forwarded-(for|host|proto|port|server)|x-real-ip|x-request-id|traceparent|tracestate|origin|referer)$/

/** Field → claim, after refusing names that would change the request itself, and two names that servers take for one. */
export function resolveIdentityFields(
  headers: Readonly<Record<string, string>>,
  path: Path,
  report: Report,
): ReadonlyMap<string, ClaimPath> {
  const spellings = new Map<string, string>()
  for (const name of Object.keys(headers)) {
    const spelling = name.toLowerCase().replace(/[^a-z0-9]/g, '-')
    const problem = nameProblem(spelling, spellings.get(spelling))
    if (problem !== undefined) report.error([...path, name], problem, { at: 'key' })
    spellings.set(spelling, name)
  }
  return new Map(Object.entries(headers).map(([name, claim]) => [name, readClaimPath(claim) ?? []]))
}

function nameProblem(spelling: string, other: string | undefined): string | undefined {
  if (FRAMING.test(spelling)) return 'this field steers the message itself and cannot carry an identity'
  if (CREDENTIALS.test(spelling))
    return 'this field holds credentials; identity.authorization: forward passes the token on'
  if (OWN.test(spelling)) return 'this field is set by the gateway itself or names the request; choose another'
  return other === undefined ? undefined : `many servers take this name and "${other}" for the same field`
}
