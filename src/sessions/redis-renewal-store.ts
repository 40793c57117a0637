import type { Cluster, Redis } from 'ioredis'
import { GatewayError } from '../errors.ts'
import type { RenewalStore } from './renewal-store.ts'

/** Deletes the claim only if it is still this owner's: after `lockMs` it may be another's. */
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`

/** For several processes. Everything rejects with `login_unavailable` when Redis cannot be reached. */
export function createRedisRenewalStore(client: Redis | Cluster): RenewalStore {
  client.on('error', () => {})
  // Each command has one key, so that any node of a cluster can do it.
  const valueKey = (key: string) => `scopegate:renewal:${key}`
  const endKey = (sessionId: string) => `scopegate:ended:${sessionId}`
  const lockKey = (key: string) => `scopegate:renewing:${key}`

  return {
    find: async (key) => (await orUnavailable(client.get(valueKey(key)))) ?? undefined,
    claim: async (key, owner, lockMs) =>
      (await orUnavailable(client.set(lockKey(key), owner, 'PX', lockMs, 'NX'))) === 'OK',
    async publish(key, value, ttlMs) {
      await orUnavailable(client.set(valueKey(key), value, 'PX', ttlMs))
    },
    async release(key, owner) {
      await orUnavailable(client.eval(RELEASE, 1, lockKey(key), owner))
    },
    async end(sessionId, ttlMs) {
      await orUnavailable(client.set(endKey(sessionId), '', 'PX', ttlMs))
    },
    hasEnded: async (sessionId) => (await orUnavailable(client.exists(endKey(sessionId)))) === 1,
    async close() {
      client.disconnect()
    },
  }
}

async function orUnavailable<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    throw new GatewayError('login_unavailable', 'session_store_unavailable', {}, cause)
  }
}
