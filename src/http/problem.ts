/** Refusals and failures as problem documents (RFC 9457). */
import { ERRORS, type GatewayError } from '../errors.ts'
import { invalidTokenText } from './challenge.ts'

export interface Problem {
  readonly status: number
  /** Flat list of names and values. */
  readonly headers: string[]
  readonly body: string
}

/** draft-ietf-httpapi-ratelimit-headers-10, section "Problem Types". */
const QUOTA_EXCEEDED = 'https://iana.org/assignments/http-problem-types#quota-exceeded'

/**
 * What a client gets for an error. It shows the code's constant texts and the public `details`; of `reason` only the
 * text that belongs to a refused token, of `cause` nothing. Challenge, CORS, RateLimit and Connection fields are the caller's.
 */
export function toProblem(error: GatewayError, requestId: string): Problem {
  const { status, title } = ERRORS[error.code]
  const { scope, because, violatedPolicies, errors } = error.details
  const detail = error.details.detail ?? invalidTokenText(error)
  const isQuota = error.code === 'rate_limited'
  const body = JSON.stringify({
    type: isQuota ? QUOTA_EXCEEDED : `urn:scopegate:problem:${error.code}`,
    title,
    status,
    ...(detail !== undefined && { detail }),
    code: error.code,
    requestId,
    ...(errors !== undefined && { errors }),
    ...(scope !== undefined && { scope }),
    ...(because !== undefined && because.length > 0 && { because }),
    ...(isQuota && violatedPolicies !== undefined && { 'violated-policies': violatedPolicies }),
  })
  return { status, headers: problemHeaders(error, status), body }
}

function problemHeaders({ code, details }: GatewayError, status: number): string[] {
  const headers = ['Content-Type', 'application/problem+json', 'Cache-Control', 'no-store']
  // RFC 9110 section 15.6.4: a 503 says when to come back, also if whoever threw it did not know.
  const retryAfterSeconds = details.retryAfterSeconds ?? (status === 503 || status === 429 ? 1 : undefined)
  if (retryAfterSeconds !== undefined) headers.push('Retry-After', toDelaySeconds(retryAfterSeconds))
  // RFC 9110 section 15.5.6: a 405 must have it, even empty.
  if (code === 'method_not_allowed') headers.push('Allow', (details.allow ?? []).join(', '))
  if (details.accept !== undefined) headers.push(...details.accept)
  return headers
}

/** Whole seconds, never too early and at least one. */
function toDelaySeconds(seconds: number): string {
  return String(Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : 1)
}
