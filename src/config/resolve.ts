/** The file as the schema read it → the configuration: references, defaults, and what one field alone cannot show. */
import type { GatewayConfig, RouteConfig } from './gateway-config.ts'
import type { ReadSibling } from './read-secret.ts'
import type { Report } from './report.ts'
import { createSchemaFileReader } from './resolve-body.ts'
import { resolveDocs } from './resolve-docs.ts'
import { type PlacedRoute, resolveLogin } from './resolve-login.ts'
import { type NamedThings, resolveNames, type WrittenNames } from './resolve-names.ts'
import { createServiceBodiesReader } from './resolve-openapi-body.ts'
import { type Defaults, resolveDefaults, resolveReferences, resolveRoute } from './resolve-route.ts'
import { resolveServer } from './resolve-server.ts'
import { type Known, resolveTests } from './resolve-tests.ts'
import { resolveTickets } from './resolve-tickets.ts'
import { exampleOf, type RoutePath, shapeOf } from './route-path.ts'
import type { RouteReferences } from './salvage.ts'
import type { GatewayFile } from './schema.ts'
import { warnAboutFile } from './warn-about.ts'

export interface ResolveOptions {
  /** Asked when every file has been read. */
  readonly digest: () => string
  readonly names: WrittenNames
  /** Where the routes stand in the file: some of it may have been left out. */
  readonly routeIndexes: readonly number[]
  /** Likewise. */
  readonly testIndexes: readonly number[]
  readonly brokenRoutes: ReadonlyMap<number, RouteReferences>
  /** The section `defaults` could be read, so that what is not there was not written. */
  readonly knowsDefaults: boolean
  /** Likewise for `login`. */
  readonly knowsLogin: boolean
  readonly read: ReadSibling
  /** Likewise, a schema or an OpenAPI document. */
  readonly readSchema: ReadSibling
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Good only when `report` holds no problem afterwards. */
export function resolve(file: GatewayFile, report: Report, options: ResolveOptions): GatewayConfig {
  const server = resolveServer(file, report, options.read)
  const things = resolveNames(file, options.names, report)
  const defaults = resolveDefaults(file, options.knowsDefaults, things, report)
  const placed = resolveRoutes(file, defaults, things, report, options)
  const routes = placed.map(({ config }) => config)
  const { read, routeIndexes, knowsLogin: isKnown } = options
  const login = resolveLogin(file, { things, defaults, routes: placed, routeIndexes, read, isKnown }, report)
  const { readSchema, brokenRoutes } = options
  const hasAllRoutes = brokenRoutes.size === 0
  const docs = resolveDocs(file, { things, defaults, login, routeIndexes, hasAllRoutes, readSchema }, report)
  const tickets = resolveTickets(file, { things, defaults, routes, routeIndexes }, report)
  warnAboutFile(file, things, report, options)
  return {
    digest: options.digest(),
    server,
    issuers: things.issuers,
    upstreams: things.upstreams,
    rateLimits: things.rateLimits,
    routes,
    unmatched: defaults.unmatched,
    trustedProxies: file.trustedProxies,
    limits: { bodyBytes: file.limits.body, urlBytes: file.limits.url, headersBytes: file.limits.headers },
    log: file.log,
    ...(login === undefined ? {} : { login }),
    ...(docs === undefined ? {} : { docs }),
    ...(tickets === undefined ? {} : { tickets }),
    ...(file.resource === undefined ? {} : { resource: file.resource }),
    scopesSupported: scopesOf(routes),
    tests: resolveTests(file.tests, options.testIndexes, namesForTests(file, things, options), report),
    accept: file.accept,
  }
}

function resolveRoutes(
  file: GatewayFile,
  defaults: Defaults,
  things: NamedThings,
  report: Report,
  options: ResolveOptions,
): PlacedRoute[] {
  const shapes: PlacedShape[] = []
  const routes: PlacedRoute[] = []
  const readSchema = createSchemaFileReader(options.readSchema)
  const readBodies = createServiceBodiesReader(options.readSchema)
  const context = { ...options, defaults, things, readSchema, readBodies }
  for (const [position, route] of file.routes.entries()) {
    const index = options.routeIndexes[position] ?? position
    const { config, shape } = resolveRoute(route, ['routes', index], context, report)
    if (shape) shapes.push({ index, shape })
    if (config) routes.push({ index, config })
  }
  for (const [index, references] of options.brokenRoutes) {
    const { shape } = resolveReferences(references, ['routes', index], things, report)
    if (shape) shapes.push({ index, shape })
  }
  const inOrder = shapes.toSorted((a, b) => a.index - b.index)
  checkShapes(inOrder, report)
  return routes
}

/** What a test may name. With a route that could not be read, nobody knows which paths there are. */
function namesForTests({ routes }: GatewayFile, { written }: NamedThings, options: ResolveOptions): Known {
  const isWhole = options.brokenRoutes.size === 0
  return { routes: isWhole ? routes.map(({ path }) => path) : undefined, upstreams: written.upstreams }
}

interface PlacedShape {
  readonly index: number
  readonly shape: RoutePath
}

/** Two routes of one shape tie for every request they match; nothing else ties. */
function checkShapes(shapes: readonly PlacedShape[], report: Report): void {
  const first = new Map<string, number>()
  for (const { index, shape } of shapes) {
    const key = shapeOf(shape)
    const other = first.get(key)
    if (other === undefined) {
      first.set(key, index)
      continue
    }
    const path = ['routes', index, 'path']
    const otherPath = ['routes', other, 'path']
    const shown = report.isSubstituted(path) || report.isSubstituted(otherPath) ? '' : `, such as "${exampleOf(shape)}"`
    report.error(
      path,
      `${report.quote(path)} and ${report.quote(otherPath)} (line ${report.line(otherPath)}) match the same requests${shown}; make them one route`,
    )
  }
}

function scopesOf(routes: readonly RouteConfig[]): string[] {
  const lines = routes.flatMap(({ policy, report }) => [...policy.allow, ...(report?.policy.allow ?? [])])
  const scopes = lines.flatMap((line) => line.scopes?.values ?? [])
  return [...new Set(scopes)].sort()
}
