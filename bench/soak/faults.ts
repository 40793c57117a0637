/** Which parts of the surroundings are broken, and since when. All but `machine`, which is too busy, are broken on purpose. */
export type FaultName = 'redis' | 'issuer' | 'upstream' | 'machine'

export interface FaultLog {
  /** Returns what announces its end; what it excuses is excused for a while more. @param agoMs it began so long ago */
  begin(name: FaultName, agoMs?: number): () => void
  /** Faults that lasted at some time between the two moments, in monotonic milliseconds. */
  during(fromMs: number, toMs: number): ReadonlySet<FaultName>
  /** Those on purpose that began so far. */
  readonly count: number
}

interface Fault {
  readonly name: FaultName
  readonly fromMs: number
  toMs: number
}

/**
 * How long a fault may be felt after its end, in ms: Redis is looked for now and then, keys are not asked for sooner than
 * `refetchEvery` and a timeout after the last try, connections to the service are made anew, and what piled up on a busy
 * machine is worked off.
 */
const SETTLE_MS: Readonly<Record<FaultName, number>> = { redis: 4000, issuer: 9000, upstream: 3000, machine: 10_000 }

/** No visit lasts longer; what ended before is forgotten. */
const KEPT_MS = 120_000

export function createFaultLog(now: () => number = () => performance.now()): FaultLog {
  let faults: Fault[] = []
  let count = 0
  return {
    begin(name, agoMs = 0) {
      const fault = { name, fromMs: now() - agoMs, toMs: Number.POSITIVE_INFINITY }
      faults = [...faults.filter(({ toMs }) => toMs > now() - KEPT_MS), fault]
      if (name !== 'machine') count++
      return () => {
        fault.toMs = now() + SETTLE_MS[name]
      }
    },
    during: (fromMs, toMs) =>
      new Set(faults.filter((fault) => fault.fromMs <= toMs && fault.toMs >= fromMs).map(({ name }) => name)),
    get count() {
      return count
    },
  }
}
