/** A deadline and a circuit breaker around a limiter that lives across a network: every check is decided at once. */
import { type RateLimiter, RateLimiterUnavailable, type Verdict } from './rate-limiter.ts'

/** `open`: the store is not asked, except for a probe now and then. */
type BreakerState = 'closed' | 'open'

export interface GuardedRateLimiterOptions {
  readonly limiter: RateLimiter
  /** Milliseconds of a clock that only goes forward. */
  readonly clock: () => number
  /** Time a check may take. Default is 20 ms: a request waits twice, before and after authentication, within 50 ms. */
  readonly deadlineMs?: number
  /** Consecutive failures that open the breaker. Default is 5. */
  readonly failuresToOpen?: number
  /** While open, one check in this time is tried. Default is 250 ms. */
  readonly probeEveryMs?: number
  /** Called on each change of the breaker, with the reason of the failure that opened it. */
  readonly onBreakerChange?: (state: BreakerState, reason: string) => void
}

export interface GuardedRateLimiter extends RateLimiter {
  readonly breaker: BreakerState
}

const CIRCUIT_OPEN = new RateLimiterUnavailable('circuit_open')

/** `check` rejects with a `RateLimiterUnavailable` whose message is the reason, and with nothing else. */
export function createGuardedRateLimiter(options: GuardedRateLimiterOptions): GuardedRateLimiter {
  const { limiter, clock, deadlineMs = 20, failuresToOpen = 5, probeEveryMs = 250, onBreakerChange } = options
  let state: BreakerState = 'closed'
  let failures = 0
  let probedAtMs = 0

  function change(next: BreakerState, reason: string): void {
    state = next
    onBreakerChange?.(next, reason)
  }

  function succeed(isProbe: boolean): void {
    if (state === 'closed') failures = 0
    // Answers to what was sent before it opened say nothing about now.
    else if (isProbe) {
      failures = 0
      change('closed', 'recovered')
    }
  }

  function fail(reason: string): void {
    failures++
    if (state === 'open' || failures < failuresToOpen) return
    probedAtMs = clock()
    change('open', reason)
  }

  function guard(check: Promise<Verdict>, isProbe: boolean): Promise<Verdict> {
    return within(check, deadlineMs).then(
      (verdict) => {
        succeed(isProbe)
        return verdict
      },
      (error: unknown) => {
        const unavailable = error instanceof RateLimiterUnavailable ? error : new RateLimiterUnavailable('unknown')
        fail(unavailable.message)
        throw unavailable
      },
    )
  }

  return {
    check(key, window) {
      const isProbe = state === 'open'
      if (isProbe) {
        if (clock() - probedAtMs < probeEveryMs) return Promise.reject(CIRCUIT_OPEN)
        probedAtMs = clock()
      }
      return guard(Promise.resolve(limiter.check(key, window)), isProbe)
    },
    refund(key, window, slice) {
      if (state === 'closed') limiter.refund(key, window, slice)
    },
    close: () => limiter.close(),
    get breaker() {
      return state
    },
  }
}

/**
 * The answer, or a rejection after `deadlineMs`. When this process itself was busy for longer than that, timers run before
 * the sockets are read: so the verdict waits for one more turn, in which an answer that has already arrived is taken.
 */
function within(check: Promise<Verdict>, deadlineMs: number): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new RateLimiterUnavailable('deadline'))
    const timer = setTimeout(() => setImmediate(late), deadlineMs)
    check.then(
      (verdict) => {
        clearTimeout(timer)
        resolve(verdict)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
