import type { IssuerConfig } from '../config/gateway-config.ts'
import { invalidToken } from '../errors.ts'
import type { Claims } from './access-token.ts'
import type { JwsHeader } from './jws.ts'
import { ownMember } from './strict-json.ts'
import { assertAccessToken } from './token-type.ts'

/** What `checkClaims` needs of an issuer's settings. */
export type ClaimRules = Pick<IssuerConfig, 'issuer' | 'audience' | 'clockSkewMs' | 'maxTokenAgeMs' | 'tokenTypes'>

/**
 * Checks the claims of a token (RFC 7519 section 4.1, RFC 9068 section 4) and returns the moment from which it is
 * refused, skew included, in ms since the epoch. `nowMs` is in ms as well. The signature is another check, made later.
 *
 * Throws `invalid_token` with its own reason for each: `iss`, kind and binding, `aud`, `exp` (required), `nbf` and `iat`
 * (when present), lifetime, and the types of `sub`, `azp` and `client_id` (which may be absent). Scopes, roles and
 * revocation are not checked.
 */
export function checkClaims(claims: Claims, header: JwsHeader, rules: ClaimRules, nowMs: number): number {
  if (ownMember(claims, 'iss') !== rules.issuer) throw invalidToken('token_issuer')
  assertAccessToken(claims, header, rules.tokenTypes)
  assertAudience(ownMember(claims, 'aud'), rules.audience)
  for (const name of ['sub', 'azp', 'client_id']) assertIdentifier(ownMember(claims, name))
  return checkTimes(claims, rules, nowMs)
}

function assertAudience(aud: unknown, accepted: readonly string[]): void {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (aud !== undefined && !audiences.every((one) => typeof one === 'string')) throw invalidToken('token_claims')
  if (!accepted.some((one) => audiences.includes(one))) throw invalidToken('token_audience')
}

/** Lone surrogates are refused because all of them become the same U+FFFD once encoded: two subjects would be one. */
function assertIdentifier(value: unknown): void {
  if (value === undefined) return
  if (typeof value !== 'string' || value === '' || !value.isWellFormed()) throw invalidToken('token_claims')
}

function checkTimes(claims: Claims, rules: ClaimRules, nowMs: number): number {
  const expMs = readDateMs(claims, 'exp')
  const nbfMs = readDateMs(claims, 'nbf')
  const iatMs = readDateMs(claims, 'iat')
  if (expMs === undefined) throw invalidToken('token_claims')
  const expiresAtMs = expMs + rules.clockSkewMs
  if (!(expiresAtMs > nowMs)) throw invalidToken('token_expired')
  const latestStartMs = nowMs + rules.clockSkewMs
  if (!((nbfMs ?? 0) <= latestStartMs) || !((iatMs ?? 0) <= latestStartMs)) throw invalidToken('token_not_yet_valid')
  if (!(expMs - (iatMs ?? nowMs) <= rules.maxTokenAgeMs)) throw invalidToken('token_too_old')
  return expiresAtMs
}

/** A NumericDate (RFC 7519 section 2), fractions allowed, in ms. JSON can hold 1e400, which is read as Infinity. */
function readDateMs(claims: Claims, name: string): number | undefined {
  const value = ownMember(claims, name)
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalidToken('token_claims')
  return value * 1000
}
