/** Puts the stage together for a process: in memory, or on Redis with memory behind it. */
import type { RedisConfig } from '../config/gateway-config.ts'
import { createGuardedRateLimiter } from './guarded-rate-limiter.ts'
import { createLimitStage, type LimitDecision, type LimitStage } from './limit.ts'
import { createMemoryRateLimiter } from './memory-rate-limiter.ts'
import { createRedisWindowStore } from './redis-window-store.ts'

/**
 * Something about the store changed, once per change. `connection`: lost or ready; `breaker`: open (each limit falls back
 * to its `onStoreError`) or closed again. `reason` is a low-cardinality word and holds no address and no secret.
 */
export type StoreStateChange =
  | { readonly of: 'connection'; readonly state: 'lost' | 'ready'; readonly reason: string }
  | { readonly of: 'breaker'; readonly state: 'open' | 'closed'; readonly reason: string }

export interface RateLimitingOptions {
  /** Absent: windows are counted in this process alone. */
  readonly redis?: RedisConfig
  /** Milliseconds of a clock that only goes forward, such as `performance.now`. */
  readonly clock: () => number
  readonly onStateChange?: (change: StoreStateChange) => void
  readonly onDecision?: (decision: LimitDecision) => void
}

/** Time the start waits for Redis: longer than a connection may take. */
const CONNECT_WAIT_MS = 1000

/**
 * One per process; it lives across reloads, for its windows do. Waits until Redis was reached or could not be, a second
 * at most, and starts either way. Throws when the configuration names no usable address.
 */
export async function createRateLimiting(options: RateLimitingOptions): Promise<LimitStage> {
  const { redis, clock, onStateChange, onDecision } = options
  const local = createMemoryRateLimiter({ clock })
  if (redis === undefined) return createLimitStage({ limiter: local, clock, ...(onDecision && { onDecision }) })

  // ioredis costs a start that does not need it as much as the rest of this stage does.
  const { createRedisClient } = await import('./redis-client.ts')
  const connected = Promise.withResolvers<void>()
  const limiter = createGuardedRateLimiter({
    store: createRedisWindowStore({
      client: createRedisClient(redis),
      onConnectionChange(state, reason) {
        onStateChange?.({ of: 'connection', state, reason })
        connected.resolve()
      },
    }),
    clock,
    onBreakerChange: (state, reason) => onStateChange?.({ of: 'breaker', state, reason }),
  })
  const timer = setTimeout(connected.resolve, CONNECT_WAIT_MS)
  await connected.promise
  clearTimeout(timer)
  return createLimitStage({
    limiter,
    local,
    clock,
    status: () => ({ store: 'redis', breaker: limiter.breaker }),
    ...(onDecision && { onDecision }),
  })
}
