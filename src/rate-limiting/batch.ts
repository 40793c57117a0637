/** The checks and refunds of one turn of the event loop, on their way to the store and back. */
import type { CircuitBreaker } from './circuit-breaker.ts'
import { RateLimiterUnavailable, type Verdict, type WindowSpec } from './rate-limiter.ts'
import { type Order, TAKE } from './window-store.ts'

const DEADLINE = new RateLimiterUnavailable('deadline')

/** What is sent together: one attempt for the breaker, with one deadline and one timer. */
export class Batch {
  readonly orders: Order[] = []
  readonly breaker: CircuitBreaker
  undecided = 0
  isProbe = false
  private hasVerdict = false
  private timer: NodeJS.Timeout | undefined

  constructor(breaker: CircuitBreaker) {
    this.breaker = breaker
  }

  /**
   * Ends the wait `deadlineMs` from now. When this process itself was busy for longer than that, timers run before the
   * sockets are read: so the verdicts wait for one more turn, in which an answer that has already arrived is taken.
   */
  startDeadline(clock: () => number, deadlineMs: number): void {
    const dueAtMs = clock() + deadlineMs
    const expire = () => {
      for (const order of this.orders) order.fail(DEADLINE)
    }
    const ring = () => {
      // A timer counts from the start of the turn it is set in, which may be long ago.
      const leftMs = dueAtMs - clock()
      if (leftMs > 0) this.timer = setTimeout(ring, leftMs)
      else setImmediate(expire)
    }
    this.timer = setTimeout(ring, deadlineMs)
  }

  noteVerdict(): void {
    this.noteDecided()
    if (this.hasVerdict) return
    this.hasVerdict = true
    this.breaker.succeed(this.isProbe)
  }

  noteFailure(reason: string): void {
    this.noteDecided()
    if (this.undecided === 0 && !this.hasVerdict) this.breaker.fail(reason)
  }

  private noteDecided(): void {
    this.undecided--
    if (this.undecided === 0) clearTimeout(this.timer)
  }
}

/** A check that waits for its verdict; it gets one answer, and ignores what comes later. */
export class Check implements Order {
  readonly key: string
  readonly window: WindowSpec
  readonly slice = TAKE
  readonly answer: Promise<Verdict>
  private batch: Batch | undefined
  private resolve!: (verdict: Verdict) => void
  private reject!: (error: RateLimiterUnavailable) => void

  constructor(key: string, window: WindowSpec, batch: Batch) {
    this.key = key
    this.window = window
    this.batch = batch
    batch.undecided++
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  decide(verdict: Verdict): void {
    if (this.batch === undefined) return
    this.batch.noteVerdict()
    this.batch = undefined
    this.resolve(verdict)
  }

  fail(error: RateLimiterUnavailable): void {
    if (this.batch === undefined) return
    this.batch.noteFailure(error.message)
    this.batch = undefined
    this.reject(error)
  }
}
