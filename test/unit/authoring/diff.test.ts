import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRoles, readScopes } from '../../../src/authentication/grants.ts'
import { readClaimedToken } from '../../../src/authoring/claims-token.ts'
import { type Diff, diff } from '../../../src/authoring/diff.ts'
import { createSimulation } from '../../../src/authoring/simulate.ts'
import { decide } from '../../../src/authorization/decide.ts'
import type { GatewayConfig } from '../../../src/config/gateway-config.ts'
import { createRouteTable, type RouteMatch } from '../../../src/routing/route-table.ts'
import { holds } from '../../support/cases.ts'
import { policy } from '../../support/policy-file.ts'

type File = Readonly<Record<string, unknown>>

const NOW = Date.parse('2026-11-24T12:00:00Z')
const read = { methods: ['GET'], scopes: 'orders:read' }
const orders = (...allow: unknown[]) => [{ path: '/orders/**', to: 'orders', allow }]
const between = (before: File, after: File) => diff(policy(before), policy(after))
const routes = (before: unknown[], after: unknown[]) => between({ routes: before }, { routes: after })

describe('diff', () => {
  it('finds nothing between a file and itself, whatever the order', () => {
    const admin = { methods: 'any', roles: 'admin' }
    const other = { path: '/other', to: 'orders', public: 'open' }
    expect(routes([...orders(read, admin), other], [other, ...orders(read, admin)])).toEqual({
      ...{ newlyAllowed: [], newlyDenied: [], routes: [], issuers: [], rateLimits: [], upstreams: [], widens: false },
    })
  })

  it('shows a new line, with a request that it allows', () => {
    const { newlyAllowed, newlyDenied, widens } = routes(
      orders(read),
      orders(read, { methods: ['POST'], roles: 'clerk' }),
    )
    expect(newlyAllowed).toEqual([
      {
        route: '/orders/**',
        line: expect.any(Number),
        methods: ['POST'],
        who: 'role clerk',
        example: { method: 'POST', path: '/orders', claims: { realm_access: { roles: ['clerk'] } } },
      },
    ])
    expect({ newlyDenied, widens }).toEqual({ newlyDenied: [], widens: true })
  })

  it('does not take a line for new that an old one covers', () => {
    const narrower = { methods: ['GET'], scopes: { all: ['orders:read', 'profile'] } }
    expect(routes(orders(read), orders(read, narrower)).widens).toBe(false)
    const { newlyAllowed, newlyDenied } = routes(orders(read), orders(narrower))
    expect([newlyAllowed, newlyDenied.map(({ who }) => who)]).toEqual([[], ['scope orders:read']])
  })

  it('names the values of `any` that are new', () => {
    const one = { methods: ['GET'], claims: { acr: 'gold' } }
    const two = { methods: ['GET'], claims: { acr: { any: ['gold', 'silver'] } } }
    expect(routes(orders(one), orders(two)).newlyAllowed.map(({ who }) => who)).toEqual(['acr = silver'])
  })

  it('sees that a more specific route takes requests away from another', () => {
    const after = [...orders(read), { path: '/orders/export', to: 'orders', public: 'open' }]
    const { newlyAllowed, newlyDenied } = routes(orders(read), after)
    expect(newlyAllowed).toMatchObject([{ route: '/orders/export', who: 'anybody, without a token' }])
    expect(newlyDenied).toEqual([])
    const closed = [
      ...orders(read),
      { path: '/orders/export', to: 'orders', allow: [{ methods: ['GET'], roles: 'a' }] },
    ]
    expect(routes(orders(read), closed).newlyDenied).toMatchObject([
      { route: '/orders/**', example: { path: '/orders/export' } },
    ])
  })

  it('follows a path that leaves a literal for a parameter', () => {
    const any = { path: '/{x}/{id}', to: 'orders', allow: [read] }
    const before = [any, { path: '/a/{id}', to: 'orders', allow: [{ methods: ['GET'], roles: 'admin' }] }]
    const after = [any, { path: '/a/b', to: 'orders', allow: [{ methods: ['GET'], roles: 'admin' }] }]
    expect(routes(before, after).newlyAllowed).toMatchObject([
      { route: '/{x}/{id}', who: 'scope orders:read', example: { path: expect.stringMatching(/^\/a\/[^b]/) } },
    ])
  })

  it('tells ownership from any token', () => {
    const user = (...allow: unknown[]) => [{ path: '/users/{id}', to: 'orders', allow }]
    const own = { methods: ['GET'], where: { 'path.id': 'token.sub' } }
    const bob = { methods: ['GET'], claims: { sub: 'bob' }, where: { 'path.id': 'token.sub' } }
    expect(routes(user(own), user({ methods: ['GET'], token: 'any' })).newlyAllowed).toHaveLength(1)
    expect(routes(user(own), user(own, bob)).newlyAllowed).toEqual([])
    expect(routes(user(bob), user(own)).newlyAllowed).toHaveLength(1)
    expect(routes(user({ methods: ['GET'], roles: 'x' }), user(bob)).newlyAllowed).toMatchObject([
      { example: { path: '/users/bob', claims: { sub: 'bob' } } },
    ])
  })

  it('does not take a scope for the text of the claim', () => {
    const text = { methods: ['GET'], claims: { scope: 'orders:read' } }
    expect(routes(orders(text), orders(read)).newlyAllowed).toHaveLength(1)
    expect(routes(orders(read), orders(text)).newlyAllowed).toEqual([])
  })

  it('shows what changes beside', () => {
    const settings = {
      rateLimits: { all: { limit: 5, window: '1m', key: 'client.ip' } },
      defaults: { rateLimits: ['all'] },
    }
    const changed = {
      ...settings,
      rateLimits: { all: { limit: 9, window: '1m', key: 'client.ip' } },
      issuers: { main: { issuer: 'https://id.example/realms/shop', audience: ['shop-api', 'another'] } },
      upstreams: { orders: 'http://127.0.0.1:1', other: 'http://127.0.0.1:2' },
    }
    const result = between(
      { ...settings, routes: orders(read) },
      {
        ...changed,
        routes: [
          { ...orders(read)[0], to: 'other', rateLimits: [], limits: { body: '9B' } },
          { path: '/x', to: 'orders', public: 'x' },
        ],
      },
    )
    expect(result.routes.map(({ setting, before, after }) => [setting, before, after])).toEqual([
      ['upstream', 'orders', 'other'],
      ['rateLimits', 'all', 'none'],
      ['limits.body', '1048576B', '9B'],
    ])
    expect(result.issuers).toMatchObject([{ issuer: 'main', setting: 'audience', widens: true }])
    expect(result.rateLimits).toMatchObject([{ rateLimit: 'all', setting: 'limit', before: '5', after: '9' }])
  })
})

const METHODS = ['GET', 'POST'] as const
const names = fc.constantFrom('a', 'b')
const several = fc.oneof(names, fc.constantFrom<unknown>({ all: ['a', 'b'] }, { any: ['a', 'b'] }))
const conditions = fc.record(
  {
    scopes: several,
    roles: several,
    claims: fc.oneof(
      fc.record({ acr: several }),
      fc.record({ sub: names }),
      fc.record({ scope: fc.constantFrom('a', 'a b') }),
      fc.record({ 'realm_access.roles': names }),
    ),
    own: fc.constantFrom('sub', 'azp', 'acr'),
  },
  { requiredKeys: [] },
)
const methods = fc.subarray([...METHODS], { minLength: 1 })
const shapes = ['/a', '/a/**', '/a/b', '/a/{id}', '/{x}', '/{x}/b', '/{x}/{id}', '/**', '/a/{id}/b']
const param = (path: string) => ['id', 'x'].find((name) => path.includes(`{${name}}`))

function toRoute(
  path: string,
  lines: readonly (readonly [readonly string[], Record<string, unknown>])[],
  open: boolean,
) {
  if (open) return { path, to: 'orders', methods: ['POST'], public: 'x', allow: [{ methods: ['GET'], token: 'any' }] }
  const name = param(path)
  const allow = lines.map(([of, { own, ...rest }]) => {
    const where = own !== undefined && name !== undefined ? { where: { [`path.${name}`]: `token.${own}` } } : {}
    const line = { ...rest, ...where }
    return { methods: of, ...(Object.keys(line).length === 0 ? { token: 'any' } : line) }
  })
  return { path, to: 'orders', allow }
}

const route = (path: string) =>
  fc
    .tuple(fc.array(fc.tuple(methods, conditions), { minLength: 1, maxLength: 2 }), fc.integer({ min: 0, max: 9 }))
    .map(([lines, dice]) => toRoute(path, lines, dice === 0))
const table = fc
  .subarray(shapes, { minLength: 1, maxLength: 4 })
  .chain((paths) => fc.tuple(...paths.map((path) => route(path))))
  .map((list) => policy({ routes: list }))

const PATHS = ['/', '/a', '/b', '/z', '/a/b', '/a/z', '/z/b', '/b/z', '/z/z', '/a/b/b', '/a/z/b', '/a/z/z', '/z/z/z']
const pick = <T>(...values: T[]) => [undefined, ...values]
/** Claims of every kind that the conditions above can tell apart. */
const TOKENS = pick('a', 'b', 'a b', 'b a').flatMap((scope) =>
  pick<unknown>(['a'], ['b'], ['a', 'b'], 'a').flatMap((roles) =>
    pick<unknown>('a', 'b', ['a', 'b'], 'z', ['z', 'b']).flatMap((acr) =>
      pick('a', 'b', 'z').map((sub) => ({
        ...(scope !== undefined && { scope }),
        ...(roles !== undefined && { realm_access: { roles } }),
        ...(acr !== undefined && { acr }),
        ...(sub !== undefined && { sub, azp: sub }),
      })),
    ),
  ),
)

const GRANTS = TOKENS.map((claims) => {
  const whole = { iss: 'https://id.example/realms/shop', aud: 'shop-api', ...claims }
  return { claims: whole, scopes: readScopes(whole), roles: readRoles(whole, 'keycloak') }
})

const NOBODY = { claims: {}, scopes: new Set<string>(), roles: new Set<string>() }
type Caller = typeof NOBODY | (typeof GRANTS)[number]

/** Whether a configuration lets the request of an example through. */
function passes(config: GatewayConfig, { method, path, claims }: Diff['newlyAllowed'][number]['example']): boolean {
  const caller = claims && ((accepted?: readonly string[]) => readClaimedToken(config, claims, accepted, NOW))
  const request = { method, target: path, headers: [], client: '127.0.0.1' }
  return createSimulation(config)(request, caller).outcome === 'forwarded'
}

/** The first caller whom only `after` lets through; undefined: there is none. */
function newcomer(before: RouteMatch | undefined, after: RouteMatch, method: string) {
  const allows = (match: RouteMatch | undefined, grants: Caller) =>
    match !== undefined && decide(match.route, method, match.params, grants === NOBODY ? undefined : grants).allowed
  return [NOBODY, ...GRANTS].find((grants) => allows(after, grants) && !allows(before, grants))
}

describe('diff, compared with all requests of small tables', () => {
  it('finds what is newly allowed, exactly where it is, and shows real requests', () => {
    holds(
      fc.property(table, table, (before, after) => {
        const { newlyAllowed } = diff(before, after)
        for (const { example } of newlyAllowed) {
          const outcome = [passes(before, example), passes(after, example)]
          expect(outcome, JSON.stringify(example)).toEqual([false, true])
        }
        const [old, next] = [createRouteTable(before.routes), createRouteTable(after.routes)]
        for (const path of PATHS) {
          const match = next.match(path)
          if (match === undefined) continue
          for (const method of METHODS) {
            const found = newcomer(old.match(path), match, method)
            const isShown = newlyAllowed.some(
              ({ route: shown, methods: of }) => shown === match.route.path && of.includes(method),
            )
            if (found !== undefined) expect(isShown, `${method} ${path} ${JSON.stringify(found)}`).toBe(true)
          }
        }
      }),
      { usual: 150, nightly: 5000 },
    )
  })
})
