import { describe, expect, it } from 'vitest'
import { readClaimedToken } from '../../../../src/authoring/claims-token.ts'
import { meantPolicy } from '../../../../src/authoring/report-mode.ts'
import { createSimulation } from '../../../../src/authoring/simulate.ts'
import type { GatewayConfig } from '../../../../src/config/gateway-config.ts'
import { loadConfigFile } from '../../../../src/config/load.ts'
import { policy } from '../../../support/policy-file.ts'
import { type Document, faultsOf, generate } from './documents.ts'

const read = { methods: ['GET'], scopes: 'orders:read' }
const issuers = {
  main: { issuer: 'https://id.example/realms/shop', audience: 'shop-api' },
  partner: { issuer: 'https://partner.example/', audience: 'shop-api' },
}

const everything = policy({
  issuers,
  rateLimits: {
    'per-ip': { limit: 9, window: '1m', key: 'client.ip', when: 'before-auth' },
    'per-user': { limit: 5, window: '10s', key: 'token.sub' },
  },
  defaults: { issuer: 'main' },
  routes: [
    {
      path: '/orders/**',
      to: 'orders',
      rateLimits: ['per-ip', 'per-user'],
      allow: [
        read,
        { methods: ['POST'], scopes: { all: ['orders:write', 'profile'] }, because: 'only clerks write' },
        { methods: ['PUT', 'DELETE'], scopes: { any: ['orders:write', 'orders:all'] } },
        { methods: 'any', roles: { any: ['admin', 'shop-api:manager'] } },
        { methods: ['PATCH'], scopes: 'profile', claims: { acr: { any: ['gold', 2] }, 'org.id': 'o1' } },
      ],
    },
    {
      path: '/orders/export',
      to: 'orders',
      issuer: ['main', 'partner'],
      allow: [{ methods: ['GET', 'POST'], scopes: 'a' }],
    },
    {
      path: '/users/{userId}/orders',
      to: 'orders',
      allow: [{ methods: ['GET'], scopes: { any: ['orders:read', 'a'] }, where: { 'path.userId': 'token.sub' } }],
    },
    { path: '/catalog/**', to: 'orders', methods: ['GET'], public: 'product pages are open' },
    { path: '/half', to: 'orders', methods: ['GET'], public: 'open', allow: [{ methods: ['POST'], token: 'any' }] },
    { path: '/heads', to: 'orders', allow: [read, { methods: ['HEAD'], scopes: 'ping' }] },
  ],
})

const files = {
  'scopegate.yaml': loadConfigFile('scopegate.yaml', {}).config as GatewayConfig,
  'full.yaml': loadConfigFile('test/fixtures/config/full.yaml', { REDIS_URL: 'redis://r' }).config as GatewayConfig,
  'one with everything': everything,
}

interface Operation {
  readonly path: string
  readonly method: string
  readonly operation: Document
}

function operationsIn(document: Document): Operation[] {
  return Object.entries<Document>(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
}

const toTarget = (path: string) => path.replace(/\{\w+\}/g, 'p1')

/** All claims that a way names beside its scopes; each `any` by its first value. */
function otherClaims({ roles, claims = [], where = {} }: Document): Record<string, unknown> {
  const made: Record<string, unknown> = {}
  for (const role of roles === undefined ? [] : roles.match === 'all' ? roles.values : [roles.values.at(-1)]) {
    const [client, name] = role.split(':')
    if (name === undefined) made.realm_access = { roles: [role] }
    else made.resource_access = { [client]: { roles: [name] } }
  }
  for (const { name, values } of claims) {
    const [first, second] = name.split('.')
    made[first] = second === undefined ? values[0] : { [second]: values[0] }
  }
  for (const claim of Object.values<string>(where)) made[claim] = 'p1'
  return made
}

const isScopesAlone = (way: Document) => way.roles === undefined && !way.claims && !way.where
const hold = (way: Document, scopes: readonly string[]) => {
  if (way.scopes === undefined) return true
  const has = (scope: string) => scopes.includes(scope)
  return way.scopes.match === 'all' ? way.scopes.values.every(has) : way.scopes.values.some(has)
}
function subsetsOf([first, ...rest]: readonly string[]): string[][] {
  if (first === undefined) return [[]]
  return subsetsOf(rest).flatMap((subset) => [subset, [first, ...subset]])
}

describe.each(Object.entries(files))('the OpenAPI document of %s', (_, config) => {
  const document = generate(config)
  // A document is about what routes are meant to be; those in report mode are that once it is over.
  const routes = config.routes.map((route) => ({ ...route, policy: meantPolicy(route) }))
  const simulate = createSimulation({ ...config, routes: routes.map(({ report: _, ...route }) => route) })
  const isForwarded = ({ method, path }: Pick<Operation, 'method' | 'path'>, claims?: Record<string, unknown>) => {
    const request = { method, target: toTarget(path), headers: [], client: '127.0.0.1' }
    const caller =
      claims && ((accepted: readonly string[] | undefined) => readClaimedToken(config, claims, accepted, 0))
    return simulate(request, caller).outcome === 'forwarded'
  }

  it('is valid by the schema of OpenAPI 3.1', async () => {
    expect(await faultsOf(document)).toBeUndefined()
  })

  it('lets nobody in without a token but where security is empty', () => {
    for (const one of operationsIn(document)) {
      expect(isForwarded(one), `${one.method} ${one.path}`).toBe(one.operation.security.length === 0)
    }
  })

  it('says which scopes alone are enough: each combination of them, for each issuer', () => {
    for (const one of operationsIn(document)) {
      const ways: Document[] = one.operation['x-scopegate-allow'] ?? []
      const requirements = one.operation.security.flatMap((it: Document) => Object.entries<string[]>(it))
      const scopes: string[] = [...new Set<string>(requirements.flatMap(([, values]: [string, string[]]) => values))]
      const schemes = new Set<string>(requirements.map(([name]: [string]) => name))
      for (const name of schemes) {
        const url: string = document.components.securitySchemes[name].openIdConnectUrl
        const iss = config.issuers.get(name)?.issuer
        expect(url.replace('/.well-known/openid-configuration', '')).toBe(iss?.replace(/\/$/, ''))
        for (const held of subsetsOf(scopes)) {
          const label = `${one.method} ${one.path} with ${held}`
          const isEnough = ways.some((way) => isScopesAlone(way) && hold(way, held))
          expect(isForwarded(one, { iss, scope: held.join(' ') }), label).toBe(isEnough)
          const meets = requirements.some(([, values]: [string, string[]]) => values.every((it) => held.includes(it)))
          if (isEnough) expect(meets, label).toBe(true)
          if (ways.every(isScopesAlone)) expect(isEnough, label).toBe(meets)
        }
      }
      expect(isForwarded(one, { iss: 'https://nobody.example', scope: scopes.join(' ') })).toBe(schemes.size === 0)
    }
  })

  it('says what else a token needs: each requirement with the conditions of its way passes', () => {
    for (const one of operationsIn(document)) {
      for (const way of one.operation['x-scopegate-allow'] ?? []) {
        const choices: string[][] =
          way.scopes === undefined
            ? [[]]
            : way.scopes.match === 'all'
              ? [way.scopes.values]
              : way.scopes.values.map((it: string) => [it])
        for (const scopes of choices) {
          const label = `${one.method} ${one.path} with ${scopes}`
          expect(
            Object.values(
              one.operation.security.find(
                (it: Document) => JSON.stringify(Object.values(it)) === JSON.stringify([scopes]),
              ) ?? {},
            ),
            label,
          ).toEqual([scopes])
          expect(isForwarded(one, { scope: scopes.join(' '), ...otherClaims(way) }), label).toBe(true)
        }
      }
    }
  })

  it('has every method that anybody may use on a path, and no other', () => {
    for (const path of Object.keys(document.paths)) {
      const ways = operationsIn(document).filter((one) => one.path === path)
      const has = (method: string) => ways.some((one) => one.method === method)
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const request = { method, target: toTarget(path), headers: [], client: '127.0.0.1' }
        const answer = simulate(request, (accepted) => readClaimedToken(config, {}, accepted, 0))
        const isThere = has(method) || (method === 'HEAD' && has('GET'))
        expect(answer.error?.code === 'method_not_allowed', `${method} ${path}`).toBe(!isThere)
      }
    }
  })
})

describe('createOpenApi', () => {
  const document = generate(everything)

  it('stands a ** route for its path and {rest} below it', () => {
    expect(Object.keys(document.paths)).toContain('/orders')
    const [parameter] = document.paths['/orders/{rest}'].get.parameters
    expect(parameter).toMatchObject({ name: 'rest', in: 'path', required: true, 'x-scopegate-rest': true })
  })

  it('gives a ** route the paths that no other route takes', () => {
    const any = [{ methods: ['GET'], token: 'any' }]
    const paths = (...routes: string[]) => {
      const config = policy({ routes: routes.map((path) => ({ path, to: 'orders', allow: any })) })
      return Object.keys(generate(config).paths)
    }
    expect(paths('/**')).toEqual(['/', '/{rest}'])
    expect(paths('/a/**', '/a', '/a/{id}')).toEqual(['/a/{segment}/{rest}', '/a', '/a/{id}'])
    expect(paths('/a/**', '/a/{id}/**')).toEqual(['/a', '/a/{id}', '/a/{id}/{rest}'])
    expect(paths('/{rest}/**')).toEqual(['/{rest}', '/{rest}/{rest2}'])
  })

  it('lets a body be sent where there may be one', () => {
    const { post, get } = document.paths['/orders']
    expect(post.requestBody).toEqual({ description: 'At most 1048576 bytes.', content: { '*/*': {} } })
    expect(get).not.toHaveProperty('requestBody')
  })

  it('leaves out HEAD where it is as GET, and shows it where others may use it', () => {
    expect(Object.keys(document.paths['/orders/export'])).toEqual(['get', 'post'])
    expect(Object.keys(document.paths['/heads'])).toEqual(['get', 'head'])
  })

  it('says in words what security cannot say', () => {
    expect(document.paths['/orders'].post.description).toBe(
      'Needs a token with scopes orders:write and profile (only clerks write), or roles admin or shop-api:manager.',
    )
    const { get } = document.paths['/catalog']
    expect(get).toMatchObject({ security: [], 'x-scopegate-public': 'product pages are open' })
    expect(get.description).toBe('No token is needed: product pages are open.')
  })

  it('refers to the answers that the gateway may give', () => {
    const statuses = (path: string, method: string) => Object.keys(document.paths[path][method].responses)
    expect(statuses('/orders', 'get')).toEqual(['400', '401', '403', '429', '502', '503', '504', 'default'])
    expect(statuses('/orders', 'post')).toContain('413')
    expect(statuses('/catalog', 'get')).toEqual(['400', '502', '503', '504', 'default'])
    expect(document.components.responses.Forbidden.headers).toHaveProperty('WWW-Authenticate')
    expect(Object.keys(document.components.responses.TooManyRequests.headers)).toEqual([
      ...['X-Request-Id', 'Retry-After', 'RateLimit-Policy', 'RateLimit'],
    ])
    expect(document.paths['/orders'].get['x-scopegate-limits']).toEqual([
      { name: 'per-ip', limit: 9, windowSeconds: 60 },
      { name: 'per-user', limit: 5, windowSeconds: 10 },
    ])
  })

  it('shows no address of an upstream', () => {
    expect(JSON.stringify(document)).not.toContain('127.0.0.1')
  })

  it('names the public address as the server', () => {
    const routes = [{ path: '/', to: 'orders', public: 'open' }]
    const serversOf = (more: object) => generate(policy({ routes, ...more })).servers
    expect(serversOf({ resource: 'https://api.example.com/shop' })).toEqual([{ url: 'https://api.example.com' }])
    expect(serversOf({})).toEqual([{ url: '/' }])
  })
})
