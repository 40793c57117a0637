import type { BodyPolicy } from './body-policy.ts'
import type {
  CorsPolicy,
  GatewayConfig,
  RateLimitPolicy,
  RouteConfig,
  Timeouts,
  UpstreamConfig,
} from './gateway-config.ts'
import type { IdentityConfig } from './identity-config.ts'
import type { Path } from './problem.ts'
import type { Report } from './report.ts'
import { type ReadSchemaFile, resolveBody } from './resolve-body.ts'
import { resolveIdentityFields } from './resolve-identity.ts'
import type { NamedThings } from './resolve-names.ts'
import { type ReadServiceBodies, resolveOpenApiBody } from './resolve-openapi-body.ts'
import { resolvePolicies } from './resolve-report.ts'
import { describeParams, type RoutePath, readRoutePath } from './route-path.ts'
import type { RouteReferences } from './salvage.ts'
import type { GatewayFile } from './schema.ts'
import type { RouteFile } from './schema-routes.ts'

const DEFAULT_CHECKED_BYTES = 1024 ** 2

/** What routes use that say nothing else. */
export interface Defaults {
  readonly issuers: readonly string[]
  /** `defaults.issuer` was written, whether or not it names something good. */
  readonly hasIssuers: boolean
  readonly unmatched: GatewayConfig['unmatched']
  readonly rateLimits: readonly RateLimitPolicy[]
  readonly identity: IdentityConfig
  readonly bodyBytes: number
}

/** Resolves `defaults` and `identity`; not `isKnown`: `defaults` could not be read. */
export function resolveDefaults(file: GatewayFile, isKnown: boolean, things: NamedThings, report: Report): Defaults {
  const { issuer = [], rateLimits, cors } = file.defaults
  const all = findLimits(rateLimits, ['defaults', 'rateLimits'], things, report)
  const policy = cors === undefined ? undefined : things.find('cors', cors, ['defaults', 'cors'])
  return {
    issuers: findIssuers(issuer, ['defaults', 'issuer'], things),
    hasIssuers: issuer.length > 0 || !isKnown,
    rateLimits: all,
    unmatched: {
      rateLimits: all.filter(({ when }) => when === 'before-auth'),
      ...(policy ? { cors: policy } : {}),
    },
    identity: {
      headers: resolveIdentityFields(file.identity.headers, ['identity', 'headers'], report),
      authorization: file.identity.authorization,
    },
    bodyBytes: file.limits.body,
  }
}

interface References {
  readonly shape: RoutePath | undefined
  readonly upstream: UpstreamConfig | undefined
  readonly issuers: readonly string[] | undefined
  readonly rateLimits: readonly RateLimitPolicy[] | undefined
  readonly cors: CorsPolicy | undefined
}

/** The path, and what the route names; also of a route that has other problems. */
export function resolveReferences(route: RouteReferences, path: Path, things: NamedThings, report: Report): References {
  const { to, issuer, rateLimits, cors } = route
  const shape = route.path === undefined ? undefined : readPath(route.path, [...path, 'path'], report)
  const rewrite = to && 'rewrite' in to ? to.rewrite : undefined
  if (rewrite !== undefined && shape) checkRewrite(rewrite, shape, [...path, 'to', 'rewrite'], report)
  return {
    shape,
    upstream: to && things.find('upstreams', to.upstream, [...path, 'to', 'upstream']),
    issuers: issuer && findIssuers(issuer, [...path, 'issuer'], things),
    rateLimits: rateLimits && findLimits(rateLimits, [...path, 'rateLimits'], things, report),
    cors: cors ? things.find('cors', cors, [...path, 'cors']) : undefined,
  }
}

export interface ResolveContext {
  readonly defaults: Defaults
  readonly things: NamedThings
  readonly readSchema: ReadSchemaFile
  readonly readBodies: ReadServiceBodies
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Resolves one route; `config` is undefined when its upstream is unknown. `path` is where it stands. */
export function resolveRoute(
  route: RouteFile,
  path: Path,
  { defaults, things, now, ...readers }: ResolveContext,
  report: Report,
): { config: RouteConfig | undefined; shape: RoutePath | undefined } {
  const { shape, upstream, issuers, rateLimits, cors: named } = resolveReferences(route, path, things, report)
  const policies = resolvePolicies(route, path, shape?.params, now, report)
  const cors = route.cors === undefined ? defaults.unmatched.cors : named
  const ownIssuers = issuers ?? defaultIssuers(route, path, defaults, things, report)
  const identity = resolveIdentity(route, path, defaults.identity, report)
  if (!upstream) return { config: undefined, shape }
  const body = resolveRouteBody(route, upstream, path, readers, report)
  const config: RouteConfig = {
    path: route.path,
    line: report.line(path),
    upstream,
    ...('rewrite' in route.to && route.to.rewrite !== undefined ? { rewrite: route.to.rewrite } : {}),
    ...policies,
    issuers: ownIssuers,
    rateLimits: rateLimits ?? defaults.rateLimits,
    ...(cors ? { cors } : {}),
    identity,
    timeouts: overrideTimeouts(upstream.timeouts, route.timeouts),
    bodyBytes: resolveBodyBytes(route, path, defaults, report),
    ...(body ? { body } : {}),
    websocket: route.websocket,
    session: route.session,
    ...(route.tokenFrom === undefined ? {} : { tokenFrom: new Set(route.tokenFrom) }),
    ...(route.until === undefined ? {} : { until: route.until }),
  }
  return { config, shape }
}

function resolveRouteBody(
  { body, path: ownPath, to }: RouteFile,
  upstream: UpstreamConfig,
  path: Path,
  { readSchema, readBodies }: Pick<ResolveContext, 'readSchema' | 'readBodies'>,
  report: Report,
): BodyPolicy | undefined {
  if (body === undefined) return undefined
  if (body.schema !== 'openapi') return resolveBody(body, [...path, 'body'], readSchema, report)
  const upstreamPath = 'rewrite' in to && to.rewrite !== undefined ? to.rewrite : ownPath
  return resolveOpenApiBody(body, { upstream, upstreamPath }, [...path, 'body'], readBodies, report)
}

/** Bodies that are checked are held in memory, so what holds for them is said apart. */
function resolveBodyBytes({ body, limits }: RouteFile, path: Path, { bodyBytes }: Defaults, report: Report): number {
  if (body === undefined) return limits?.body ?? bodyBytes
  if (body.maxSize !== undefined && limits?.body !== undefined) {
    report.error([...path, 'limits', 'body'], 'body.maxSize says this already; leave one of them out', { at: 'key' })
  }
  return body.maxSize ?? Math.min(limits?.body ?? bodyBytes, DEFAULT_CHECKED_BYTES)
}

function resolveIdentity({ identity }: RouteFile, path: Path, base: IdentityConfig, report: Report): IdentityConfig {
  if (identity === undefined) return base
  const own = identity.headers
  return {
    headers: own ? resolveIdentityFields(own, [...path, 'identity', 'headers'], report) : base.headers,
    authorization: identity.authorization ?? base.authorization,
  }
}

function readPath(text: string, path: Path, report: Report): RoutePath | undefined {
  const shape = readRoutePath(text)
  if ('problem' in shape) {
    report.error(path, shape.problem)
    return undefined
  }
  const twice = shape.params.find((name, index) => shape.params.indexOf(name) !== index)
  if (twice !== undefined) report.error(path, 'two parameters have the same name')
  if (shape.segments.some((segment) => /^:\w+$/.test(segment))) {
    report.warn('literal-colon', path, 'a segment such as ":id" is literal here; a parameter is written {id}')
  }
  return shape
}

function checkRewrite(text: string, route: RoutePath, path: Path, report: Report): void {
  const rewrite = readRoutePath(text)
  if ('problem' in rewrite) {
    report.error(path, rewrite.problem)
    return
  }
  if (rewrite.params.some((name) => !route.params.includes(name))) {
    const mend = describeParams(route.params, [...path.slice(0, -2), 'path'], report)
    report.error(path, `the rewrite uses a parameter that the path does not have${mend}`)
  }
  if (rewrite.below && !route.below) report.error(path, '"**" in a rewrite needs a path that ends in "**"')
  if (!rewrite.below && route.below) {
    report.warn(
      'rewrite-drops-rest',
      path,
      'everything below the path is sent to this one address; end the rewrite in "/**" to keep the rest',
    )
  }
}

export function findLimits(
  names: readonly string[],
  path: Path,
  things: NamedThings,
  report: Report,
): RateLimitPolicy[] {
  return names.flatMap((name, index) => {
    if (names.indexOf(name) !== index) report.error([...path, index], 'this limit is named twice and would count twice')
    return things.find('rateLimits', name, [...path, index]) ?? []
  })
}

function findIssuers(names: readonly string[], path: Path, things: NamedThings): string[] {
  return [...new Set(names)].filter((name, index) => {
    return things.find('issuers', name, [...path, index]) !== undefined
  })
}

function defaultIssuers(
  route: RouteFile,
  path: Path,
  defaults: Defaults,
  things: NamedThings,
  report: Report,
): readonly string[] {
  if (defaults.hasIssuers) return defaults.issuers
  const all = things.written.issuers
  const [first] = all ?? []
  if (first !== undefined && all?.length === 1) return things.find('issuers', first, path) ? [first] : []
  if (all && route.allow) {
    const mend = 'say which one counts with issuer: here, or with defaults.issuer'
    report.error(
      path,
      all.length === 0 ? 'this route needs a token, and there are no issuers' : `there are several issuers; ${mend}`,
    )
  }
  return []
}

function overrideTimeouts(base: Timeouts, own: RouteFile['timeouts']): Timeouts {
  if (own === undefined) return base
  return {
    connectMs: own.connect ?? base.connectMs,
    responseMs: own.response ?? base.responseMs,
    idleMs: own.idle ?? base.idleMs,
  }
}
