/** What the request path knows about a caller once the access token has been verified. */

import type { IssuerConfig } from '../config/gateway-config.ts'
import { readRoles, readScopes } from './grants.ts'
import { ownMember } from './strict-json.ts'

/** Claims as the issuer signed them: attacker-shaped JSON until each value's type has been checked. */
export type Claims = Readonly<Record<string, unknown>>

export interface AccessToken {
  /** Name of the issuer in the configuration. */
  readonly issuer: string
  /** `sub`, when it is a string. */
  readonly subject: string | undefined
  /** `azp` or `client_id`, when it is a string. */
  readonly clientId: string | undefined
  /** SHA-256 of issuer and subject as a JSON array: base64url, the first 22 characters (132 bits); empty without a subject. */
  readonly subjectHash: string
  /** Union of `scope` (space-delimited string) and `scp` (array or string). */
  readonly scopes: ReadonlySet<string>
  /** `admin` for a realm role, `shop-api:manager` for a client role. */
  readonly roles: ReadonlySet<string>
  readonly claims: Claims
  /** Moment after which the token is refused, skew included; ms since the epoch. */
  readonly expiresAtMs: number
}

/** The digest in base64url. Synchronous: so short a text costs less to hash than to hand to another thread. */
export type Sha256 = (text: string) => string

/** What the request path keeps of claims that were checked. `expiresAtMs` is what `checkClaims` returned. */
export function toAccessToken(claims: Claims, issuer: IssuerConfig, expiresAtMs: number, sha256: Sha256): AccessToken {
  const subject = readString(claims, 'sub')
  return {
    issuer: issuer.name,
    subject,
    clientId: readString(claims, 'azp') ?? readString(claims, 'client_id'),
    subjectHash: subject === undefined ? '' : sha256(JSON.stringify([issuer.issuer, subject])).slice(0, 22),
    scopes: readScopes(claims),
    roles: readRoles(claims, issuer.roles),
    claims,
    expiresAtMs,
  }
}

function readString(claims: Claims, name: string): string | undefined {
  const value = ownMember(claims, name)
  return typeof value === 'string' ? value : undefined
}
