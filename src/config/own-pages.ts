/** What `login` and `docs` have in common: an issuer where people log in, and pages that no upstream serves. */
import type { IssuerConfig, Method, RateLimitPolicy, RouteConfig } from './gateway-config.ts'
import type { Report } from './report.ts'
import type { NamedThings } from './resolve-names.ts'

type Section = 'login' | 'docs'

/** @param name as written in the section; only one issuer needs none */
export function findPageIssuer(
  section: Section,
  name: string | undefined,
  things: NamedThings,
  report: Report,
): IssuerConfig | undefined {
  if (name !== undefined) return things.find('issuers', name, [section, 'issuer'])
  const [only, ...others] = things.written.issuers ?? []
  if (only !== undefined && others.length === 0) return things.find('issuers', only, [section])
  if (things.written.issuers) report.error([section], 'say which issuer users log in at, with issuer:', { at: 'key' })
  return undefined
}

export interface PageOptions {
  readonly path: string
  readonly line: number
  readonly methods: readonly Method[]
  /** Why it is public. */
  readonly reason: string
  readonly rateLimits: readonly RateLimitPolicy[]
  readonly page: NonNullable<RouteConfig['page']>
}

export function toPageRoute({ path, line, methods, reason, rateLimits, page }: PageOptions): RouteConfig {
  const timeouts = { connectMs: 0, responseMs: 0, idleMs: 0 }
  return {
    ...{ path, line, rateLimits, timeouts, page },
    upstream: { name: 'the gateway itself', urls: [], timeouts, connections: 0 },
    policy: { public: { methods: new Set(methods), reason }, allow: [] },
    issuers: [],
    identity: { headers: new Map(), authorization: 'strip' },
    bodyBytes: 0,
    websocket: false,
    session: false,
  }
}
