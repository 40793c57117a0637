/** The port behind which windows are counted: in memory, or in Redis. One contract suite serves both. */

/** A window as the store sees it. */
export interface WindowSpec {
  /** Units that any window of `windowMs` may hold. */
  readonly limit: number
  readonly windowMs: number
}

export type Verdict = {
  readonly allowed: boolean
  /** Units left now, after this check. */
  readonly remaining: number
  /** Allowed: ms until the next unit comes back. Denied: ms until the same check would pass, if nobody else asks. */
  readonly resetMs: number
  /** Names the slice that took the unit, for `refund`. Meaningless when denied. */
  readonly slice: number
}

export interface RateLimiter {
  /**
   * Counts one unit against the window of `key` if it still fits; a denied check counts nothing.
   * Answers synchronously when no I/O is needed. Rejects with a `RateLimiterUnavailable` when the store cannot decide.
   */
  check(key: string, window: WindowSpec): Verdict | Promise<Verdict>
  /** Gives back the unit that `slice` took. Best effort; what cannot be found again stays counted. */
  refund(key: string, window: WindowSpec, slice: number): void
  /** Frees timers and connections. */
  close(): Promise<void>
}

/** The store could not decide: refused, late, or answered nonsense. */
export class RateLimiterUnavailable extends Error {
  override readonly name = 'RateLimiterUnavailable'
}
