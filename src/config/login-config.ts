/** `login` as the sessions of browsers use it: checked, references resolved, defaults applied. */
import type { ClaimPath } from './claim-path.ts'
import type { IssuerConfig, RouteConfig } from './gateway-config.ts'

/** Pages that the gateway itself answers, below `path`. */
export type LoginPage = 'login' | 'callback' | 'logout' | 'me'

export interface LoginConfig {
  /** Where users log in. */
  readonly issuer: IssuerConfig
  /** Address of the discovery document; absent: below the issuer. */
  readonly discovery?: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scopes: readonly string[]
  /** As browsers see this gateway: scheme, host and port. */
  readonly publicOrigin: string
  /** Under which the login's own pages stand: `/auth`. */
  readonly path: string
  /** The first one encrypts, all decrypt. `secret` is 32 bytes in base64. */
  readonly keys: readonly { readonly id: string; readonly secret: string }[]
  readonly lifetime: { readonly idleMs: number; readonly absoluteMs: number }
  /** Claims of the ID token that `me` shows, and how it calls them. */
  readonly me: readonly { readonly name: string; readonly path: ClaimPath }[]
  /** Canonical path. */
  readonly afterLogout: string
  /** The login's own pages, as routes that no upstream serves. */
  readonly pages: readonly RouteConfig[]
}
