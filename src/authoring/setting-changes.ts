/** What changes beside who may make a request. */
import type {
  GatewayConfig,
  IssuerConfig,
  RateLimitPolicy,
  RouteConfig,
  UpstreamConfig,
} from '../config/gateway-config.ts'
import { describeBody, describeKeyPart } from './words.ts'

export interface SettingChange {
  /** As in the file: `rateLimits`, `to`, `identity.headers`. */
  readonly setting: string
  readonly before: string
  readonly after: string
  /** More may pass because of it. */
  readonly widens: boolean
}

type Read<T> = (of: T) => unknown

const OF_ROUTE: Readonly<Record<string, Read<RouteConfig>>> = {
  upstream: ({ upstream }) => upstream.name,
  rewrite: ({ rewrite }) => rewrite,
  rateLimits: ({ rateLimits }) => rateLimits.map(({ name }) => name),
  cors: ({ cors }) => cors && `${cors.name} (${[...cors.origins].join(' ')}${cors.credentials ? ', credentials' : ''})`,
  'identity.headers': ({ identity }) => [...identity.headers].map(([name, claim]) => `${name}: ${claim.join('.')}`),
  'identity.authorization': ({ identity }) => identity.authorization,
  'timeouts.connect': ({ timeouts }) => `${timeouts.connectMs}ms`,
  'timeouts.response': ({ timeouts }) => `${timeouts.responseMs}ms`,
  'timeouts.idle': ({ timeouts }) => `${timeouts.idleMs}ms`,
  'limits.body': ({ bodyBytes }) => `${bodyBytes}B`,
  body: ({ body }) => body && describeBody(body),
  websocket: ({ websocket }) => websocket,
  session: ({ session }) => session,
  tokenFrom: ({ tokenFrom }) => tokenFrom && [...tokenFrom],
  mode: ({ report }) => (report === undefined ? 'enforce' : `report (${report.of})`),
  until: ({ until }) => until,
}

const OF_ISSUER: Readonly<Record<string, Read<IssuerConfig>>> = {
  jwks: ({ jwks }) => jwks,
  audience: ({ audience }) => audience,
  algorithms: ({ algorithms }) => algorithms,
  tokenTypes: ({ tokenTypes }) => tokenTypes,
  roles: ({ roles }) => (typeof roles === 'string' ? roles : roles.join('.')),
  clockSkew: ({ clockSkewMs }) => `${clockSkewMs}ms`,
  maxTokenAge: ({ maxTokenAgeMs }) => `${maxTokenAgeMs}ms`,
}

const OF_UPSTREAM: Readonly<Record<string, Read<UpstreamConfig>>> = {
  urls: ({ urls }) => urls,
  connections: ({ connections }) => connections,
}

const OF_RATE_LIMIT: Readonly<Record<string, Read<RateLimitPolicy>>> = {
  limit: ({ limit }) => limit,
  window: ({ windowMs }) => `${windowMs}ms`,
  key: ({ key }) => key.map(describeKeyPart),
  when: ({ when }) => when,
  whenMissing: ({ whenMissing = 'share' }) => whenMissing,
  onStoreError: ({ onStoreError }) => onStoreError,
}

/** `path` is left to the caller: the same requests may now belong to a route of another path. */
export function compareRoutes(before: RouteConfig, after: RouteConfig): SettingChange[] {
  const changes = compare(before, after, OF_ROUTE, (setting) => {
    return setting === 'body' ? after.body === undefined : setting === 'mode' && after.report?.of === 'route'
  })
  return [...changes, ...compareSchemas(before, after)]
}

/** The same file may hold another schema: whether more bodies match it, nobody can tell. */
function compareSchemas({ body: was }: RouteConfig, { body: is }: RouteConfig): SettingChange[] {
  if (was === undefined || is === undefined || was.schema !== is.schema) return []
  if (JSON.stringify(was.root) === JSON.stringify(is.root)) return []
  return [{ setting: 'body.schema', before: was.schema, after: `${is.schema}, with other content`, widens: false }]
}

/** By `iss`: a name is the file's own affair. */
export function compareIssuers(
  before: GatewayConfig,
  after: GatewayConfig,
): (SettingChange & { readonly issuer: string })[] {
  const old = new Map([...before.issuers.values()].map((issuer) => [issuer.issuer, issuer]))
  return [...after.issuers.values()].flatMap((issuer) => {
    const was = old.get(issuer.issuer)
    if (was === undefined) return []
    const changes = compare(was, issuer, OF_ISSUER, (setting) => widensIssuer(setting, was, issuer))
    return changes.map((change) => ({ issuer: issuer.name, ...change }))
  })
}

export function compareUpstreams(
  before: GatewayConfig,
  after: GatewayConfig,
): (SettingChange & { readonly upstream: string })[] {
  const changes = compareNamed(before.upstreams, after.upstreams, OF_UPSTREAM)
  return changes.map(({ name, ...change }) => ({ upstream: name, ...change }))
}

/** More requests are none that pass any check less, so a higher limit does not widen. */
export function compareRateLimits(
  before: GatewayConfig,
  after: GatewayConfig,
): (SettingChange & { readonly rateLimit: string })[] {
  const changes = compareNamed(before.rateLimits, after.rateLimits, OF_RATE_LIMIT)
  return changes.map(({ name, ...change }) => ({ rateLimit: name, ...change }))
}

function compareNamed<T extends { readonly name: string }>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  settings: Readonly<Record<string, Read<T>>>,
): (SettingChange & { readonly name: string })[] {
  return [...after.values()].flatMap((thing) => {
    const was = before.get(thing.name)
    if (was === undefined) return []
    return compare(was, thing, settings, () => false).map((change) => ({ name: thing.name, ...change }))
  })
}

function widensIssuer(setting: string, before: IssuerConfig, after: IssuerConfig): boolean {
  switch (setting) {
    case 'jwks':
      return true
    case 'audience':
    case 'algorithms':
    case 'tokenTypes':
      return after[setting].some((value) => !(before[setting] as readonly string[]).includes(value))
    case 'clockSkew':
      return after.clockSkewMs > before.clockSkewMs
    case 'maxTokenAge':
      return after.maxTokenAgeMs > before.maxTokenAgeMs
    default:
      // Roles that are read elsewhere show in what each route allows.
      return false
  }
}

function compare<T>(
  before: T,
  after: T,
  settings: Readonly<Record<string, Read<T>>>,
  widens: (setting: string) => boolean,
): SettingChange[] {
  return Object.entries(settings).flatMap(([setting, read]) => {
    const [was, is] = [show(read(before)), show(read(after))]
    return was === is ? [] : [{ setting, before: was, after: is, widens: widens(setting) }]
  })
}

function show(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none'
  return Array.isArray(value) ? value.join(', ') : String(value)
}
