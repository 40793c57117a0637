/** Random traffic for windows: bursts, pauses and refunds. */
import fc from 'fast-check'
import type { WindowSpec } from '../../../src/rate-limiting/rate-limiter.ts'

export interface Step {
  readonly waitMs: number
  /** Checks at this moment. */
  readonly burst: number
  /** Afterwards gives back the n-th of the units taken so far (modulo their number). */
  readonly refund: number | undefined
}

/** Long enough that no key of a real store expires while a scenario runs in virtual time. */
const windowMs = fc.integer({ min: 60_000, max: 300_000 })

export const windowSpec: fc.Arbitrary<WindowSpec> = fc.oneof(
  fc.record({ limit: fc.integer({ min: 1, max: 8 }), windowMs }),
  fc.record({ limit: fc.integer({ min: 60, max: 90 }), windowMs }),
)

const waitMs = fc.oneof(
  fc.constantFrom(0, 1),
  fc.integer({ min: 0, max: 5000 }),
  fc.integer({ min: 0, max: 100_000 }),
  fc.integer({ min: 59_990, max: 60_010 }),
)

const burst = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 60 }))

export const scenario: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ waitMs, burst, refund: fc.option(fc.nat(200), { nil: undefined, freq: 2 }) }),
  { minLength: 2, maxLength: 25 },
)
