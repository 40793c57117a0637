/** What changes from one route-scope file to another: for whom, where, and whether more may pass. */
import type { GatewayConfig, RouteConfig, RoutePolicy } from '../config/gateway-config.ts'
import { createRouteTable } from '../routing/route-table.ts'
import { createFreshValues } from './example-path.ts'
import { findNewlyAllowed, type NewlyAllowed, type Side } from './newly-allowed.ts'
import { regionsOf } from './path-regions.ts'
import {
  compareIssuers,
  compareRateLimits,
  compareRoutes,
  compareUpstreams,
  type SettingChange,
} from './setting-changes.ts'
import { describeLine } from './words.ts'

/** What `scopegate diff --json` prints; its fields are documented in docs/commands.md. */
export interface Diff {
  readonly newlyAllowed: readonly AccessChange[]
  readonly newlyDenied: readonly AccessChange[]
  readonly routes: readonly RouteChange[]
  readonly issuers: readonly (SettingChange & { readonly issuer: string })[]
  readonly rateLimits: readonly (SettingChange & { readonly rateLimit: string })[]
  readonly upstreams: readonly (SettingChange & { readonly upstream: string })[]
  /** Something is allowed that was not before. */
  readonly widens: boolean
}

export interface AccessChange {
  /** Route in the file that allows it, and its line there: the new file for `newlyAllowed`, the old one for `newlyDenied`. */
  readonly route: string
  readonly line: number
  readonly methods: readonly string[]
  /** In words: `scope orders:write`, `anybody, without a token`. */
  readonly who: string
  readonly example: NewlyAllowed['example']
}

export interface RouteChange extends SettingChange {
  readonly route: string
  /** Path of the route in the old file, when it is another. */
  readonly was?: string
}

export function diff(old: GatewayConfig, next: GatewayConfig): Diff {
  const [before, after] = [withPending(old), withPending(next)]
  const [oldSide, nextSide] = [toSide(before), toSide(after)]
  const allowed = new Changes()
  const denied = new Changes()
  const routes = new Map<string, RouteChange>()
  const configs = [before, after] as const
  const meanings = [createMeaning(before), createMeaning(after)] as const
  const meaningOf = (route: RouteConfig, side: 0 | 1) => meanings[side](route)
  for (const region of regionsOf(before.routes, after.routes, meaningOf, createFreshValues(configs))) {
    allowed.add(findNewlyAllowed(oldSide, nextSide, region.after, region))
    denied.add(findNewlyAllowed(nextSide, oldSide, region.before, region))
    if (region.before !== undefined && region.after !== undefined) addRouteChanges(routes, region.before, region.after)
  }
  const issuers = compareIssuers(before, after)
  const newlyAllowed = allowed.list()
  const changed = [...routes.values()]
  return {
    newlyAllowed,
    newlyDenied: denied.list(),
    routes: changed,
    issuers,
    rateLimits: compareRateLimits(before, after),
    upstreams: compareUpstreams(before, after),
    widens: newlyAllowed.length > 0 || [...issuers, ...changed].some(({ widens }) => widens),
  }
}

/**
 * What comes into force on a day that the file names needs no other file by then: it counts as allowed from the start. What
 * it will refuse counts as allowed until it does.
 */
function withPending(config: GatewayConfig): GatewayConfig {
  const routes = config.routes.map((route): RouteConfig => {
    const { report, until, policy } = route
    if (report === undefined || until === undefined || report.of === 'route') return route
    return { ...route, policy: { ...policy, allow: [...policy.allow, ...report.policy.allow] } }
  })
  return { ...config, routes }
}

function toSide(config: GatewayConfig): Side {
  return { config, table: createRouteTable(config.routes) }
}

function addRouteChanges(changes: Map<string, RouteChange>, before: RouteConfig, after: RouteConfig): void {
  for (const change of compareRoutes(before, after)) {
    const place = { route: after.path, ...(before.path === after.path ? {} : { was: before.path }) }
    changes.set(JSON.stringify([before.path, after.path, change.setting]), { ...place, ...change })
  }
}

/** One entry for each line, whatever the number of regions that show it. */
class Changes {
  readonly #byLine = new Map<string, AccessChange>()

  add(found: readonly NewlyAllowed[]): void {
    for (const one of found) {
      const who = describeWho(one)
      const key = JSON.stringify([one.route.path, one.line, who])
      const known = this.#byLine.get(key)
      const methods = [...new Set([...(known?.methods ?? []), ...one.methods])]
      const line = one.line === 'public' ? one.route.line : (one.route.policy.allow[one.line]?.line ?? one.route.line)
      this.#byLine.set(key, { route: one.route.path, line, who, example: one.example, ...known, methods })
    }
  }

  list(): AccessChange[] {
    return [...this.#byLine.values()]
  }
}

function describeWho({ line, route, requirements }: NewlyAllowed): string {
  if (line === 'public') return 'anybody, without a token'
  const allow = route.policy.allow[line]
  if (allow === undefined) return ''
  if (requirements === undefined) return describeLine(allow)
  return requirements
    .map(({ scopes, roles, claims, where }) =>
      describeLine({
        ...allow,
        ...(allow.scopes && { scopes: { match: 'all', values: scopes } }),
        ...(allow.roles && { roles: { match: 'all', values: roles } }),
        claims: claims.map(({ path, value }) => ({ name: path.join('.'), path, match: 'all', values: [value] })),
        where,
      }),
    )
    .join(' | ')
}

/** All that a route does, as text, without where it stands in the file. What many routes share is written once. */
function createMeaning(config: GatewayConfig): (route: RouteConfig) => string {
  const known = new Map<unknown, string>()
  const write = (value: unknown): string => {
    const text = known.get(value) ?? JSON.stringify(value, withoutPlace)
    known.set(value, text)
    return text
  }
  return ({ line: _, upstream, issuers, policy, ...rest }) => {
    const accepted = issuers.map((name) => [config.issuers.get(name)?.issuer, config.issuers.get(name)?.roles])
    const parts = Object.entries(rest).map(([key, value]) => `${key}:${write(value)}`)
    return [...parts, writePolicy(policy), JSON.stringify([upstream.name, accepted])].join()
  }
}

/** As `withoutPlace` would have it written, several times as fast. */
function writePolicy({ public: open, allow }: RoutePolicy): string {
  const lines = allow.map(({ line: _, methods, ...conditions }) => [[...methods], conditions])
  return JSON.stringify([open && [[...open.methods], open.reason], lines])
}

function withoutPlace(key: string, value: unknown): unknown {
  if (key === 'line') return undefined
  return value instanceof Set || value instanceof Map ? [...value] : value
}
