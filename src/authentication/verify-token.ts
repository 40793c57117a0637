import { base64url } from 'jose'
import type { IssuerConfig } from '../config/gateway-config.ts'
import { invalidToken } from '../errors.ts'
import type { AccessToken, Claims } from './access-token.ts'
import { checkClaims } from './claims.ts'
import type { Clock } from './clock.ts'
import { readRoles, readScopes } from './grants.ts'
import type { KeySource } from './jwks.ts'
import { hasValidSignature, type Jws } from './jws.ts'
import type { KeySet } from './key-set.ts'
import { ownMember } from './strict-json.ts'

/**
 * Verifies a token against one issuer: algorithm, key, signature, claims, in this order (RFC 8725 sections 3.1 and 3.8).
 * `jws` is what `readJws` read from `token`. Rejects with a GatewayError.
 */
export async function verifyToken(
  token: string,
  { header, claims }: Jws,
  issuer: IssuerConfig,
  source: KeySource,
  clock: Clock,
): Promise<{ readonly accessToken: AccessToken; readonly keySet: KeySet }> {
  if (!(issuer.algorithms as readonly string[]).includes(header.alg)) throw invalidToken('token_algorithm')
  const { keySet, keys } = await source.resolve(header.kid, header.alg)
  if (!(await hasValidSignature(token, header.alg, keys))) throw invalidToken('token_signature')
  const expiresAtMs = checkClaims(claims, header, issuer, clock.now())
  return { keySet, accessToken: await toAccessToken(claims, issuer, expiresAtMs) }
}

async function toAccessToken(claims: Claims, issuer: IssuerConfig, expiresAtMs: number): Promise<AccessToken> {
  const subject = readString(claims, 'sub')
  return {
    issuer: issuer.name,
    subject,
    clientId: readString(claims, 'azp') ?? readString(claims, 'client_id'),
    subjectHash: subject === undefined ? '' : await hashSubject(issuer.issuer, subject),
    scopes: readScopes(claims),
    roles: readRoles(claims, issuer.roles),
    claims,
    expiresAtMs,
  }
}

/** SHA-256 of issuer and subject as a JSON array, the first 22 characters of its base64url form (132 bits). */
async function hashSubject(issuer: string, subject: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify([issuer, subject])))
  return base64url.encode(new Uint8Array(digest)).slice(0, 22)
}

function readString(claims: Claims, name: string): string | undefined {
  const value = ownMember(claims, name)
  return typeof value === 'string' ? value : undefined
}
