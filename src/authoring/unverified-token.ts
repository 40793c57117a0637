import { type AccessToken, toAccessToken } from '../authentication/access-token.ts'
import { candidatesFor } from '../authentication/candidates.ts'
import { checkClaims } from '../authentication/claims.ts'
import { readJws } from '../authentication/jws.ts'
import type { GatewayConfig } from '../config/gateway-config.ts'
import { invalidToken } from '../errors.ts'

/**
 * What the gateway would make of this token if its signature were good. Throws the GatewayError with which it would refuse
 * it anyway. Nothing here proves that the issuer made the token: for explanations only.
 */
export function readUnverifiedToken(
  config: GatewayConfig,
  token: string,
  accepted: readonly string[] | undefined,
  nowMs: number,
): AccessToken {
  const { header, claims } = readJws(token)
  const issuers = [...config.issuers.values()].map((issuer) => ({ config: issuer }))
  let refusal: unknown
  for (const { config: issuer } of candidatesFor(claims, issuers, accepted)) {
    try {
      if (!issuer.algorithms.some((alg) => alg === header.alg)) throw invalidToken('token_algorithm')
      return toAccessToken(claims, issuer, checkClaims(claims, header, issuer, nowMs), () => '')
    } catch (error) {
      refusal ??= error
    }
  }
  throw refusal
}
