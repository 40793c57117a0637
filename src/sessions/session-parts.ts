/** What the sessions of a process share, whatever configuration is in force. */
import type { Cluster, Redis } from 'ioredis'
import type { LoginConfig } from '../config/login-config.ts'
import { createMemoryRenewalStore, type RenewalStore } from './renewal-store.ts'
import { createSessions, type SessionLog, type Sessions } from './sessions.ts'

export interface SessionParts {
  readonly createSessions: (login: LoginConfig) => Sessions
  close(): Promise<void>
}

/**
 * @param clock ms since the epoch
 * @param connect to Redis, by which processes renew together; absent: there is this process alone
 */
export function createSessionParts(
  clock: { now(): number },
  log: SessionLog,
  connect: (() => Promise<Redis | Cluster>) | undefined,
): SessionParts {
  const now = () => clock.now()
  let made: Promise<RenewalStore> | undefined
  const store = (): Promise<RenewalStore> => {
    made ??= connect === undefined ? Promise.resolve(createMemoryRenewalStore(now)) : connectStore(connect)
    return made
  }

  const lazy: RenewalStore = {
    find: async (key) => (await store()).find(key),
    claim: async (key, owner, lockMs) => (await store()).claim(key, owner, lockMs),
    publish: async (key, value, ttlMs) => (await store()).publish(key, value, ttlMs),
    release: async (key, owner) => (await store()).release(key, owner),
    end: async (sessionId, ttlMs) => (await store()).end(sessionId, ttlMs),
    hasEnded: async (sessionId) => (await store()).hasEnded(sessionId),
    close: async () => {},
  }
  return {
    createSessions(login) {
      // Not before there are sessions, and then before the first one has to be renewed.
      void store()
      return createSessions(login, { store: lazy, now, log })
    },
    close: async () => (await made)?.close(),
  }
}

async function connectStore(connect: () => Promise<Redis | Cluster>): Promise<RenewalStore> {
  const { createRedisRenewalStore } = await import('./redis-renewal-store.ts')
  return createRedisRenewalStore(await connect())
}
