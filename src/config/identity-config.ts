import type { ClaimPath } from './claim-path.ts'

/** What an upstream learns about the caller. */
export interface IdentityConfig {
  /** Field name as written → claim. */
  readonly headers: ReadonlyMap<string, ClaimPath>
  readonly authorization: 'strip' | 'forward'
}
