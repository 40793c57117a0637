/** Which recorded requests a new file would treat otherwise, by client and route. */
import type { DecisionRecord } from '../observability/decision-record.ts'
import type { Replay, Replayed } from './replay.ts'

export type ChangeKind = 'newlyDenied' | 'newlyAllowed' | 'routeChanged' | 'upstreamChanged' | 'unknown'

/** What `scopegate impact --json` prints; its fields are documented in docs/commands.md. */
export interface Impact {
  /** Recorded requests. */
  readonly requests: number
  readonly unchanged: number
  readonly newlyDenied: readonly ClientChange[]
  readonly newlyAllowed: readonly ClientChange[]
  readonly routeChanged: readonly ClientChange[]
  readonly upstreamChanged: readonly ClientChange[]
  /** What could not be decided again exactly. */
  readonly unknown: readonly ClientChange[]
  /** Allowed requests are a sample. */
  readonly isSampled: boolean
}

export interface ClientChange {
  /** Absent: there was no token, or it named no client. */
  readonly clientId?: string
  readonly method: string
  /** In the file that decided; absent: none. */
  readonly route?: string
  /** In the new file; absent: none. */
  readonly newRoute?: string
  /** What is otherwise, in words. */
  readonly what: string
  readonly requests: number
  readonly lastTime: string
  /** Of the last one; values are pseudonyms. */
  readonly examplePath: string
}

type Counted = { -readonly [K in keyof ClientChange]: ClientChange[K] }

/** Takes records one by one; keeps one entry for each client, method, route and change. */
export function createImpact(replay: Replay) {
  const changes: Record<ChangeKind, Map<string, Counted>> = {
    newlyDenied: new Map(),
    newlyAllowed: new Map(),
    routeChanged: new Map(),
    upstreamChanged: new Map(),
    unknown: new Map(),
  }
  let requests = 0
  let unchanged = 0
  let isSampled = false

  function add(record: DecisionRecord): void {
    const replayed = replay(record)
    const found = compare(record, replayed)
    requests += 1
    if (found.length === 0) unchanged += 1
    if (record.sample !== undefined) isSampled = true
    for (const { kind, what } of found) count(changes[kind], record, replayed, what)
  }

  return {
    add,
    result: (): Impact => {
      const { newlyDenied, newlyAllowed, routeChanged, upstreamChanged, unknown } = changes
      return {
        ...{ requests, unchanged },
        newlyDenied: listOf(newlyDenied),
        newlyAllowed: listOf(newlyAllowed),
        routeChanged: listOf(routeChanged),
        upstreamChanged: listOf(upstreamChanged),
        unknown: listOf(unknown),
        isSampled,
      }
    },
  }
}

interface Change {
  readonly kind: ChangeKind
  readonly what: string
}

function compare(record: DecisionRecord, replayed: Replayed): Change[] {
  const wasAllowed = record.decision === 'allowed'
  if (replayed.outcome === 'unknown') return [{ kind: 'unknown', what: replayed.why }]
  if (replayed.outcome === 'denied') return wasAllowed ? [{ kind: 'newlyDenied', what: `${replayed.status}` }] : []
  const { route, line } = replayed
  const name = line === 'public' ? 'public' : `line ${line + 1}`
  if (!wasAllowed) return [{ kind: 'newlyAllowed', what: `${record.status} before, now ${name}` }]
  const { upstream } = route
  return [
    ...(shape(record.route) === shape(route.path) ? [] : [{ kind: 'routeChanged' as const, what: name }]),
    ...(record.upstream === upstream.name
      ? []
      : [{ kind: 'upstreamChanged' as const, what: `${record.upstream ?? 'none'} → ${upstream.name}` }]),
  ]
}

/** A parameter may have another name. */
function shape(path: string | undefined): string | undefined {
  return path?.replace(/\{\w+\}/g, '{}')
}

function count(changes: Map<string, Counted>, record: DecisionRecord, { route }: Replayed, what: string): void {
  const { clientId, method, time, path } = record
  const key = JSON.stringify([clientId, method, record.route, route?.path, what])
  const known = changes.get(key)
  if (known === undefined) {
    changes.set(key, {
      ...(clientId !== undefined && { clientId }),
      method,
      ...(record.route !== undefined && { route: record.route }),
      ...(route !== undefined && { newRoute: route.path }),
      ...{ what, requests: 1, lastTime: time, examplePath: path },
    })
    return
  }
  known.requests += 1
  if (time >= known.lastTime) {
    known.lastTime = time
    known.examplePath = path
  }
}

/** The most frequent first. */
function listOf(changes: ReadonlyMap<string, Counted>): ClientChange[] {
  return [...changes.values()].sort((a, b) => b.requests - a.requests)
}
