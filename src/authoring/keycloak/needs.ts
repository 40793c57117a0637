/** What a route-scope file asks of the realm that signs its tokens: everything that some request cannot do without. */
import type { ClaimPath } from '../../config/claim-path.ts'
import type { AllowLine, GatewayConfig, IssuerConfig, RouteConfig } from '../../config/gateway-config.ts'
import { writtenPolicy } from '../report-mode.ts'
import { type Requirement, requirementsOf } from '../requirement.ts'
import { describeLine } from '../words.ts'

export interface Need {
  /** A scope, a role (`admin`, `shop-api:manager`) or a claim (dots nest). */
  readonly name: string
  /** What cannot be had without it: `POST /orders/**`, `limit per-user`. */
  readonly for: readonly string[]
}

export interface Needs {
  readonly issuer: IssuerConfig
  readonly scopes: readonly Need[]
  readonly roles: readonly Need[]
  readonly claims: readonly Need[]
  readonly lines: readonly LineNeed[]
}

/** An allow line: one of its ways must be open to somebody. */
export interface LineNeed {
  /** `POST /orders/**`. */
  readonly request: string
  /** The line in words. */
  readonly who: string
  readonly ways: readonly Requirement[]
}

/** Of all routes on which tokens of this issuer count. */
export function needsOf(config: GatewayConfig, issuer: IssuerConfig): Needs {
  const routes = config.routes.filter(({ issuers }) => issuers.includes(issuer.name))
  const uses = routes.flatMap(usesOf)
  const collect = (kind: Use['kind']) => groupByName(uses.filter((use) => use.kind === kind))
  const lines = routes.flatMap((route) => writtenPolicy(route).allow.map((line) => toLineNeed(route, line)))
  return { issuer, scopes: collect('scope'), roles: collect('role'), claims: collect('claim'), lines }
}

function toLineNeed(route: RouteConfig, line: AllowLine): LineNeed {
  // Claims are left aside: each choice of theirs would multiply the ways.
  const ways = [...requirementsOf({ ...line, claims: [], where: [] })]
  return { request: requestOf(route, line), who: describeLine(line), ways }
}

interface Use {
  readonly kind: 'scope' | 'role' | 'claim'
  readonly name: string
  readonly for: string
}

function usesOf(route: RouteConfig): Use[] {
  const fields = [...route.identity.headers].map(([field, claim]) => useOfClaim(claim, `the field ${field}`))
  const keys = route.rateLimits.flatMap(({ name, key }) =>
    key.flatMap((part) => (part.from === 'token' ? [useOfClaim(part.claim, `the limit ${name}`)] : [])),
  )
  return [...linesOf(route).flatMap((line) => usesOfLine(route, line)), ...fields, ...keys]
}

function usesOfLine(route: RouteConfig, line: AllowLine): Use[] {
  const request = requestOf(route, line)
  return [
    ...(line.scopes?.values ?? []).map((name): Use => ({ kind: 'scope', name, for: request })),
    ...(line.roles?.values ?? []).map((name): Use => ({ kind: 'role', name, for: request })),
    ...line.claims.map(({ path }) => useOfClaim(path, request)),
    ...line.where.map(({ claim }) => useOfClaim(claim, request)),
  ]
}

function requestOf({ path }: RouteConfig, { methods }: AllowLine): string {
  return `${methods.size === ALL_METHODS ? 'any method' : [...methods].join(', ')} ${path}`
}

const ALL_METHODS = 6

function useOfClaim(path: ClaimPath, what: string): Use {
  return { kind: 'claim', name: path.join('.'), for: what }
}

function groupByName(uses: readonly Use[]): Need[] {
  const names = [...new Set(uses.map(({ name }) => name))]
  return names.map((name) => ({
    name,
    for: [...new Set(uses.filter((use) => use.name === name).map((use) => use.for))],
  }))
}

/** Those that are only reported included: the realm is to be ready before they are enforced. */
function linesOf(route: RouteConfig): readonly AllowLine[] {
  const written = writtenPolicy(route).allow
  return route.report?.of === 'candidate' ? [...written, ...route.report.policy.allow] : written
}
