import type { IssuerConfig } from '../config/gateway-config.ts'
import { invalidToken } from '../errors.ts'
import { type AccessToken, type Sha256, toAccessToken } from './access-token.ts'
import { checkClaims } from './claims.ts'
import type { Clock } from './clock.ts'
import type { Caller, KeySource } from './jwks.ts'
import { hasValidSignature, type Jws } from './jws.ts'
import type { KeySet } from './key-set.ts'

/**
 * Verifies a token against one issuer: algorithm, claims, key, signature, in this order (RFC 8725 sections 3.1 and 3.8).
 * The claims come before the key, because a token that could not be good with any key must not cause a fetch of keys.
 * `jws` is what `readJws` read from `token`. Rejects with a GatewayError.
 */
export async function verifyToken(
  token: string,
  { header, claims }: Jws,
  issuer: IssuerConfig,
  source: KeySource,
  { clock, sha256, caller }: { readonly clock: Clock; readonly sha256: Sha256; readonly caller: Caller },
): Promise<{ readonly accessToken: AccessToken; readonly keySet: KeySet }> {
  if (!(issuer.algorithms as readonly string[]).includes(header.alg)) throw invalidToken('token_algorithm')
  const expiresAtMs = checkClaims(claims, header, issuer, clock.now())
  const { keySet, keys } = await source.resolve(header.kid, header.alg, caller)
  if (!(await hasValidSignature(token, header.alg, keys))) throw invalidToken('token_signature')
  // A fetch of keys takes its time.
  if (!(expiresAtMs > clock.now())) throw invalidToken('token_expired')
  return { keySet, accessToken: toAccessToken(claims, issuer, expiresAtMs, sha256) }
}
