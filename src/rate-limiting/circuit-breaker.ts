/** Decides whether a store is worth asking. Knows nothing of what is asked. */

/** `open`: the store is not asked, except for a probe now and then. */
export type BreakerState = 'closed' | 'open'

export interface CircuitBreakerOptions {
  /** Milliseconds of a clock that only goes forward. */
  readonly clock: () => number
  /** Consecutive failures that open it. */
  readonly failuresToOpen: number
  /** While open, one attempt in this time is let through. */
  readonly probeEveryMs: number
  /** Called on each change, with the reason of the failure that opened it. */
  readonly onChange?: ((state: BreakerState, reason: string) => void) | undefined
}

export interface CircuitBreaker {
  readonly state: BreakerState
  /** While open: whether this attempt may be the probe. The next one is due only later. */
  admitProbe(): boolean
  /** An attempt came through. One that was made before the breaker opened says nothing about now. */
  succeed(isProbe: boolean): void
  fail(reason: string): void
}

export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { clock, failuresToOpen, probeEveryMs, onChange } = options
  let state: BreakerState = 'closed'
  let failures = 0
  let probedAtMs = 0

  function change(next: BreakerState, reason: string): void {
    state = next
    failures = 0
    onChange?.(next, reason)
  }

  return {
    get state() {
      return state
    },
    admitProbe() {
      if (clock() - probedAtMs < probeEveryMs) return false
      probedAtMs = clock()
      return true
    },
    succeed(isProbe) {
      if (state === 'closed') failures = 0
      else if (isProbe) change('closed', 'recovered')
    },
    fail(reason) {
      if (state === 'open') return
      failures++
      if (failures < failuresToOpen) return
      probedAtMs = clock()
      change('open', reason)
    },
  }
}
