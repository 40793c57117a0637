/** Everything made from one configuration. A reload makes another one; a request sees one from its start to its end. */
import type { Authenticator } from './authentication/authenticate.ts'
import type { BodyPolicy } from './config/body-policy.ts'
import type { GatewayConfig, KeyPart, RateLimitPolicy, RouteConfig } from './config/gateway-config.ts'
import type { DocsPages } from './docs-page/docs-pages.ts'
import type { ForwardRequest } from './forwarding/forward.ts'
import type { StreamTerms } from './forwarding/stream-terms.ts'
import { type ClientAddress, createClientAddress } from './http/client-address.ts'
import { createRequestFieldsReader, type ReadRequestFields } from './http/request-fields.ts'
import type { LimitStage } from './rate-limiting/limit.ts'
import { createRouteTable, type RouteTable } from './routing/route-table.ts'
import type { Sessions } from './sessions/sessions.ts'
import type { Tickets } from './tickets/tickets.ts'
import { type BodyCheck, bodyChecksOf } from './validation/body-check.ts'

/** What outlives reloads: windows, connections. */
export interface Services {
  readonly limits: LimitStage
  forward(request: ForwardRequest): void
}

export interface Limits {
  readonly before: readonly RateLimitPolicy[]
  readonly after: readonly RateLimitPolicy[]
  /** Form fields that a limit counts by. */
  readonly form: readonly string[]
}

export interface Runtime {
  readonly config: GatewayConfig
  readonly routes: RouteTable
  readonly authenticator: Authenticator
  readonly readFields: ReadRequestFields
  readonly clientAddress: ClientAddress
  /** Absent: no route reads a session. */
  readonly sessions: Sessions | undefined
  /** Absent: there is no API reference page. */
  readonly docs: DocsPages | undefined
  /** Absent: no route takes a ticket. */
  readonly tickets: Tickets | undefined
  /** What streams go by that end with their token; absent: nothing is forwarded. */
  readonly clock: StreamTerms['clock'] | undefined
  /** Checks of request bodies; undefined: bodies are not looked at. */
  readonly bodies: ReadonlyMap<BodyPolicy, BodyCheck> | undefined
  /** Scheme of the data listener. */
  readonly scheme: 'http' | 'https'
  /** How this process calls itself in `Via`. */
  readonly pseudonym: string
  /** Milliseconds since the epoch. */
  now(): number
  /** The limits of a route, or of a request without one. */
  limitsOf(route: RouteConfig | undefined): Limits
}

/** What the gateway itself answers and ends; a simulation has none of it. */
type RuntimeParts = Partial<Pick<Runtime, 'sessions' | 'docs' | 'tickets' | 'clock'>>

export function createRuntime(
  config: GatewayConfig,
  authenticator: Authenticator,
  pseudonym: string,
  now: () => number,
  { sessions, docs, tickets, clock }: RuntimeParts = {},
): Runtime {
  const own = [
    ...(config.login?.pages ?? []),
    ...(config.docs?.pages ?? []),
    ...(config.tickets ? [config.tickets.page] : []),
  ]
  const routes = [...config.routes, ...own]
  const identityFields = config.routes.flatMap((route) => [...route.identity.headers.keys()])
  // By list: routes that name no limits share one, so that a file of many routes is as quick as one of few.
  const limits = new Map(routes.map(({ rateLimits }) => [rateLimits, toLimits(rateLimits)]))
  const unmatched = toLimits(config.unmatched.rateLimits)
  return {
    config,
    routes: createRouteTable(routes),
    authenticator,
    readFields: createRequestFieldsReader(identityFields, pseudonym),
    clientAddress: createClientAddress(config.trustedProxies),
    sessions,
    docs,
    tickets,
    clock,
    bodies: bodyChecksOf(config.routes),
    scheme: config.server.listen.tls === undefined ? 'http' : 'https',
    pseudonym,
    now,
    limitsOf: (route) => (route === undefined ? unmatched : (limits.get(route.rateLimits) ?? unmatched)),
  }
}

function toLimits(policies: readonly RateLimitPolicy[]): Limits {
  const forms = policies.flatMap(({ key }) => key.filter((part): part is FormPart => part.from === 'form'))
  return {
    before: policies.filter(({ when }) => when === 'before-auth'),
    after: policies.filter(({ when }) => when === 'after-auth'),
    form: forms.map(({ name }) => name),
  }
}

type FormPart = Extract<KeyPart, { from: 'form' }>
