/** RateLimit fields, draft-ietf-httpapi-ratelimit-headers-10: Structured Fields (RFC 9651) lists of strings. */
import type { QuotaReport } from '../errors.ts'

/** Appends `RateLimit-Policy` and `RateLimit` to a flat list of names and values; nothing when nothing was counted. */
export function addRateLimitFields(headers: string[], quotas: readonly QuotaReport[]): void {
  if (quotas.length === 0) return
  let policy = ''
  let state = ''
  for (const { name, limit, windowSeconds, remaining, resetSeconds } of quotas) {
    const separator = policy === '' ? '' : ', '
    const item = toSfString(name)
    policy += `${separator}${item};q=${limit};w=${windowSeconds}`
    state += `${separator}${item};r=${remaining};t=${resetSeconds}`
  }
  headers.push('RateLimit-Policy', policy, 'RateLimit', state)
}

const TO_ESCAPE = /["\\]/

/** RFC 9651 section 4.1.6, for the printable ASCII that names consist of. */
function toSfString(text: string): string {
  return TO_ESCAPE.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`
}
