/** Whether what a route only reports may be enforced: who would have been denied meanwhile. */
import type { DecisionRecord } from '../observability/decision-record.ts'

/** What `scopegate shadow --json` prints; its fields are documented in docs/commands.md. */
export interface Shadow {
  readonly routes: readonly ShadowRoute[]
  /** All that was recorded was read, and nothing in it would be denied. */
  readonly isSafe: boolean
}

export interface ShadowRoute {
  readonly route: string
  readonly requests: number
  readonly firstTime: string
  readonly lastTime: string
  readonly wouldDeny: readonly WouldDeny[]
  /** Refused requests that would be let through. */
  readonly wouldAllow: number
}

export interface WouldDeny {
  /** Absent: the token named no client. */
  readonly clientId?: string
  readonly reason: string
  /** Scopes that would have opened it; none: no scope alone would have. */
  readonly missing: readonly string[]
  readonly requests: number
}

interface Route {
  readonly route: string
  requests: number
  firstTime: string
  lastTime: string
  wouldAllow: number
  readonly wouldDeny: Map<string, { -readonly [K in keyof WouldDeny]: WouldDeny[K] }>
}

/** Takes records one by one; keeps one entry for each route, client and reason. */
export function createShadow() {
  const routes = new Map<string, Route>()

  function add(record: DecisionRecord): void {
    const { route, mode, time } = record
    if (mode !== 'report' || route === undefined) return
    const first = { route, requests: 0, firstTime: time, lastTime: time, wouldAllow: 0, wouldDeny: new Map() }
    const known = routes.get(route) ?? first
    routes.set(route, known)
    known.requests += 1
    if (time < known.firstTime) known.firstTime = time
    if (time > known.lastTime) known.lastTime = time
    if (record.wouldAllow) known.wouldAllow += 1
    if (record.wouldDeny !== undefined) count(known, record, record.wouldDeny)
  }

  return {
    add,
    /** @param isWhole no line was lost or unreadable */
    result(isWhole: boolean): Shadow {
      const list = [...routes.values()].map((route) => ({ ...route, wouldDeny: [...route.wouldDeny.values()] }))
      const isSafe = isWhole && list.length > 0 && list.every(({ wouldDeny }) => wouldDeny.length === 0)
      return { routes: list, isSafe }
    },
  }
}

function count({ wouldDeny }: Route, { clientId, missing = [] }: DecisionRecord, reason: string): void {
  const key = JSON.stringify([clientId, reason, missing])
  const known = wouldDeny.get(key)
  if (known !== undefined) known.requests += 1
  else wouldDeny.set(key, { ...(clientId !== undefined && { clientId }), reason, missing, requests: 1 })
}
