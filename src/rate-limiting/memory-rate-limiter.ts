/** Windows counted in this process: the limiter without Redis, and the one that steps in when Redis cannot decide. */
import { createGenerations } from './generations.ts'
import type { RateLimiter, Verdict, WindowSpec } from './rate-limiter.ts'
import { createSlidingWindow, giveBackUnit, type SlidingWindow, takeUnit } from './sliding-window.ts'

export interface MemoryRateLimiterOptions {
  /** Milliseconds of a clock that only goes forward, such as `performance.now`. */
  readonly clock: () => number
  /** Keys of one generation; at most twice as many are held. Default is 100,000. */
  readonly capacity?: number
}

export interface MemoryRateLimiter extends RateLimiter {
  check(key: string, window: WindowSpec): Verdict
  /** Windows held now. */
  readonly size: number
}

/**
 * Answers synchronously and keeps no timers. More than `capacity` other keys between two checks of one key may make it
 * forgotten: a flood costs bounded memory, and a key that is asked for in between keeps its window.
 */
export function createMemoryRateLimiter({ clock, capacity = 100_000 }: MemoryRateLimiterOptions): MemoryRateLimiter {
  let longestMs = 0
  let rotatedAtMs = Math.floor(clock())
  const windows = createGenerations<SlidingWindow>(capacity, () => {
    rotatedAtMs = Math.floor(clock())
  })

  /** A window untouched through a whole rotation of the longest window is empty: forgetting it changes nothing. */
  function rotateWhenDue(windowMs: number, nowMs: number): void {
    if (windowMs > longestMs) longestMs = windowMs
    if (nowMs < rotatedAtMs) rotatedAtMs = nowMs
    if (nowMs - rotatedAtMs >= longestMs) windows.rotate()
  }

  return {
    check(key, spec) {
      const nowMs = Math.floor(clock())
      rotateWhenDue(spec.windowMs, nowMs)
      const known = windows.get(key)
      if (known !== undefined) return takeUnit(known, spec, nowMs)
      const window = createSlidingWindow()
      const verdict = takeUnit(window, spec, nowMs)
      if (verdict.allowed) windows.set(key, window)
      return verdict
    },
    refund(key, spec, slice) {
      const window = windows.get(key)
      if (window !== undefined) giveBackUnit(window, spec, slice)
    },
    async close() {},
    get size() {
      return windows.size
    },
  }
}
