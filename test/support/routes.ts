/** Routes as the loader would resolve them, with what a test does not care about filled in. */
import type { AllowLine, Method, RouteConfig, RoutePolicy } from '../../src/config/gateway-config.ts'

export function route(path: string, rest: Partial<RouteConfig> = {}): RouteConfig {
  const timeouts = { connectMs: 2000, responseMs: 30_000, idleMs: 60_000 }
  return {
    path,
    line: 1,
    upstream: { name: 'orders', urls: ['http://127.0.0.1:1'], timeouts, connections: 1 },
    policy: { allow: [] },
    issuers: ['main'],
    rateLimits: [],
    identity: { headers: new Map(), authorization: 'strip' },
    timeouts,
    bodyBytes: 1024,
    websocket: false,
    session: false,
    ...rest,
  }
}

export function routeWith(policy: RoutePolicy): RouteConfig {
  return route('/orders/{id}', { policy })
}

export function line(methods: readonly Method[], rest: Partial<Omit<AllowLine, 'methods'>> = {}): AllowLine {
  return { line: 1, methods: new Set(methods), claims: [], where: [], anyToken: false, ...rest }
}

export const all = <T>(...values: T[]) => ({ match: 'all' as const, values })
export const any = <T>(...values: T[]) => ({ match: 'any' as const, values })

/** What a decision looks at in a token. */
export function grants({
  scopes = [] as string[],
  roles = [] as string[],
  claims = {} as Record<string, unknown>,
} = {}) {
  return { scopes: new Set(scopes), roles: new Set(roles), claims }
}
