/** Counts since the start → what happened in each second that somebody looked. */
import type { Outcome, RequestCount } from '../counters.ts'
import type { ConsoleState } from '../state.ts'

/** Requests per second. */
export type Point = Readonly<Record<Outcome, number>>

export interface Recent {
  readonly route: string
  readonly status: number
  readonly reason: string
  readonly outcome: Outcome
  /** In the last minute, or since the page was opened. */
  readonly lastMinute: number
  /** Since the gateway started. */
  readonly total: number
}

export interface Series {
  add(state: Pick<ConsoleState, 'atMs' | 'requests'>): void
  /** Oldest first. */
  points(): readonly Point[]
  recent(): readonly Recent[]
  /** Sums of the last minute. */
  ofRoute(route: string): Point
}

/** Seconds that the chart shows. */
export const SECONDS = 120
const MINUTE_MS = 60_000

interface Step {
  readonly atMs: number
  readonly deltas: ReadonlyMap<string, number>
}

const keyOf = ({ route, status, reason }: RequestCount) => `${status} ${reason} ${route}`

export function createSeries(): Series {
  let last: { readonly atMs: number; readonly counts: ReadonlyMap<string, RequestCount> } | undefined
  let steps: Step[] = []
  let points: Point[] = []
  let perRoute: ReadonlyMap<string, Point> = new Map()

  function sums(): Map<string, number> {
    const all = new Map<string, number>()
    for (const { deltas } of steps) for (const [key, count] of deltas) all.set(key, (all.get(key) ?? 0) + count)
    return all
  }

  return {
    add({ atMs, requests }) {
      const counts = new Map(requests.map((count) => [keyOf(count), count]))
      const before = last
      last = { atMs, counts }
      // The first look knows sums alone; one at the same moment is the same.
      if (before === undefined || atMs <= before.atMs) return
      const deltas = toDeltas(before.counts, counts)
      steps = [...steps, { atMs, deltas }].filter((step) => step.atMs > atMs - MINUTE_MS)
      points = [...points, toPoint(deltas, counts, (atMs - before.atMs) / 1000)].slice(-SECONDS)
      perRoute = toRoutes(sums(), counts)
    },
    points: () => points,
    recent() {
      const lastMinute = sums()
      return [...(last?.counts ?? [])].map(([key, { route, status, reason, outcome, count }]) => ({
        ...{ route, status, reason, outcome },
        lastMinute: lastMinute.get(key) ?? 0,
        total: count,
      }))
    },
    ofRoute: (route) => perRoute.get(route) ?? NONE,
  }
}

const NONE: Point = { allowed: 0, denied: 0, failed: 0 }

type Counts = ReadonlyMap<string, RequestCount>
type Deltas = ReadonlyMap<string, number>

function toDeltas(before: Counts, counts: Counts): Deltas {
  const deltas = new Map<string, number>()
  for (const [key, { count }] of counts) {
    const known = before.get(key)?.count ?? 0
    // Lower than before: the gateway was started again.
    const delta = count < known ? count : count - known
    if (delta > 0) deltas.set(key, delta)
  }
  return deltas
}

function toPoint(deltas: Deltas, counts: Counts, seconds: number): Point {
  const sum = { ...NONE }
  for (const [key, delta] of deltas) sum[counts.get(key)?.outcome ?? 'failed'] += delta / seconds
  return sum
}

function toRoutes(sums: Deltas, counts: Counts): Map<string, Point> {
  const routes = new Map<string, Point>()
  for (const [key, count] of sums) {
    const known = counts.get(key)
    if (known === undefined) continue
    const sum = routes.get(known.route) ?? NONE
    routes.set(known.route, { ...sum, [known.outcome]: sum[known.outcome] + count })
  }
  return routes
}
