/** The simulation against the gateway itself: the same requests, once without and once with sockets and signatures. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completeClaims, issuerOf, readClaimedToken } from '../../../src/authoring/claims-token.ts'
import { createSimulation, REQUEST_ID, type Simulation } from '../../../src/authoring/simulate.ts'
import type { GatewayConfig } from '../../../src/config/gateway-config.ts'
import { loadConfigFile } from '../../../src/config/load.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { type RawAnswer, request } from '../../support/raw-http.ts'
import { createTestIssuer, type TestIssuer } from '../../support/test-issuer.ts'
import { type SigningKey, signToken } from '../../support/tokens.ts'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'

type Claims = Readonly<Record<string, unknown>>

let issuer: TestIssuer
let partner: TestIssuer
let upstream: TestUpstream
let gateway: TestGateway
let config: GatewayConfig

beforeAll(async () => {
  issuer = await createTestIssuer()
  partner = await createTestIssuer({ realm: 'partner' })
  upstream = await startUpstream()
  const anyToken = [{ methods: 'any', token: 'any' }]
  gateway = await startGateway({
    issuers: {
      main: { issuer: issuer.issuer, audience: ['shop-api', 'other-api'] },
      partner: { issuer: partner.issuer, audience: 'shop-api', tokenTypes: ['at+jwt'], roles: 'groups' },
    },
    upstreams: { orders: upstream.url },
    rateLimits: {
      // One window for each request, so that each is the first in it.
      'per-ip': { limit: 9, window: '1m', key: ['client.ip', 'header.x-case'], when: 'before-auth' },
      'per-user': { limit: 9, window: '1m', key: ['token.sub', 'header.x-case'] },
    },
    cors: { spa: { origins: ['https://shop.example.com'] } },
    defaults: { issuer: 'main', rateLimits: ['per-user'], cors: 'spa' },
    routes: [
      {
        path: '/orders/**',
        to: 'orders',
        allow: [
          { methods: ['GET'], scopes: { any: ['orders:read', 'orders:all'] } },
          { methods: ['POST'], scopes: { all: ['orders:write', 'profile'] }, because: 'only clerks write' },
          { methods: 'any', roles: { any: ['admin', 'shop-api:manager'] } },
        ],
      },
      { path: '/orders/export', to: 'orders', allow: [{ methods: ['GET'], claims: { acr: { any: ['gold', 2] } } }] },
      {
        path: '/users/{userId}/orders',
        to: { upstream: 'orders', rewrite: '/internal/{userId}/orders' },
        allow: [{ methods: ['GET'], scopes: 'orders:read', where: { 'path.userId': 'token.sub' } }],
      },
      { path: '/catalog/**', to: 'orders', methods: ['GET'], public: 'open' },
      { path: '/half', to: 'orders', methods: ['GET'], public: 'open', allow: [{ methods: ['POST'], scopes: 'a' }] },
      { path: '/partner', to: 'orders', issuer: 'partner', allow: [{ methods: ['GET'], roles: 'staff' }] },
      {
        path: '/report/{id}',
        to: 'orders',
        mode: 'report',
        allow: [{ methods: ['GET'], scopes: 'orders:read', where: { 'path.id': 'token.sub' } }],
      },
      {
        path: '/reported-line',
        to: 'orders',
        until: '2101-03-31',
        allow: [
          { methods: ['GET'], scopes: 'orders:read' },
          { methods: ['GET', 'PUT'], roles: 'admin', mode: 'report' },
        ],
      },
      {
        path: '/candidate',
        to: 'orders',
        allow: [{ methods: ['GET'], scopes: 'orders:read' }],
        candidate: [{ methods: ['GET'], scopes: 'nobody' }],
      },
      { path: '/either', to: 'orders', issuer: ['main', 'partner'], allow: anyToken },
      {
        path: '/fields',
        to: 'orders',
        cors: false,
        rateLimits: ['per-ip', 'per-user'],
        identity: { headers: { 'X-Who': 'sub', 'X-Groups': 'groups', 'X-Deep': 'a.b', 'X-Scopes': 'scope' } },
        allow: anyToken,
      },
    ],
  })
  config = loadConfigFile(gateway.configFile, {}).config as GatewayConfig
})
afterAll(async () => {
  await gateway.close()
  await upstream.close()
  await issuer.close()
  await partner.close()
})

const REQUESTS = [
  'GET /orders',
  'GET /orders/7?a=%2F',
  'HEAD /orders/7',
  'POST /orders/7',
  'PATCH /orders',
  'GET /orders/export',
  'POST /orders/export',
  'GET /orders/%65xport/',
  'GET /users/u1/orders?x',
  'GET /users/%75%31/orders',
  'GET /users/u%C3%A9/orders',
  'DELETE /users/u1/orders',
  'GET /users/a%20b/orders',
  'GET /catalog/x',
  'POST /catalog/x',
  'TRACE /catalog/x',
  'OPTIONS /catalog/x',
  'GET /half',
  'POST /half',
  'PUT /half',
  'GET /partner',
  'GET /report/u1',
  'PUT /report/u1',
  'TRACE /report/u1',
  'GET /reported-line',
  'PUT /reported-line',
  'GET /candidate',
  'GET /either',
  'PUT /fields',
  'GET /nowhere',
  'GET /orders//7',
  'GET /orders/../users',
  'GET /orders;a=b',
  'GET /.well-known/oauth-protected-resource',
  'GET /orders?access_token=abc',
]
const CALLERS: readonly (Claims | undefined)[] = [
  undefined,
  {},
  { scope: 'orders:read' },
  { scope: 'orders:write', sub: 'u1' },
  { scp: ['orders:all', 'profile'], scope: 'orders:write', azp: 'spa' },
  { sub: 'u1', scope: 'orders:read a', azp: 'spa', groups: ['x,y', 'é', 3, null], a: { b: true } },
  { sub: 'ué', scope: 'orders:read' },
  { sub: 'a b', scope: 'orders:read' },
  { realm_access: { roles: ['admin'] } },
  { resource_access: { 'shop-api': { roles: ['manager'] } }, acr: 2 },
  { acr: 'gold', scope: '' },
  { acr: ['silver', 'gold'] },
  { aud: 'elsewhere' },
  { exp: 1 },
  { exp: 4_000_000_000 },
  { nbf: 4_000_000_000, exp: 4_000_000_100, iat: 4_000_000_000 },
  { typ: 'ID' },
  { sub: 7 },
  { cnf: {} },
  { partner: true, groups: ['staff'], sub: 'p' },
  { partner: true, groups: 'staff' },
]
const ORIGINS = [undefined, 'https://shop.example.com', 'https://evil.example']

let cases = 0

async function compare(line: string, claims: Claims | undefined, fields: readonly string[][] = []) {
  const [method = '', target = ''] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]
  cases += 1
  const headers = [...fields, ['Host', new URL(gateway.url).host], ['X-Case', `${cases}`]]
  const nowMs = Date.now()
  const { partner: isPartner, ...own } = claims ?? {}
  const given = isPartner ? { iss: partner.issuer, ...own } : own
  const simulation = createSimulation(config)(
    { method, target, headers: headers.flat(), client: '127.0.0.1' },
    claims && ((accepted) => readClaimedToken(config, given, accepted, nowMs)),
  )
  const bearer = claims === undefined ? [] : [`Authorization: Bearer ${await sign(given, simulation, nowMs)}`]
  const before = upstream.received.length
  const answer = await request(gateway.url, [
    `${method} ${target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...bearer,
  ])
  expect
    .soft(seenOf(answer, before, simulation), `${line} ${JSON.stringify(claims)}`)
    .toEqual(saidBy(simulation, method))
}

/** Signs what the simulation took the claims for. */
async function sign(claims: Claims, { match }: Simulation, nowMs: number): Promise<string> {
  const signer = issuerOf(config, claims, match?.route.issuers)
  if (signer === undefined) throw new Error('no issuer')
  const { claims: whole, header } = completeClaims(claims, signer, nowMs)
  const [key] = (signer.name === 'partner' ? partner : issuer).keys
  return signToken(whole, key as SigningKey, header)
}

const COMPARED = [
  'www-authenticate',
  'allow',
  'retry-after',
  'access-control-allow-origin',
  'ratelimit',
  'ratelimit-policy',
]

function saidBy({ answer, outcome, upstreamPath, identityFields }: Simulation, method: string) {
  const fields = COMPARED.map((name) => {
    const at = answer.headers.findIndex((field, i) => i % 2 === 0 && field.toLowerCase() === name)
    return [name, at === -1 ? undefined : answer.headers[at + 1]]
  })
  const body = outcome === 'forwarded' || method === 'HEAD' ? '' : answer.body
  return { status: answer.status, fields, body, upstreamPath, identityFields }
}

function seenOf({ status, headers, body }: RawAnswer, before: number, { match }: Simulation) {
  const received = upstream.received[before]
  const isOurs = (name: string | undefined) => name !== undefined && match?.route.identity.headers.has(name)
  const raw = received?.rawHeaders ?? []
  return {
    status,
    fields: COMPARED.map((name) => [name, headers.get(name)?.[0]]),
    body: received === undefined ? body.replace(/"requestId":"[^"]*"/, `"requestId":"${REQUEST_ID}"`) : '',
    upstreamPath: received?.url,
    identityFields: raw.filter((_, i) => isOurs(raw[i - (i % 2)])),
  }
}

describe('the simulation of a request', () => {
  it.each(REQUESTS)('says what the gateway answers, whoever asks: %s', async (line) => {
    for (const claims of CALLERS) await compare(line, claims)
  })

  it.each(ORIGINS.slice(1))('says what a page gets, preflights included: %s', async (origin = '') => {
    for (const line of ['GET /orders', 'GET /fields', 'GET /nowhere', 'OPTIONS /orders', 'OPTIONS /fields']) {
      for (const claims of [undefined, { scope: 'orders:read' }]) {
        await compare(line, claims, [['Origin', origin]])
        await compare(line, claims, [
          ['Origin', origin],
          ['Access-Control-Request-Method', 'POST'],
        ])
      }
    }
  })

  it('says what becomes of odd fields and long targets', async () => {
    await compare('GET /orders', undefined, [['Via', '1.1 another']])
    await compare('GET /orders', undefined, [['X-Large', 'x'.repeat(15_900)]])
    await compare('GET /catalog/x', undefined, [['X-User-Id', 'root']])
    await compare(`GET /orders?${'x'.repeat(8193)}`, undefined)
  })
})
