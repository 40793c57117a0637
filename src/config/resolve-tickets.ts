/** `tickets`, and the routes whose tokens may stand elsewhere than in the Authorization field. */

import type { RateLimitPolicy, RouteConfig } from './gateway-config.ts'
import { toPageRoute } from './own-pages.ts'
import type { Path } from './problem.ts'
import type { Report } from './report.ts'
import type { NamedThings } from './resolve-names.ts'
import { type Defaults, findLimits } from './resolve-route.ts'
import type { GatewayFile } from './schema.ts'
import type { RouteFile } from './schema-routes.ts'
import type { TicketConfig } from './ticket-config.ts'

const PATH = '/.gateway/ticket'

export interface TicketContext {
  readonly things: NamedThings
  readonly defaults: Defaults
  readonly routes: readonly RouteConfig[]
  /** Where the routes stand in the file. */
  readonly routeIndexes: readonly number[]
}

export function resolveTickets(file: GatewayFile, context: TicketContext, report: Report): TicketConfig | undefined {
  const { tickets } = file
  const { things, defaults, routes, routeIndexes } = context
  const limits = tickets?.rateLimits && findLimits(tickets.rateLimits, ['tickets', 'rateLimits'], things, report)
  const named = tickets?.cors === undefined ? undefined : things.find('cors', tickets.cors, ['tickets', 'cors'])
  const places = file.routes.map((route, position) => ({ route, path: ['routes', routeIndexes[position] ?? position] }))
  for (const { route, path } of places) checkRoute(route, path, report)
  const taker = places.find(({ route }) => takesTickets(route))
  if (taker === undefined) {
    if (tickets) report.warn('unused', ['tickets'], 'no route has tokenFrom: [ticket]', { at: 'key' })
    return undefined
  }
  checkFile(file, places, taker.path, report)
  const cors = named ?? defaults.unmatched.cors
  const line = report.line(tickets ? ['tickets'] : taker.path)
  return {
    lifeMs: tickets?.life ?? DEFAULT_LIFE_MS,
    page: {
      ...toPageRoute({
        path: PATH,
        line,
        methods: [],
        reason: '',
        rateLimits: limitsOf(limits ?? OWN_LIMITS, defaults),
        page: 'ticket',
      }),
      policy: { allow: [{ line: 0, methods: new Set(['POST']), claims: [], where: [], anyToken: true }] },
      issuers: [
        ...new Set(routes.filter(({ tokenFrom }) => tokenFrom?.has('ticket')).flatMap(({ issuers }) => issuers)),
      ],
      ...(cors ? { cors } : {}),
    },
  }
}

interface Place {
  readonly route: RouteFile
  readonly path: Path
}

/** @param taker where a route takes tickets */
function checkFile({ workers, redis }: GatewayFile, places: readonly Place[], taker: Path, report: Report): void {
  for (const { route, path } of places) {
    if (route.path.replace(/\/$/, '') !== PATH) continue
    report.error([...path, 'path'], 'pages get their tickets here: the gateway itself answers; choose another path')
  }
  if (workers !== 1 && !redis) {
    const message = 'tickets with several workers need redis: one worker makes them, and another gets them'
    report.error([...taker, 'tokenFrom'], message)
  }
}

function takesTickets({ tokenFrom }: RouteFile): boolean {
  return tokenFrom?.includes('ticket') === true
}

function limitsOf(own: readonly RateLimitPolicy[], { unmatched }: Defaults): RateLimitPolicy[] {
  return [...unmatched.rateLimits, ...own.filter((it) => !unmatched.rateLimits.includes(it))]
}

function checkRoute(
  { tokenFrom, websocket, allow, public: open, methods }: RouteFile,
  path: Path,
  report: Report,
): void {
  if (tokenFrom === undefined) return
  if (tokenFrom.includes('subprotocol') && !websocket) {
    const at = [...path, 'tokenFrom', tokenFrom.indexOf('subprotocol')]
    report.error(at, 'only a WebSocket has subprotocols: this needs websocket: true')
  }
  const opensGet = methods === undefined || methods === 'any' || methods.includes('GET')
  if (open !== undefined && (!allow || opensGet))
    report.error([...path, 'tokenFrom'], 'GET is public here, so nobody is asked for a token')
}

const DEFAULT_LIFE_MS = 30_000

/** Where the file says nothing else. */
const OWN_LIMITS: readonly RateLimitPolicy[] = [
  {
    name: 'tickets-by-address',
    limit: 120,
    windowMs: 60_000,
    key: [{ from: 'client.ip' }],
    when: 'before-auth',
    onStoreError: 'local',
  },
  {
    name: 'tickets-by-subject',
    limit: 60,
    windowMs: 60_000,
    key: [{ from: 'token', claim: ['sub'] }],
    when: 'after-auth',
    onStoreError: 'local',
  },
]
