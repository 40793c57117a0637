/**
 * Keys that are known to be denied for now: a client far over its limit costs no trip to the store. Nothing leaves a
 * window before the retry time the store told, but another process may give a unit back: so an entry lasts a second at most.
 */
import { createGenerations } from './generations.ts'

const MAX_AGE_MS = 1000

export interface DenyCache {
  /** Remembers that `key` is denied for `retryMs` from now. */
  deny(key: string, retryMs: number): void
  /** Milliseconds until a check of `key` may pass; 0: not known to be denied. */
  retryMs(key: string): number
  /** A unit of `key` was given back. */
  clear(key: string): void
  readonly size: number
}

/**
 * @param clock Milliseconds of a clock that only goes forward.
 * @param capacity Entries of one generation; at most twice as many are held.
 */
export function createDenyCache(clock: () => number, capacity = 50_000): DenyCache {
  const denied = createGenerations<{ readonly retryAtMs: number; readonly staleAtMs: number }>(capacity)
  return {
    deny(key, retryMs) {
      const nowMs = clock()
      denied.set(key, { retryAtMs: nowMs + retryMs, staleAtMs: nowMs + Math.min(retryMs, MAX_AGE_MS) })
    },
    retryMs(key) {
      const entry = denied.get(key)
      if (entry === undefined) return 0
      const nowMs = clock()
      if (nowMs < entry.staleAtMs) return entry.retryAtMs - nowMs
      denied.delete(key)
      return 0
    },
    clear: denied.delete,
    get size() {
      return denied.size
    },
  }
}
