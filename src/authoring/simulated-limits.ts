/** The rate limits of a simulated request: each window is fresh, and says what the request counts by. */
import type { RateLimitPolicy } from '../config/gateway-config.ts'
import { createLimitStage, type LimitStage } from '../rate-limiting/limit.ts'
import { createMemoryRateLimiter } from '../rate-limiting/memory-rate-limiter.ts'
import type { Visit } from '../visit.ts'

export interface LimitUse {
  readonly policy: RateLimitPolicy
  /** The request takes a unit of it. */
  readonly counts: boolean
  /** Fields of a form that it counts by and the body does not have; none when nobody says what the body is. */
  readonly missing: readonly string[]
}

/** The clock stands still: every request is the first. */
export function createFreshLimits(): LimitStage {
  const clock = () => 0
  return createLimitStage({ limiter: createMemoryRateLimiter({ clock }), clock })
}

export function toLimitUses(visit: Visit, isBodyKnown: boolean): LimitUse[] {
  const { limits, quotas } = visit
  const counted = new Set(quotas.map(({ policy }) => policy))
  return [...limits.before, ...limits.after].map((policy) => ({
    policy,
    counts: counted.has(policy),
    missing: isBodyKnown ? missingFields(policy, visit) : [],
  }))
}

function missingFields({ key }: RateLimitPolicy, visit: Visit): string[] {
  return key.flatMap((part) => (part.from === 'form' && !hasField(visit, part.name) ? [part.name] : []))
}

function hasField(visit: Visit, name: string): boolean {
  try {
    return visit.form(name) !== undefined
  } catch {
    // It is there twice: the request was refused for it.
    return true
  }
}
