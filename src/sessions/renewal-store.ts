/**
 * What gateways tell each other: about renewals, so that one refresh token is used once, and about logouts. The port; and for a
 * single process.
 */

export interface RenewalStore {
  /** What was published under this key, if it has not been too long ago. */
  find(key: string): Promise<string | undefined>
  /** True: until `release`, or until `lockMs` are over, nobody else gets a true. */
  claim(key: string, owner: string, lockMs: number): Promise<boolean>
  publish(key: string, value: string, ttlMs: number): Promise<void>
  /** Gives back a claim that is still this owner's. */
  release(key: string, owner: string): Promise<void>
  /** Remembers that this session was ended by its user. */
  end(sessionId: string, ttlMs: number): Promise<void>
  hasEnded(sessionId: string): Promise<boolean>
  close(): Promise<void>
}

/** For one process, which lets nobody use a token twice anyway. @param now ms of any clock */
export function createMemoryRenewalStore(now: () => number): RenewalStore {
  const published = new Map<string, { readonly value: string; readonly untilMs: number }>()
  /** Id → until when it is remembered. */
  const ended = new Map<string, number>()
  const claims = new Map<string, { readonly owner: string; readonly untilMs: number }>()

  return {
    async find(key) {
      const known = published.get(key)
      return known !== undefined && now() < known.untilMs ? known.value : undefined
    },
    async claim(key, owner, lockMs) {
      const before = claims.get(key)
      if (before !== undefined && now() < before.untilMs) return false
      claims.set(key, { owner, untilMs: now() + lockMs })
      return true
    },
    async publish(key, value, ttlMs) {
      for (const [old, { untilMs }] of published) if (now() >= untilMs) published.delete(old)
      published.set(key, { value, untilMs: now() + ttlMs })
    },
    async release(key, owner) {
      if (claims.get(key)?.owner === owner) claims.delete(key)
    },
    async end(sessionId, ttlMs) {
      for (const [old, untilMs] of ended) if (now() >= untilMs) ended.delete(old)
      ended.set(sessionId, now() + ttlMs)
    },
    async hasEnded(sessionId) {
      return now() < (ended.get(sessionId) ?? 0)
    },
    async close() {},
  }
}
