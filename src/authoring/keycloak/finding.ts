/** One thing about a realm that somebody should know. */
export interface Finding {
  /** Stable, for scripts: `scope-missing`. */
  readonly code: FindingCode
  /** `error`: requests that the file allows cannot be made, or the realm gives tokens away. `warning`: it could be safer. */
  readonly severity: 'error' | 'warning'
  /** What kind of thing it is about, and which one. */
  readonly kind: 'client scope' | 'audience' | 'role' | 'claim' | 'client' | 'realm' | 'key' | 'allow line'
  readonly name: string
  readonly message: string
  /** What to do. */
  readonly mend: string
}

export type FindingCode =
  | 'issuer-mismatch'
  | 'scope-missing'
  | 'scope-not-in-token'
  | 'scope-unassigned'
  | 'audience-missing'
  | 'audience-unassigned'
  | 'client-without-audience'
  | 'role-missing'
  | 'roles-not-in-token'
  | 'claim-missing'
  | 'line-unobtainable'
  | 'algorithm-refused'
  | 'token-type-refused'
  | 'lifespan-refused'
  | 'lifespan-long'
  | 'pkce-off'
  | 'redirect-wildcard'
  | 'origin-wildcard'
  | 'direct-grant'
  | 'implicit-flow'
  | 'password-hash-weak'
  | 'brute-force-off'
  | 'refresh-not-rotated'
  | 'tls-not-required'
  | 'key-old'
  | 'key-short'
  | 'login-client-missing'
  | 'login-client-public'
  | 'login-flow-off'
  | 'login-redirect'
  | 'login-logout-redirect'
  | 'login-scope-unassigned'
