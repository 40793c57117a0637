import type { Cluster, Redis } from 'ioredis'
import { GatewayError } from '../errors.ts'
import type { TicketStore } from './ticket-store.ts'

/** For several processes. Each command has one key, so that any node of a cluster can do it. */
export function createRedisTicketStore(client: Redis | Cluster): TicketStore {
  client.on('error', () => {})
  const keyOf = (key: string) => `scopegate:ticket:${key}`

  return {
    async put(key, value, ttlMs) {
      await orUnavailable(client.set(keyOf(key), value, 'PX', ttlMs))
    },
    // One command that reads and deletes: of two gateways that are asked at the same moment, one gets it.
    take: async (key) => (await orUnavailable(client.getdel(keyOf(key)))) ?? undefined,
    async close() {
      client.disconnect()
    },
  }
}

async function orUnavailable<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    throw new GatewayError('tickets_unavailable', 'ticket_store_unavailable', {}, cause)
  }
}
