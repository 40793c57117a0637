/** The route table as the console shows it; changes with the file alone. */
import { listRoutes, type RouteListing } from '../authoring/route-listing.ts'
import { describeKeyPart } from '../authoring/words.ts'
import type { GatewayConfig } from '../config/gateway-config.ts'

export interface ConsoleRoutes {
  /** Of the file that they stand in. */
  readonly digest: string
  readonly routes: readonly RouteListing[]
  readonly limits: Readonly<Record<string, LimitListing>>
}

export interface LimitListing {
  readonly limit: number
  readonly windowMs: number
  readonly key: readonly string[]
  readonly when: 'before-auth' | 'after-auth'
  readonly onStoreError: 'local' | 'allow' | 'deny'
}

export function toRoutes(config: GatewayConfig): ConsoleRoutes {
  const limits = [...config.rateLimits.values()].map(({ name, limit, windowMs, key, when, onStoreError }) => [
    name,
    { limit, windowMs, key: key.map(describeKeyPart), when, onStoreError },
  ])
  return { digest: config.digest, routes: listRoutes(config), limits: Object.fromEntries(limits) }
}
