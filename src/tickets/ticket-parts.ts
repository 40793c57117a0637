/** What the tickets of a process share, whatever configuration is in force. */
import type { Cluster, Redis } from 'ioredis'
import type { TicketConfig } from '../config/ticket-config.ts'
import { createMemoryTicketStore, type TicketStore } from './ticket-store.ts'
import { createTickets, type Tickets } from './tickets.ts'

export interface TicketParts {
  readonly createTickets: (config: TicketConfig) => Tickets
  close(): Promise<void>
}

/**
 * @param now ms since the epoch
 * @param connect to Redis, so that one process takes what another made; absent: there is this process alone
 */
export function createTicketParts(
  now: () => number,
  connect: (() => Promise<Redis | Cluster>) | undefined,
): TicketParts {
  let made: Promise<TicketStore> | undefined
  const store = (): Promise<TicketStore> => {
    made ??= connect === undefined ? Promise.resolve(createMemoryTicketStore(now)) : connectStore(connect)
    return made
  }
  const lazy: TicketStore = {
    put: async (key, value, ttlMs) => (await store()).put(key, value, ttlMs),
    take: async (key) => (await store()).take(key),
    close: async () => {},
  }
  return {
    createTickets({ lifeMs }) {
      // Not before a route takes tickets, and then before the first one is made.
      void store()
      return createTickets({ store: lazy, lifeMs, now })
    },
    close: async () => (await made)?.close(),
  }
}

async function connectStore(connect: () => Promise<Redis | Cluster>): Promise<TicketStore> {
  const { createRedisTicketStore } = await import('./redis-ticket-store.ts')
  return createRedisTicketStore(await connect())
}
