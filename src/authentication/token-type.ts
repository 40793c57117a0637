import type { TokenType } from '../config/token-kinds.ts'
import { invalidToken } from '../errors.ts'
import type { Claims } from './access-token.ts'
import type { JwsHeader } from './jws.ts'
import { ownMember } from './strict-json.ts'

/** Payload `typ` by which Keycloak marks what is not an access token; compared in lower case. */
const OTHER_KINDS: ReadonlySet<unknown> = new Set([
  'id',
  'refresh',
  'offline',
  'logout',
  'initialaccesstoken',
  'registrationaccesstoken',
])
/** Payload `typ` that says nothing against an access token, where any JWT will do; compared in lower case. */
const NEUTRAL: ReadonlySet<unknown> = new Set([undefined, 'bearer', 'jwt', 'at+jwt', 'access', 'access_token'])
/** Claims that only ID tokens have (OpenID Connect Core sections 2 and 3.3.2.11). */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash'] as const

/**
 * Throws `token_type` unless the token is an access token by one of the listed measures (RFC 8725 section 3.11,
 * RFC 9068 section 4), and `token_bound` when it may only be used with a proof of possession (RFC 9449 section 7.1,
 * RFC 8705 section 3): this gateway checks none. ID, refresh, offline and logout tokens are refused by every measure.
 */
export function assertAccessToken(claims: Claims, header: JwsHeader, accepted: readonly TokenType[]): void {
  const headerTyp = header.typ?.toLowerCase().replace(/^application\//, '')
  const typ = ownMember(claims, 'typ')
  if (isMarkedAsOther(claims, headerTyp, typ)) throw invalidToken('token_type')
  if (typ === 'DPoP' || Object.hasOwn(claims, 'cnf')) throw invalidToken('token_bound')
  if (!accepted.some((type) => MEASURES[type](claims, headerTyp, typ))) throw invalidToken('token_type')
}

function isMarkedAsOther(claims: Claims, headerTyp: string | undefined, typ: unknown): boolean {
  // A header typ that names no access token names something else: logout+jwt, secevent+jwt, dpop+jwt, ...
  if (headerTyp !== undefined && headerTyp !== 'jwt' && headerTyp !== 'at+jwt') return true
  if (typ !== undefined && typeof typ !== 'string') return true
  // `events` makes it a security event token (RFC 8417), of which logout tokens are one kind.
  return OTHER_KINDS.has(typ?.toLowerCase()) || Object.hasOwn(claims, 'events')
}

type Measure = (claims: Claims, headerTyp: string | undefined, typ: unknown) => boolean

const MEASURES: Readonly<Record<TokenType, Measure>> = {
  'at+jwt': (_claims, headerTyp) => headerTyp === 'at+jwt',
  keycloak: (_claims, _headerTyp, typ) => typ === 'Bearer',
  jwt: (claims, headerTyp, typ) =>
    headerTyp === 'at+jwt' ||
    typ === 'Bearer' ||
    (NEUTRAL.has(typeof typ === 'string' ? typ.toLowerCase() : typ) && !looksLikeIdToken(claims)),
}

function looksLikeIdToken(claims: Claims): boolean {
  // Amazon Cognito tells its kinds apart by `token_use`.
  const use = ownMember(claims, 'token_use')
  return (use !== undefined && use !== 'access') || ID_TOKEN_CLAIMS.some((name) => Object.hasOwn(claims, name))
}
