/** A token that nobody signed: claims, completed and checked as those of a signed one. */
import { type AccessToken, type Claims, toAccessToken } from '../authentication/access-token.ts'
import { candidatesFor } from '../authentication/candidates.ts'
import { checkClaims } from '../authentication/claims.ts'
import type { GatewayConfig, IssuerConfig } from '../config/gateway-config.ts'
import { invalidToken } from '../errors.ts'

const LIFETIME_S = 300

export interface ClaimedToken {
  /** What a signed token would have to hold, what was filled in included. */
  readonly claims: Claims
  /** Its header, but for `alg` and `kid`. */
  readonly header: { readonly typ: string }
}

/**
 * Fills in what every access token of `issuer` has and `claims` leave out: `iss`, `aud`, `exp`, `iat`, and the mark of its
 * kind. Nothing else: no subject, no client. `nowMs` is in ms since the epoch.
 */
export function completeClaims(claims: Claims, issuer: IssuerConfig, nowMs: number): ClaimedToken {
  const now = Math.floor(nowMs / 1000)
  const isMarked = issuer.tokenTypes.includes('keycloak')
  const typ = !isMarked && issuer.tokenTypes.includes('at+jwt') ? 'at+jwt' : 'JWT'
  const given = { iss: issuer.issuer, aud: issuer.audience[0], exp: now + LIFETIME_S, iat: now }
  return { claims: { ...given, ...(isMarked && { typ: 'Bearer' }), ...claims }, header: { typ } }
}

/** The issuer whose token these claims are: the one they name, or the first that counts. Undefined: there is none. */
export function issuerOf(
  config: GatewayConfig,
  claims: Claims,
  accepted: readonly string[] | undefined,
): IssuerConfig | undefined {
  const issuers = [...config.issuers.values()]
  const named = issuers.find(({ issuer }) => issuer === claims.iss)
  return named ?? issuers.find(({ name }) => accepted === undefined || accepted.includes(name)) ?? issuers[0]
}

/**
 * What the gateway would make of a token with these claims and a good signature. Throws the GatewayError with which it would
 * refuse it. `accepted` names the issuers whose tokens count on the route.
 */
export function readClaimedToken(
  config: GatewayConfig,
  claims: Claims,
  accepted: readonly string[] | undefined,
  nowMs: number,
): AccessToken {
  const issuer = issuerOf(config, claims, accepted)
  if (issuer === undefined) throw invalidToken('token_issuer')
  const token = completeClaims(claims, issuer, nowMs)
  const header = { ...token.header, alg: issuer.algorithms[0] ?? '', kid: undefined }
  const issuers = [...config.issuers.values()].map((one) => ({ config: one }))
  let refusal: unknown
  for (const { config: candidate } of candidatesFor(token.claims, issuers, accepted)) {
    try {
      return toAccessToken(token.claims, candidate, checkClaims(token.claims, header, candidate, nowMs), () => '')
    } catch (error) {
      refusal ??= error
    }
  }
  throw refusal
}
