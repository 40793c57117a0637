/** Visits at their pace: each kind comes as often as it says, whether the one before has been answered or not. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Shop } from './shop.ts'
import type { Tally } from './tally.ts'
import type { Visitor } from './visitor.ts'

export interface Visits {
  /** Milliseconds of the visits of this name that went right since the last call. */
  takeDurations(name: string): number[]
  /** No more visits; resolves when all are over. */
  stop(): Promise<void>
}

/** Longer than any deadline of the gateway: whoever waits longer was forgotten. */
const HUNG_MS = 30_000

export function startVisits(shop: Shop, visitors: readonly Visitor[], tally: Tally): Visits {
  const going = new Set<Promise<void>>()
  const durations = new Map<string, number[]>()
  const timers = new Map<Visitor, NodeJS.Timeout>()

  async function visit(visitor: Visitor): Promise<void> {
    const startedAtMs = performance.now()
    const giveUp = new AbortController()
    const hung = sleep(HUNG_MS, 'hung', { signal: giveUp.signal }).catch(() => 'hung')
    const outcome = await Promise.race([visitor.visit(shop).catch((error: Error) => `threw ${error.message}`), hung])
    giveUp.abort()
    const endedAtMs = performance.now()
    tally.add(visitor, outcome, startedAtMs, endedAtMs)
    if (!visitor.expects.includes(outcome)) return
    const known = durations.get(visitor.name) ?? []
    durations.set(visitor.name, known)
    known.push(endedAtMs - startedAtMs)
  }

  /** Pauses differ, so that kinds do not keep step. */
  function schedule(visitor: Visitor): void {
    const pauseMs = (1000 / visitor.perSecond) * (0.5 + Math.random())
    const come = () => {
      schedule(visitor)
      const visiting = visit(visitor)
      going.add(visiting)
      void visiting.finally(() => going.delete(visiting))
    }
    timers.set(visitor, setTimeout(come, pauseMs))
  }

  for (const visitor of visitors) schedule(visitor)
  return {
    takeDurations(name) {
      const taken = durations.get(name) ?? []
      durations.delete(name)
      return taken
    },
    async stop() {
      for (const timer of timers.values()) clearTimeout(timer)
      await Promise.all(going)
    },
  }
}
