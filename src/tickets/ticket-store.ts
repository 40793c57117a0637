/** Where tickets are kept until they are used. The port; and for a single process. */
import { GatewayError } from '../errors.ts'

/** Keys and values tell nothing to whoever reads them. Everything rejects with `tickets_unavailable`. */
export interface TicketStore {
  put(key: string, value: string, ttlMs: number): Promise<void>
  /** The value, once: of all that ask, one gets it. */
  take(key: string): Promise<string | undefined>
  close(): Promise<void>
}

/** Each with a sealed token of a few kilobytes. */
const MAX_TICKETS = 10_000

/** For one process. Full, it takes no more: to drop tickets would let one caller spoil those of others. @param now ms of any clock */
export function createMemoryTicketStore(now: () => number, maxTickets = MAX_TICKETS): TicketStore {
  const kept = new Map<string, { readonly value: string; readonly untilMs: number }>()

  /** Drops those that are over; nearly always they are the oldest. */
  function forget(stopsAtLive: boolean): void {
    const nowMs = now()
    for (const [key, { untilMs }] of kept) {
      if (nowMs >= untilMs) kept.delete(key)
      else if (stopsAtLive) return
    }
  }

  return {
    async put(key, value, ttlMs) {
      forget(kept.size < maxTickets)
      if (kept.size >= maxTickets) throw new GatewayError('tickets_unavailable', 'ticket_store_full')
      kept.set(key, { value, untilMs: now() + ttlMs })
    },
    async take(key) {
      const known = kept.get(key)
      kept.delete(key)
      return known !== undefined && now() < known.untilMs ? known.value : undefined
    },
    async close() {
      kept.clear()
    },
  }
}
