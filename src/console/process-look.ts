/** What one process of the gateway can say about itself: plain data, which may travel between processes. */
import type { Authenticator } from '../authentication/authenticate.ts'
import type { AddressBook } from '../forwarding/address-book.ts'
import type { LimitStage } from '../rate-limiting/limit.ts'

export interface ProcessLook {
  readonly issuers: readonly IssuerLook[]
  readonly store: ReturnType<LimitStage['status']>
  /** Addresses of upstreams whose last connection failed. */
  readonly down: readonly string[]
}

export interface IssuerLook {
  /** Name in the file. */
  readonly name: string
  /** Usable keys at hand, stale ones included. */
  readonly keys: readonly { readonly kid?: string; readonly alg: string }[]
  /** When the fetch began that brought or confirmed them; ms since the epoch. */
  readonly fetchedAtMs?: number
  /** Why the last fetch failed: a low-cardinality word. */
  readonly lastError?: string
}

export interface LookedAt {
  readonly authenticator: Authenticator
  readonly limits: LimitStage
  readonly addresses: AddressBook
}

export function lookAt({ authenticator, limits, addresses }: LookedAt): ProcessLook {
  const keys = new Map(authenticator.keys().map((one) => [one.issuer, one.keys]))
  return {
    issuers: authenticator.status().map(({ issuer, fetchedAtMs, lastError }) => ({
      name: issuer,
      keys: (keys.get(issuer) ?? []).map(({ kid, alg }) => ({ ...(kid !== undefined && { kid }), alg })),
      ...(fetchedAtMs !== undefined && { fetchedAtMs }),
      ...(lastError !== undefined && { lastError }),
    })),
    store: limits.status(),
    down: addresses.down(),
  }
}
