import { GatewayError } from '../errors.ts'

/**
 * `Bearer 1*SP b64token` (RFC 6750 section 2.1); schemes ignore case (RFC 9110 section 11.1). Padding may also stand
 * before a dot: a JWT with padded parts is a bad token (401) and no malformed field.
 */
const BEARER = /^bearer +([\w.~+/-]+(?:=+\.[\w.~+/-]*)*=*)$/i
/** `auth-scheme SP`, whatever follows. */
const OTHER_SCHEME = /^[\w!#$%&'*+.^`|~-]+ /

/**
 * What stands behind `Bearer ` in the only Authorization field, not checked in any way; undefined when anything about the
 * request is unusual. Good for one thing: to look up a token that was verified before, and that {@link readBearerToken}
 * had read then. Its pattern costs as much as the whole lookup.
 */
export function presentedToken(authorization: readonly string[], query: string): string | undefined {
  const value = authorization[0]
  if (value === undefined || authorization.length > 1 || !value.startsWith('Bearer ')) return undefined
  return query !== '' && hasAccessToken(query) ? undefined : value.slice(7)
}

/**
 * Reads the access token of a request: from the Authorization field and from nowhere else (RFC 6750 section 2).
 * `authorization` holds the values of all Authorization fields, unjoined; `query` is the raw query, with or without `?`.
 *
 * Throws `missing_token` when there is no bearer token (other schemes and a token in the query alone are none), and
 * `invalid_request` when there are two or the field is malformed. The token's content is not checked.
 */
export function readBearerToken(authorization: readonly string[], query: string): string {
  const [value] = authorization
  if (value === undefined) throw new GatewayError('missing_token', 'token_missing')
  if (authorization.length > 1) throw new GatewayError('invalid_request', 'token_twice')
  const token = BEARER.exec(value)?.[1]
  if (token === undefined) throw withoutToken(value)
  if (query !== '' && hasAccessToken(query)) throw new GatewayError('invalid_request', 'token_twice')
  return token
}

function withoutToken(value: string): GatewayError {
  if (value === '') return new GatewayError('missing_token', 'token_missing')
  const isOther = OTHER_SCHEME.test(value) && !/(^|,\s*)bearer /i.test(value)
  return isOther
    ? new GatewayError('missing_token', 'scheme_unsupported')
    : new GatewayError('invalid_request', 'authorization_malformed')
}

/** RFC 6750 section 2.3. Names are compared decoded, as an upstream would read them. */
function hasAccessToken(query: string): boolean {
  if (!query.includes('access_token') && !query.includes('%')) return false
  return new URLSearchParams(query).has('access_token')
}
