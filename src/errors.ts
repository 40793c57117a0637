/**
 * Every refusal and failure that a client can see, written once: code, status, OAuth error and public text.
 * What is thrown adds a low-cardinality `reason` and a `cause`; both go to the log only.
 */

interface ErrorEntry {
  /** HTTP status (RFC 9110). */
  readonly status: number
  /** Constant text for people; `title` of the problem document (RFC 9457 section 3.1.4). */
  readonly title: string
  /** `error` of the challenge (RFC 6750 section 3.1); present: the answer carries a challenge with it. */
  readonly oauthError?: 'invalid_request' | 'invalid_token' | 'insufficient_scope'
}

export const ERRORS = {
  invalid_target: { status: 400, title: 'The request target is malformed or ambiguous' },
  malformed_request: { status: 400, title: 'The request is malformed' },
  invalid_request: {
    status: 400,
    title: 'The Authorization field is malformed, or a token was sent twice',
    oauthError: 'invalid_request',
  },
  login_failed: { status: 400, title: 'The login could not be completed; please begin it again' },
  body_malformed: { status: 400, title: 'The request body is not JSON that everybody reads in one way' },
  body_missing: { status: 400, title: 'A request body is required' },
  missing_token: { status: 401, title: 'An access token is required' },
  invalid_token: { status: 401, title: 'The access token is not valid', oauthError: 'invalid_token' },
  insufficient_scope: {
    status: 403,
    title: 'The access token does not allow this request',
    oauthError: 'insufficient_scope',
  },
  cross_site_request: { status: 403, title: 'A page of another site may not make this request with a session' },
  not_found: { status: 404, title: 'No route matches this path' },
  method_not_allowed: { status: 405, title: 'The method is not allowed on this path' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  body_too_large: { status: 413, title: 'The request body is too large' },
  uri_too_long: { status: 414, title: 'The request target is too long' },
  unsupported_media_type: { status: 415, title: 'The request body is of a type or coding that is not accepted here' },
  expectation_failed: { status: 417, title: 'The expectation of the Expect field cannot be met' },
  body_mismatch: { status: 422, title: 'The request body does not match the schema' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The request header fields are too large' },
  internal_error: { status: 500, title: 'The gateway failed' },
  upstream_unreachable: { status: 502, title: 'The upstream service cannot be reached' },
  upstream_invalid: { status: 502, title: 'The upstream service gave no valid answer' },
  keys_unavailable: { status: 503, title: 'The keys to check the access token cannot be had now' },
  login_unavailable: { status: 503, title: 'Sessions cannot be checked or begun now' },
  tickets_unavailable: { status: 503, title: 'Tickets cannot be made or used now' },
  rate_limiter_unavailable: { status: 503, title: 'The rate limiter cannot be reached now' },
  overloaded: { status: 503, title: 'The gateway is overloaded or shutting down' },
  upstream_timeout: { status: 504, title: 'The upstream service did not answer in time' },
  loop_detected: { status: 508, title: 'The request has passed this gateway before' },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof ERRORS

/** Why a token was refused: log `reason` → public `error_description`. One text each, and none quotes the token. */
export const INVALID_TOKEN_REASONS = {
  token_malformed: 'The access token is malformed',
  token_algorithm: 'The access token is signed with an algorithm that is not accepted',
  token_critical: 'The access token uses extensions that are not understood',
  token_key: 'The access token is signed with an unknown key',
  token_signature: 'The signature of the access token is not valid',
  token_issuer: 'The access token is from an issuer that is not accepted here',
  token_audience: 'The access token is meant for another audience',
  token_type: 'The token is not an access token',
  token_bound: 'The access token is bound to a key and cannot be used as a bearer token',
  token_expired: 'The access token expired',
  token_not_yet_valid: 'The access token is not valid yet',
  token_too_old: 'The access token lives too long',
  token_claims: 'A claim of the access token is missing or malformed',
  ticket_invalid: 'The ticket is unknown, was used before, or is over',
} as const

export type InvalidTokenReason = keyof typeof INVALID_TOKEN_REASONS

/** Where a client stands in one window, for the RateLimit fields. Durations are whole seconds, rounded up. */
export interface QuotaReport {
  /** Name of the rate limit. */
  readonly name: string
  /** Units that any window may hold. */
  readonly limit: number
  readonly windowSeconds: number
  readonly remaining: number
  /** Until the next unit comes back. */
  readonly resetSeconds: number
}

/** One thing that is wrong with a request body (RFC 9457 section 3.1, `errors`). */
export interface BodyFinding {
  /** JSON Pointer as a fragment: the names in it are the client's own. */
  readonly pointer: string
  /** What the schema asks for there; no value of the client. */
  readonly detail: string
}

/** What an answer says beside its code. Public: it may hold configuration texts, never input but for `errors`. */
export interface ErrorDetails {
  /** Seconds for `Retry-After` (RFC 9110 section 10.2.3). */
  readonly retryAfterSeconds?: number
  /** Methods for `Allow` (RFC 9110 section 10.2.1). */
  readonly allow?: readonly string[]
  /** The cheapest set of scopes that would do (RFC 6750 section 3). */
  readonly scope?: string
  /** What is wrong, in a constant text. */
  readonly detail?: string
  /** What is wrong with the body. */
  readonly errors?: readonly BodyFinding[]
  /** What would be accepted: `Accept` or `Accept-Encoding`, and its value (RFC 9110 section 15.5.16). */
  readonly accept?: readonly [field: string, value: string]
  /** `because` texts of the lines that did not fit. */
  readonly because?: readonly string[]
  /** Names of the rate limits that were exceeded. */
  readonly violatedPolicies?: readonly string[]
  /** What the RateLimit fields of a 429 say. */
  readonly quotas?: readonly QuotaReport[]
  /** Where a browser is sent in place of the refusal (303): a path of this gateway. */
  readonly location?: string
  /** The connection cannot be reused: the framing of what follows is unknown. */
  readonly closeConnection?: boolean
}

/** A denial or failure on its way to the client. Made without a stack trace: denials come by the thousand. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  /** Low-cardinality word for the log and metrics. */
  readonly reason: string
  readonly details: ErrorDetails

  constructor(code: ErrorCode, reason: string, details: ErrorDetails = {}, cause?: unknown) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(code, cause === undefined ? undefined : { cause })
    Error.stackTraceLimit = limit
    this.code = code
    this.reason = reason
    this.details = details
  }
}

/** Refuses a token for one of the known reasons (401 `invalid_token`). */
export function invalidToken(reason: InvalidTokenReason, cause?: unknown): GatewayError {
  return new GatewayError('invalid_token', reason, {}, cause)
}
