import type { Clock } from './clock.ts'

/** When a key that nobody knows may be fetched for: at once, until a fetch brought nothing, and then not for `everyMs`. */
export interface RefetchAllowance {
  /** Until the next fetch, in ms; 0: now. */
  waitMs(): number
  /** A fetch for an unknown key brought nothing. */
  spend(): void
}

export function createRefetchAllowance(clock: Clock, everyMs: number): RefetchAllowance {
  let spentAtMs: number | undefined
  return {
    waitMs: () => (spentAtMs === undefined ? 0 : remainingMs(clock, spentAtMs, everyMs)),
    spend() {
      spentAtMs = clock.now()
    },
  }
}

/** What is left of a span, in ms. A clock that was set back ends it: better one fetch more than hours without. */
export function remainingMs(clock: Clock, sinceMs: number, spanMs: number): number {
  const elapsedMs = clock.now() - sinceMs
  return elapsedMs < 0 ? 0 : Math.max(0, spanMs - elapsedMs)
}
