/**
 * Who is taken in, and who is told to come back: a bound for the requests in flight, which falls while the event loop lags.
 *
 * When the loop lags, the requests in flight are too many for the core: each turn of the loop works on all that has
 * arrived, so that a turn takes as long as there are requests. Fewer at once make it turn faster and do not make it work
 * less. So the bound falls to what fits, and rises again as soon as there is room. One slow turn (a collection of garbage,
 * a reload) is no overload: only a lag that lasts a whole interval is, as in CoDel (RFC 8289 section 3).
 */
import { GatewayError } from '../errors.ts'

/** A lag that lasts as long as this makes the bound fall. */
const INTERVAL_MS = 500
/** So many are taken in, however much the loop lags: something else may be the cause. */
const LEAST = 64
/** In one step the bound falls to this part at most, and to that one at least. */
const DEEPEST = 0.5
const SHALLOWEST = 0.95
const GROWTH = 1.25

export interface AdmissionLimits {
  /** Requests in flight, at most. */
  readonly inFlight: number
  /** How far the event loop may lag behind. */
  readonly loopDelayMs: number
}

export interface AdmissionStatus {
  readonly inFlight: number
  /** How many are taken in now; less than the file allows while the loop lags, or after it did. */
  readonly bound: number
}

// Made once: to refuse is to cost as little as can be.
const FULL = new GatewayError('overloaded', 'in_flight')
const LAGGING = new GatewayError('overloaded', 'loop_delay')

export class Admission {
  readonly #most: number
  readonly #targetMs: number
  #inFlight = 0
  /** The most that were in flight since the delay was last noted. */
  #peak = 0
  #bound: number
  #laggingSinceMs: number | undefined

  constructor({ inFlight, loopDelayMs }: AdmissionLimits) {
    this.#most = inFlight
    this.#bound = inFlight
    this.#targetMs = loopDelayMs
  }

  /** Counts a request among those in flight until its `release`, or gives the error that it is to be refused with. */
  admit(): GatewayError | undefined {
    if (this.#inFlight >= this.#bound) return this.#bound < this.#most ? LAGGING : FULL
    this.#inFlight += 1
    if (this.#inFlight > this.#peak) this.#peak = this.#inFlight
    return undefined
  }

  release(): void {
    this.#inFlight -= 1
  }

  /** @param nowMs monotonic */
  noteDelay(delayMs: number, nowMs: number): void {
    const peak = this.#peak
    this.#peak = this.#inFlight
    if (delayMs > this.#targetMs) {
      this.#laggingSinceMs ??= nowMs
      if (nowMs - this.#laggingSinceMs >= INTERVAL_MS) this.#fall(delayMs, peak)
      return
    }
    this.#laggingSinceMs = undefined
    // Between the two it stays as it is; otherwise it would swing.
    if (delayMs < this.#targetMs / 2) this.#bound = Math.min(this.#most, Math.ceil(this.#bound * GROWTH))
  }

  #fall(delayMs: number, peak: number): void {
    const part = Math.min(SHALLOWEST, Math.max(DEEPEST, this.#targetMs / delayMs))
    const wanted = Math.floor(Math.min(this.#bound, peak) * part)
    this.#bound = Math.min(this.#bound, Math.max(LEAST, wanted))
  }

  /** Whether there is no lag and all that the file allows are taken in: nobody needs to look while nothing comes. */
  get isAtRest(): boolean {
    return this.#bound === this.#most && this.#laggingSinceMs === undefined
  }

  status(): AdmissionStatus {
    return { inFlight: this.#inFlight, bound: this.#bound }
  }
}
