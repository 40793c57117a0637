/** The named things of the file: issuers, upstreams, rate limits, CORS policies; and finding them by name. */
import { readClaimPath } from './claim-path.ts'
import type { CorsPolicy, IssuerConfig, KeyPart, RateLimitPolicy, UpstreamConfig } from './gateway-config.ts'
import { nearest } from './nearest.ts'
import type { Path } from './problem.ts'
import type { Report } from './report.ts'
import type { GatewayFile } from './schema.ts'

export const SECTIONS = ['issuers', 'upstreams', 'rateLimits', 'cors'] as const
type Section = (typeof SECTIONS)[number]
const KINDS = { issuers: 'issuer', upstreams: 'upstream', rateLimits: 'rate limit', cors: 'CORS policy' } as const

export interface NamedThings {
  readonly issuers: ReadonlyMap<string, IssuerConfig>
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>
  readonly rateLimits: ReadonlyMap<string, RateLimitPolicy>
  readonly cors: ReadonlyMap<string, CorsPolicy>
  readonly written: WrittenNames
  /**
   * Records the use; reports a name that stands nowhere in the section, and stays silent about one that is broken there.
   * `path` may be longer than what stands in the file, where a field was written in a shorter way.
   */
  find<S extends Section>(section: S, name: string, path: Path): MapValue<NamedThings[S]> | undefined
  isUsed(section: Section, name: string): boolean
}
type MapValue<T> = T extends ReadonlyMap<string, infer V> ? V : never

/** Names as the file writes them, whether or not the things are good; undefined: the whole section cannot be read. */
export type WrittenNames = Readonly<Record<Section, readonly string[] | undefined>>

export function resolveNames(file: GatewayFile, written: WrittenNames, report: Report): NamedThings {
  const used = new Set<string>()
  const things = {
    issuers: mapEntries(file.issuers, (name, it) => resolveIssuer(name, it, report)),
    upstreams: mapEntries(file.upstreams, resolveUpstream),
    rateLimits: mapEntries(file.rateLimits, (name, it) => resolveRateLimit(name, it, report)),
    cors: mapEntries(file.cors, (name, it) => resolveCors(name, it, report)),
  }
  checkIssuersDiffer(things.issuers, report)
  return {
    ...things,
    written,
    find<S extends Section>(section: S, name: string, path: Path) {
      used.add(`${section} ${name}`)
      const known = written[section]
      if (known && !known.includes(name)) {
        const place = report.closest(path)
        const hint = known.length === 0 ? `; there are no ${section} in this file` : ''
        const suggestion = report.isSubstituted(place) ? undefined : nearest(name, known)
        report.error(place, `unknown ${KINDS[section]} ${report.quote(place)}${hint}`, { suggestion })
      }
      return things[section].get(name) as MapValue<NamedThings[S]> | undefined
    },
    isUsed: (section, name) => used.has(`${section} ${name}`),
  }
}

function mapEntries<T, R>(record: Readonly<Record<string, T>>, map: (name: string, value: T) => R): Map<string, R> {
  return new Map(Object.entries(record).map(([name, value]) => [name, map(name, value)]))
}

function resolveIssuer(name: string, it: GatewayFile['issuers'][string], report: Report): IssuerConfig {
  const { freshFor, staleFor, refetchEvery, timeout } = it.keys
  if (staleFor < freshFor) {
    report.error(['issuers', name, 'keys'], 'staleFor must be at least freshFor: keys turn stale after they were fresh')
  }
  return {
    name,
    issuer: it.issuer,
    ...(it.jwks === undefined ? {} : { jwks: it.jwks }),
    audience: it.audience,
    roles: it.roles === 'keycloak' ? 'keycloak' : (readClaimPath(it.roles) ?? []),
    algorithms: [...new Set(it.algorithms)],
    clockSkewMs: it.clockSkew,
    maxTokenAgeMs: it.maxTokenAge,
    tokenTypes: [...new Set(it.tokenTypes)],
    keys: { freshForMs: freshFor, staleForMs: staleFor, refetchEveryMs: refetchEvery, timeoutMs: timeout },
  }
}

function checkIssuersDiffer(issuers: ReadonlyMap<string, IssuerConfig>, report: Report): void {
  const first = new Map<string, string>()
  for (const { name, issuer } of issuers.values()) {
    const other = first.get(issuer)
    if (other === undefined) first.set(issuer, name)
    else
      report.error(
        ['issuers', name, 'issuer'],
        `the issuer "${other}" has this identifier already (line ${report.line(['issuers', other, 'issuer'])})`,
      )
  }
}

function resolveUpstream(name: string, it: GatewayFile['upstreams'][string]): UpstreamConfig {
  const { connect, response, idle } = it.timeouts
  return {
    name,
    urls: [...new Set(it.urls)],
    timeouts: { connectMs: connect, responseMs: response, idleMs: idle },
    connections: it.connections,
    ...(it.openapi === undefined ? {} : { openapi: it.openapi }),
  }
}

function resolveRateLimit(name: string, it: GatewayFile['rateLimits'][string], report: Report): RateLimitPolicy {
  const path = ['rateLimits', name, 'key']
  const key = it.key.map((part) => readKeyPart(part, path, report))
  if (it.when === 'before-auth' && key.some(({ from }) => from === 'token')) {
    report.error(path, 'before authentication there is no token to count by; count by client.ip, or leave out when')
  }
  const skips = it.whenMissing === 'skip'
  if (skips && !key.some(canBeMissing)) {
    report.error(['rateLimits', name, 'whenMissing'], 'every request has all parts of this key; leave out whenMissing')
  }
  return {
    name,
    limit: it.limit,
    windowMs: it.window,
    key,
    when: it.when,
    ...(skips && { whenMissing: 'skip' as const }),
    onStoreError: it.onStoreError,
  }
}

function canBeMissing({ from }: KeyPart): boolean {
  return from !== 'client.ip' && from !== 'route'
}

/** The schema has checked the part but for the claim. */
function readKeyPart(part: string, path: Path, report: Report): KeyPart {
  if (part === 'client.ip' || part === 'route') return { from: part }
  const dot = part.indexOf('.')
  const rest = part.slice(dot + 1)
  if (part.startsWith('header.')) return { from: 'header', name: rest.toLowerCase() }
  if (part.startsWith('form.')) return { from: 'form', name: rest }
  const claim = readClaimPath(rest)
  if (!claim) report.error(path, 'expected token.<claim>: dots nest (token.a.b), or a JSON Pointer (token./a~1b)')
  return { from: 'token', claim: claim ?? [] }
}

function resolveCors(name: string, it: GatewayFile['cors'][string], report: Report): CorsPolicy {
  const any = it.origins.includes('*')
  const path = ['cors', name, 'origins']
  if (any && it.credentials) {
    report.error(path, '"*" cannot go with credentials: any page could act for the user; list the origins')
  } else if (any && it.origins.length > 1) {
    report.error(path, '"*" already stands for every origin; leave it or the others out')
  }
  return {
    name,
    origins: new Set(it.origins),
    credentials: it.credentials,
    maxAgeSeconds: Math.floor(it.maxAge / 1000),
    ...(it.headers === undefined ? {} : { headers: it.headers }),
    expose: it.expose,
  }
}
