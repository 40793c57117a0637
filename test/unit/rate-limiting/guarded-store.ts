/** A store that answers as it is told, under a guard whose clock the test moves. */
import { expect, vi } from 'vitest'
import { createGuardedRateLimiter } from '../../../src/rate-limiting/guarded-rate-limiter.ts'
import { RateLimiterUnavailable, type Verdict } from '../../../src/rate-limiting/rate-limiter.ts'
import type { Order } from '../../../src/rate-limiting/window-store.ts'

export const WINDOW = { limit: 5, windowMs: 60_000 }
export const VERDICT: Verdict = { allowed: true, remaining: 4, resetMs: 60_000, slice: 0 }

export type Answer = (order: Order, index: number) => void
export const ANSWERS: Answer = (order) => order.decide(VERDICT)
export const NEVER: Answer = () => {}
export const FAILS: Answer = (order) => order.fail(new RateLimiterUnavailable('ECONNRESET'))

export function createGuardedStore() {
  const batches: (readonly Order[])[] = []
  const changes: string[] = []
  let answer: Answer = ANSWERS
  const guarded = createGuardedRateLimiter({
    store: {
      send(orders) {
        batches.push(orders)
        const settle = answer
        queueMicrotask(() => orders.forEach(settle))
      },
      async close() {},
    },
    clock: () => Date.now(),
    onBreakerChange: (state, reason) => changes.push(`${state}: ${reason}`),
  })
  /** The verdict, or the reason why there is none. */
  async function check(key = 'key') {
    try {
      return await guarded.check(key, WINDOW)
    } catch (error) {
      expect(error).toBeInstanceOf(RateLimiterUnavailable)
      return (error as Error).message
    }
  }
  return {
    guarded,
    batches,
    changes,
    setAnswer(next: Answer) {
      answer = next
    },
    check,
    checkAtOnce: (count: number) => Promise.all(Array.from({ length: count }, () => check())),
  }
}

/** A later turn of the event loop, when what was asked in this one has been sent. */
export const nextTurn = () => new Promise(setImmediate)

/** Runs the timers that are due within `ms` in one turn of the event loop, and then the turn's end. */
export async function advance(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms)
  await nextTurn()
}
