/** The route table for people: who may do what, where it goes, and what it costs. */
import type { BodyPolicy } from '../config/body-policy.ts'
import type { AllowLine, Condition, GatewayConfig, Method, RouteConfig } from '../config/gateway-config.ts'
import type { TokenPlace } from '../config/ticket-config.ts'
import { isInForce, writtenPolicy } from './report-mode.ts'
import { contentTypesOf, describeLine } from './words.ts'

export interface RouteListing {
  readonly path: string
  /** Line in the file. */
  readonly line: number
  readonly upstream: string
  readonly rewrite?: string
  /** `report`: any valid token will do for now. */
  readonly mode: 'enforce' | 'report'
  readonly until?: string
  readonly issuers: readonly string[]
  readonly rateLimits: readonly string[]
  readonly cors?: string
  /** What bodies are put to, before they are forwarded. */
  readonly body?: { readonly schema: string; readonly maxBytes: number; readonly contentTypes: readonly string[] }
  readonly websocket: boolean
  /** The gateway itself answers. */
  readonly page?: NonNullable<RouteConfig['page']>
  /** Where a token may stand beside the Authorization field. */
  readonly tokenFrom?: readonly TokenPlace[]
  /** Alternatives: any one opens the route. */
  readonly access: readonly AccessListing[]
}

export interface AccessListing {
  readonly methods: readonly Method[]
  /** In words: `scope orders:read`, `public: product pages are open`. */
  readonly who: string
  /** Only reported: it lets nobody through yet. */
  readonly mode?: 'report'
  readonly public?: string
  readonly scopes?: Condition<string>
  readonly roles?: Condition<string>
  readonly claims?: readonly {
    readonly name: string
    readonly match: 'all' | 'any'
    readonly values: readonly unknown[]
  }[]
  /** Path parameter → claim, as a dotted name. */
  readonly where?: Readonly<Record<string, string>>
  readonly because?: string
}

/** In the order of the file. Holds names and conditions only: no addresses, no secrets. */
export function listRoutes(config: GatewayConfig): RouteListing[] {
  return config.routes.map((route) => ({
    path: route.path,
    line: route.line,
    upstream: route.upstream.name,
    ...(route.rewrite === undefined ? {} : { rewrite: route.rewrite }),
    mode: route.report?.of === 'route' ? 'report' : 'enforce',
    ...(route.until === undefined ? {} : { until: route.until }),
    issuers: route.issuers,
    rateLimits: route.rateLimits.map(({ name }) => name),
    ...(route.cors === undefined ? {} : { cors: route.cors.name }),
    ...(route.body === undefined ? {} : { body: listBody(route.body, route.bodyBytes) }),
    websocket: route.websocket,
    ...(route.page === undefined ? {} : { page: route.page }),
    ...(route.tokenFrom === undefined ? {} : { tokenFrom: [...route.tokenFrom] }),
    access: [...listPublic(route), ...listLines(route)],
  }))
}

function listBody({ schema, operations }: BodyPolicy, maxBytes: number): NonNullable<RouteListing['body']> {
  return { schema, maxBytes, contentTypes: contentTypesOf(operations) }
}

function listPublic({ policy }: RouteConfig): AccessListing[] {
  if (!policy.public) return []
  const { methods, reason } = policy.public
  return [{ methods: [...methods], who: `public: ${reason}`, public: reason }]
}

function listLines(route: RouteConfig): AccessListing[] {
  const written = writtenPolicy(route).allow.map((line, index) => listLine(line, !isInForce(route, index)))
  const candidate = route.report?.of === 'candidate' ? route.report.policy.allow : []
  return [...written, ...candidate.map((line) => listLine(line, true))]
}

function listLine(line: AllowLine, isReported: boolean): AccessListing {
  return { methods: [...line.methods], ...(isReported ? { mode: 'report' } : {}), ...describeAccess(line) }
}

/** The conditions of a line, in words and as data. */
export function describeAccess(line: AllowLine): Omit<AccessListing, 'methods'> {
  return {
    who: describeLine(line),
    ...(line.scopes ? { scopes: line.scopes } : {}),
    ...(line.roles ? { roles: line.roles } : {}),
    ...(line.claims.length > 0
      ? { claims: line.claims.map(({ name, match, values }) => ({ name, match, values })) }
      : {}),
    ...(line.where.length > 0
      ? { where: Object.fromEntries(line.where.map(({ param, claim }) => [param, claim.join('.')])) }
      : {}),
    ...(line.because === undefined ? {} : { because: line.because }),
  }
}
