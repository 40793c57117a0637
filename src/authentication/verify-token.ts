import type { IssuerConfig } from '../config/gateway-config.ts'
import { invalidToken } from '../errors.ts'
import { type AccessToken, type Sha256, toAccessToken } from './access-token.ts'
import { checkClaims } from './claims.ts'
import type { Clock } from './clock.ts'
import type { KeySource } from './jwks.ts'
import { hasValidSignature, type Jws } from './jws.ts'
import type { KeySet } from './key-set.ts'

/**
 * Verifies a token against one issuer: algorithm, key, signature, claims, in this order (RFC 8725 sections 3.1 and 3.8).
 * `jws` is what `readJws` read from `token`. Rejects with a GatewayError.
 */
export async function verifyToken(
  token: string,
  { header, claims }: Jws,
  issuer: IssuerConfig,
  source: KeySource,
  { clock, sha256 }: { readonly clock: Clock; readonly sha256: Sha256 },
): Promise<{ readonly accessToken: AccessToken; readonly keySet: KeySet }> {
  if (!(issuer.algorithms as readonly string[]).includes(header.alg)) throw invalidToken('token_algorithm')
  const { keySet, keys } = await source.resolve(header.kid, header.alg)
  if (!(await hasValidSignature(token, header.alg, keys))) throw invalidToken('token_signature')
  const expiresAtMs = checkClaims(claims, header, issuer, clock.now())
  return { keySet, accessToken: toAccessToken(claims, issuer, expiresAtMs, sha256) }
}
