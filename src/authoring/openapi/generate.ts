/** The document of everything that the gateway lets through (OpenAPI 3.1). */
import type { GatewayConfig, Method, RouteConfig } from '../../config/gateway-config.ts'
import { type Json, type JsonObject, textOf } from '../../config/openapi/json.ts'
import { operationsOf } from '../../config/openapi/operations.ts'
import type { ApiDocument } from '../../config/openapi/read-document.ts'
import { segmentsOf } from '../example-path.ts'
import { type Components, createComponents } from './components.ts'
import { findMeetings, type Meeting } from './meetings.ts'
import { bareOperation, responsesOf, takeOperation, takeResponses } from './merge-operation.ts'
import { createRoutePaths, freeName, opens, type PathTemplate, paramsOf, shapeOf, toPath } from './path-template.ts'
import { HEADERS, PROBLEM, refusalResponses } from './refusals.ts'
import { type DescribeSecurity, describeSecurity, linesFor, type SecurityText, securitySchemes } from './security.ts'
import { ticketResponses, withTicket } from './tickets.ts'

const METHODS: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

export interface View {
  readonly describe: DescribeSecurity
  shows(route: RouteConfig): boolean
}

const WHOLE: View = { describe: describeSecurity, shows: () => true }

/**
 * @param documents of upstreams, by name. Where there is one, a `**` route shows the operations that the service has below
 *   it; without, its own path and `{rest}`.
 * @param view of all routes, with all conditions, unless it says otherwise
 */
export function createOpenApi(
  config: GatewayConfig,
  documents: ReadonlyMap<string, ApiDocument>,
  title: string,
  { describe, shows }: View = WHOLE,
): JsonObject {
  const components = createComponents({
    schemas: { Problem: PROBLEM },
    responses: refusalResponses(),
    headers: HEADERS,
    securitySchemes: securitySchemes(config),
  })
  const routePaths = createRoutePaths(config)
  const meetings = [...documents].flatMap(([upstream, document]) => {
    return findMeetings(config, upstream, operationsOf(document), routePaths)
  })
  const paths = createPaths()
  // What is not shown still has its paths: no other route shows them.
  for (const route of config.routes.filter(shows)) {
    const own = meetings.filter((meeting) => meeting.route === route)
    for (const meeting of own) addOfService(paths, meeting, components, describe)
    // What the service says of a `**` route is all there is below it.
    const isTold = own.length > 0 && route.path.endsWith('**')
    for (const template of isTold ? [] : routePaths.templatesOf(route))
      addBare(paths, route, template, components, describe)
  }
  if (config.tickets !== undefined) addTickets(paths, config.tickets, describe)
  return {
    openapi: '3.1.0',
    info: { title, version: config.digest },
    servers: [{ url: config.resource === undefined ? '/' : new URL(config.resource).origin }],
    paths: paths.toJson(),
    components: components.toJson(),
  }
}

function addOfService(paths: Paths, meeting: Meeting, components: Components, describe: DescribeSecurity): void {
  const { route, service, segments } = meeting
  const { method, operation } = service
  const upstream = route.upstream.name
  const taken = takeOperation(renamed(meeting, paths.nameOf(segments)), components, upstream)
  const whole = complete(describe(route, method), route, method, taken, {
    description: textOf(operation.description),
    responses: takeResponses(meeting, components, upstream),
  })
  paths.add(method, segments, whole, { id: textOf(operation.operationId), upstream })
}

/** Methods of which the service has said nothing. */
function addBare(
  paths: Paths,
  route: RouteConfig,
  template: PathTemplate,
  components: Components,
  describe: DescribeSecurity,
): void {
  for (const method of methodsOf(route)) {
    if (paths.has(method, template.segments)) continue
    const operation = bareOperation(method, template, route, components)
    paths.add(method, template.segments, complete(describe(route, method), route, method, operation))
  }
}

/** The gateway's own page. */
function addTickets(paths: Paths, tickets: NonNullable<GatewayConfig['tickets']>, describe: DescribeSecurity): void {
  const told = { description: undefined, responses: ticketResponses(tickets) }
  paths.add(
    'POST',
    segmentsOf(tickets.page.path),
    complete(describe(tickets.page, 'POST'), tickets.page, 'POST', {}, told),
  )
}

/** HEAD follows GET: it stands alone only where others may use it. */
function methodsOf(route: RouteConfig): Method[] {
  const get = linesFor(route, 'GET')
  const isSame = opens(route, 'GET') && linesFor(route, 'HEAD')?.length === get?.length
  return METHODS.filter((method) => opens(route, method) && !(method === 'HEAD' && isSame))
}

interface Told {
  readonly description: string | undefined
  readonly responses: Readonly<Record<string, JsonObject>>
}

/** With what the gateway has to say of it. */
function complete(
  { members, text }: SecurityText,
  route: RouteConfig,
  method: string,
  operation: JsonObject,
  told?: Told,
): JsonObject {
  const limits = route.rateLimits.map(({ name, limit, windowMs }) => ({ name, limit, windowSeconds: windowMs / 1000 }))
  const isPublic = linesFor(route, method) === undefined
  return {
    ...withTicket(operation, route, method),
    description: told?.description ? `${told.description.trimEnd()}\n\n${text}` : text,
    ...members,
    ...(limits.length > 0 && { 'x-scopegate-limits': limits }),
    responses: responsesOf(route, method, isPublic, told?.responses),
  }
}

/** The names of the path under which an operation is added: those of the first with its shape. */
function renamed(meeting: Meeting, segments: readonly string[]): Meeting {
  const before = paramsOf(meeting.segments)
  const after = paramsOf(segments)
  const names = [...meeting.names].map(([theirs, ours]): [string, string] => {
    return [theirs, after[before.indexOf(ours)] ?? ours]
  })
  return { ...meeting, segments, names: new Map(names) }
}

interface Paths {
  /** OpenAPI has no two paths that differ in the names of their parameters alone: the segments that stand for these. */
  nameOf(segments: readonly string[]): readonly string[]
  /** With or without a slash at the end. */
  has(method: string, segments: readonly string[]): boolean
  add(method: string, segments: readonly string[], operation: JsonObject, name?: OperationName): void
  toJson(): JsonObject
}

interface OperationName {
  readonly id: string | undefined
  readonly upstream: string
}

function createPaths(): Paths {
  const items = new Map<string, { readonly segments: readonly string[]; readonly operations: Map<string, Json> }>()
  const ids: string[] = []
  return {
    nameOf: (segments) => items.get(shapeOf(segments))?.segments ?? segments,
    has(method, segments) {
      const both = [items.get(shapeOf(segments)), items.get(shapeOf([...segments, '']))]
      return both.some((item) => item?.operations.has(method.toLowerCase()))
    },
    add(method, segments, operation, { id, upstream = '' } = { id: undefined, upstream: '' }) {
      const shape = shapeOf(segments)
      const item = items.get(shape) ?? { segments, operations: new Map<string, Json>() }
      items.set(shape, item)
      const operationId = id !== undefined && ids.includes(id) ? freeName(`${upstream}.${id}`, ids) : id
      if (operationId !== undefined) ids.push(operationId)
      item.operations.set(method.toLowerCase(), { ...(operationId !== undefined && { operationId }), ...operation })
    },
    toJson: () =>
      Object.fromEntries([...items.values()].map((it) => [toPath(it.segments), Object.fromEntries(it.operations)])),
  }
}
