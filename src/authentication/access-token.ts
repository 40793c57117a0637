/** What the request path knows about a caller once the access token has been verified. */

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
