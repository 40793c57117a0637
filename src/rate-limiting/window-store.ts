/** The port of windows that live across a network: the store gets what is asked of it in one turn of the event loop together. */
import type { RateLimiterUnavailable, Verdict, WindowSpec } from './rate-limiter.ts'

/** In place of a slice: take a unit. */
export const TAKE = -1

/** A unit to take from a window, or to give back to it. */
export interface Order {
  readonly key: string
  readonly window: WindowSpec
  /** The slice to give the unit back to, or TAKE. */
  readonly slice: number
  /** The store's answer to TAKE. Nobody asks what became of a refund. */
  decide(verdict: Verdict): void
  /** The store could not do it, or nobody knows whether it did. */
  fail(error: RateLimiterUnavailable): void
}

export interface WindowStore {
  /**
   * Carries out all orders, those of one key one after the other, and sends nothing twice that may have been counted.
   * Calls `decide` or `fail` of each, not before it returns; never throws. Sets no deadline that a request could wait for.
   */
  send(orders: readonly Order[]): void
  /** Frees the connection; orders without an answer fail. */
  close(): Promise<void>
}
