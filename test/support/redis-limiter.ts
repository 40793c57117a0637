/** A limiter on a Redis, without a deadline worth the name: a busy machine changes no verdict. */
import type { RedisConfig } from '../../src/config/gateway-config.ts'
import { createGuardedRateLimiter, type GuardedRateLimiter } from '../../src/rate-limiting/guarded-rate-limiter.ts'
import { createRedisClient, type RedisClient } from '../../src/rate-limiting/redis-client.ts'
import { createRedisWindowStore } from '../../src/rate-limiting/redis-window-store.ts'

export interface RedisLimiter {
  readonly limiter: GuardedRateLimiter
  readonly client: RedisClient
  /** How the first try to connect ended. */
  readonly state: 'lost' | 'ready'
}

/** @param clock Replaces the clock of Redis: asked once for each check and refund, in their order, when they are sent. */
export async function connectRedisLimiter(config: RedisConfig, clock?: () => number): Promise<RedisLimiter> {
  const client = createRedisClient(config)
  const connected = Promise.withResolvers<'lost' | 'ready'>()
  const store = createRedisWindowStore({ client, onConnectionChange: connected.resolve, ...(clock && { clock }) })
  const limiter = createGuardedRateLimiter({ store, clock: () => performance.now(), deadlineMs: 60_000 })
  return { limiter, client, state: await connected.promise }
}
