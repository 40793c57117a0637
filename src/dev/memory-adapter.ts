/** Storage for oidc-provider: one process, gone when it stops. Entries past their lifetime are dropped at every write. */

type Payload = Record<string, unknown> & { uid?: string; grantId?: string; consumed?: number }

interface Entry {
  readonly payload: Payload
  readonly expiresAtMs: number
}

/** The adapter factory that oidc-provider asks for: one adapter per model, all over one map. */
export function createMemoryAdapter(now: () => number = Date.now) {
  const entries = new Map<string, Entry>()

  function live(key: string): Payload | undefined {
    const entry = entries.get(key)
    return entry !== undefined && entry.expiresAtMs > now() ? entry.payload : undefined
  }

  function dropWhere(unwanted: (entry: Entry, key: string) => boolean): void {
    for (const [key, entry] of entries) if (unwanted(entry, key)) entries.delete(key)
  }

  return (model: string) => ({
    async upsert(id: string, payload: Payload, expiresInSeconds = Number.POSITIVE_INFINITY): Promise<void> {
      dropWhere((entry) => entry.expiresAtMs <= now())
      entries.set(`${model}:${id}`, { payload, expiresAtMs: now() + expiresInSeconds * 1000 })
    },
    async find(id: string): Promise<Payload | undefined> {
      return live(`${model}:${id}`)
    },
    async findByUid(uid: string): Promise<Payload | undefined> {
      for (const [key, { payload }] of entries) {
        if (key.startsWith(`${model}:`) && payload.uid === uid) return live(key)
      }
      return undefined
    },
    async findByUserCode(): Promise<undefined> {
      return undefined
    },
    async consume(id: string): Promise<void> {
      const payload = live(`${model}:${id}`)
      if (payload !== undefined) payload.consumed = Math.floor(now() / 1000)
    },
    async destroy(id: string): Promise<void> {
      entries.delete(`${model}:${id}`)
    },
    async revokeByGrantId(grantId: string): Promise<void> {
      dropWhere(({ payload }, key) => key.startsWith(`${model}:`) && payload.grantId === grantId)
    },
  })
}
