/**
 * The limiter in front of a store across a network. What is asked in one turn of the event loop goes to the store together,
 * and every check is decided in time: a deadline and a circuit breaker see to it.
 */
import { Batch, Check } from './batch.ts'
import { type BreakerState, createCircuitBreaker } from './circuit-breaker.ts'
import { type RateLimiter, RateLimiterUnavailable } from './rate-limiter.ts'
import type { Order, WindowStore } from './window-store.ts'

export interface GuardedRateLimiterOptions {
  readonly store: WindowStore
  /** Milliseconds of a clock that only goes forward. */
  readonly clock: () => number
  /** Time a check may take. Default is 20 ms: a request waits twice, before and after authentication, within 50 ms. */
  readonly deadlineMs?: number
  /** Consecutive batches without any verdict that open the breaker. Default is 5. */
  readonly failuresToOpen?: number
  /** While open, one check in this time is tried. Default is 250 ms. */
  readonly probeEveryMs?: number
  /** Called on each change of the breaker, with the reason of the failure that opened it. */
  readonly onBreakerChange?: (state: BreakerState, reason: string) => void
}

export interface GuardedRateLimiter extends RateLimiter {
  readonly breaker: BreakerState
}

/** Orders sent together: a store that does one thing at a time is busy for less than a millisecond with as many. */
const MAX_ORDERS = 128

const CIRCUIT_OPEN = new RateLimiterUnavailable('circuit_open')

/**
 * `check` rejects with a `RateLimiterUnavailable` whose message is the reason, and with nothing else. A batch is one
 * attempt, whatever its size: any verdict shows that the store works, and only a batch without any is a failure.
 */
export function createGuardedRateLimiter(options: GuardedRateLimiterOptions): GuardedRateLimiter {
  const { store, clock, deadlineMs = 20, failuresToOpen = 5, probeEveryMs = 250, onBreakerChange } = options
  const breaker = createCircuitBreaker({ clock, failuresToOpen, probeEveryMs, onChange: onBreakerChange })
  let batch = new Batch(breaker)

  function send(): void {
    const { orders } = batch
    if (orders.length === 0) return
    if (batch.undecided > 0) batch.startDeadline(clock, deadlineMs)
    batch = new Batch(breaker)
    store.send(orders)
  }

  function add(order: Order): void {
    // Sockets are read one after the other, each with its own end of microtasks: only setImmediate comes after all of them.
    if (batch.orders.length === 0) setImmediate(send)
    batch.orders.push(order)
    if (batch.orders.length === MAX_ORDERS) send()
  }

  return {
    check(key, window) {
      if (breaker.state === 'open') {
        if (!breaker.admitProbe()) return Promise.reject(CIRCUIT_OPEN)
        batch.isProbe = true
      }
      const check = new Check(key, window, batch)
      add(check)
      return check.answer
    },
    refund(key, window, slice) {
      if (breaker.state === 'closed') add({ key, window, slice, decide: ignore, fail: ignore })
    },
    close() {
      send()
      return store.close()
    },
    get breaker() {
      return breaker.state
    },
  }
}

const ignore = () => {}
