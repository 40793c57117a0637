import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { request } from '../support/raw-http.ts'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

let issuer: TestIssuer
let upstream: TestUpstream
let gateway: TestGateway

beforeAll(async () => {
  issuer = await createTestIssuer()
  upstream = await startUpstream()
  gateway = await startGateway({
    issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
    upstreams: { orders: upstream.url },
    rateLimits: {
      'per-user': { limit: 1000, window: '1m', key: 'token.sub' },
      tight: { limit: 2, window: '1m', key: 'token.sub' },
      'per-ip': { limit: 1000, window: '1m', key: 'client.ip', when: 'before-auth' },
    },
    cors: { spa: { origins: ['https://shop.example.com'] } },
    defaults: { rateLimits: ['per-ip', 'per-user'], cors: 'spa' },
    routes: [
      {
        path: '/orders/**',
        to: 'orders',
        allow: [
          { methods: ['GET'], scopes: 'orders:read' },
          { methods: ['POST'], scopes: 'orders:write', because: 'only clerks write orders' },
          { methods: 'any', roles: 'admin' },
        ],
      },
      {
        path: '/users/{userId}/orders',
        to: { upstream: 'orders', rewrite: '/internal/{userId}/orders' },
        allow: [{ methods: ['GET'], scopes: 'orders:read', where: { 'path.userId': 'token.sub' } }],
      },
      { path: '/catalog/**', to: 'orders', methods: ['GET'], public: 'open', rateLimits: [] },
      {
        path: '/tight',
        to: 'orders',
        rateLimits: ['per-ip', 'tight'],
        allow: [{ methods: 'any', token: 'any' }],
      },
      {
        path: '/small',
        to: 'orders',
        limits: { body: '10B' },
        identity: { authorization: 'forward' },
        allow: [{ methods: 'any', token: 'any' }],
      },
    ],
  })
})
afterAll(async () => {
  await gateway.close()
  await upstream.close()
  await issuer.close()
})

const bearer = async (claims: Record<string, unknown> = {}) => `Authorization: Bearer ${await issuer.mint(claims)}`
const get = async (path: string, ...fields: string[]) => request(gateway.url, [`GET ${path} HTTP/1.1`, ...fields])
const problem = (body: string) => JSON.parse(body) as Record<string, unknown>

describe('what a client gets', () => {
  it('forwards an authorised request with the identity of the caller and nothing spoofed', async () => {
    const token = await bearer({ sub: 'u-1', azp: 'shop-spa', scope: 'orders:read profile' })
    const answer = await get(
      '/orders/7?a=%2F&b',
      token,
      'X-User-Id: root',
      'x_user_id: root',
      'X-Forwarded-For: 6.6.6.6',
    )
    expect(answer.status).toBe(200)
    expect(upstream.received.at(-1)).toMatchObject({ method: 'GET', url: '/orders/7?a=%2F&b' })
    expect(upstream.lastField('x-user-id')).toEqual(['u-1'])
    expect(upstream.lastField('x_user_id')).toEqual([])
    expect(upstream.lastField('x-client-id')).toEqual(['shop-spa'])
    expect(upstream.lastField('x-scopes')).toEqual(['orders:read profile'])
    expect(upstream.lastField('x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(upstream.lastField('authorization')).toEqual([])
    expect(upstream.lastField('via')[0]).toMatch(/^1\.1 scopegate-[0-9a-f]{12}$/)
    expect(upstream.lastField('host')).toEqual([new URL(upstream.url).host])
  })

  it.each(['/orders/7', '/nowhere', '/users/u-1/orders'])(
    'asks for a token on %s and tells nothing else',
    async (path) => {
      const answer = await get(path)
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toEqual([
        `Bearer resource_metadata="${gateway.url}/.well-known/oauth-protected-resource"`,
      ])
      expect(answer.headers.get('content-type')).toEqual(['application/problem+json'])
      expect(problem(answer.body)).toMatchObject({ status: 401, code: 'missing_token', requestId: expect.any(String) })
    },
  )

  it('answers 404 to a known caller on an unknown path', async () => {
    expect((await get('/nowhere', await bearer())).status).toBe(404)
  })

  it('answers 405 with Allow to a known caller', async () => {
    const answer = await request(gateway.url, ['POST /users/u-1/orders HTTP/1.1', await bearer(), 'Content-Length: 0'])
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')?.[0]?.split(', ').toSorted()).toEqual(['GET', 'HEAD'])
  })

  it('answers 403 with the scope that would do, and the reason the file gives', async () => {
    const answer = await request(gateway.url, [
      'POST /orders HTTP/1.1',
      await bearer({ scope: 'orders:read' }),
      'Content-Length: 0',
    ])
    expect(answer.status).toBe(403)
    expect(answer.headers.get('www-authenticate')?.[0]).toContain('error="insufficient_scope"')
    expect(answer.headers.get('www-authenticate')?.[0]).toContain('scope="orders:write"')
    expect(problem(answer.body)).toMatchObject({ code: 'insufficient_scope', because: ['only clerks write orders'] })
  })

  it('lets the owner in and nobody else, and rewrites the path', async () => {
    const token = await bearer({ sub: 'u 1', scope: 'orders:read' })
    expect((await get('/users/u%201/orders', token)).status).toBe(200)
    expect(upstream.received.at(-1)?.url).toBe('/internal/u%201/orders')
    expect((await get('/users/u2/orders', token)).status).toBe(403)
  })

  it('opens a public route without a token and strips one that is sent', async () => {
    expect((await get('/catalog/shoes', 'Authorization: Bearer rubbish')).status).toBe(200)
    expect(upstream.lastField('authorization')).toEqual([])
    expect(upstream.lastField('x-user-id')).toEqual([])
    expect((await request(gateway.url, ['DELETE /catalog/shoes HTTP/1.1'])).status).toBe(405)
  })

  it.each([
    ['an expired token', { exp: 1 }, 'token_expired'],
    ['another audience', { aud: 'account' }, 'token_audience'],
    ['an ID token', { typ: 'ID' }, 'token_type'],
    ['a bound token', { cnf: { jkt: 'x' } }, 'token_bound'],
  ])('refuses %s with invalid_token', async (_, claims, reason) => {
    const answer = await get('/orders/7', await bearer(claims))
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')?.[0]).toContain('error="invalid_token"')
    expect(gateway.logText()).not.toContain('Bearer ey')
    await expect.poll(() => gateway.logs().at(-1)).toMatchObject({ status: 401, reason })
  })

  it('answers 400 to a token sent twice', async () => {
    const answer = await get('/orders/7', await bearer(), await bearer())
    expect(answer.status).toBe(400)
    expect(problem(answer.body)).toMatchObject({ code: 'invalid_request' })
  })

  it.each([
    '/orders/..%2fx',
    '//orders',
    '/orders/%2e%2e/x',
    '/orders;a=1',
    '/orders%00',
    'http://127.0.0.1/orders/7',
    '/orders/#x',
  ])('answers 400 to the target %s, with a token or without', async (target) => {
    expect((await get(target)).status).toBe(400)
    expect((await get(target, await bearer({ scope: 'orders:read' }))).status).toBe(400)
  })

  it('counts, tells the client how much is left, and answers 429 beyond', async () => {
    const token = await bearer({ sub: 'busy' })
    const first = await get('/tight', token)
    expect(first.headers.get('ratelimit-policy')).toEqual(['"per-ip";q=1000;w=60, "tight";q=2;w=60'])
    expect(first.headers.get('ratelimit')?.[0]).toMatch(/"tight";r=1;t=\d+$/)
    await get('/tight', token)
    const third = await get('/tight', token)
    expect(third.status).toBe(429)
    expect(Number(third.headers.get('retry-after')?.[0])).toBeGreaterThan(50)
    expect(problem(third.body)).toMatchObject({ code: 'rate_limited', 'violated-policies': ['tight'] })
    expect(third.headers.get('ratelimit')?.[0]).toMatch(/"tight";r=0;t=\d+/)
  })

  it('gives back what a refused request had cost the limits before authentication', async () => {
    const remaining = async () =>
      Number(/"per-ip";r=(\d+)/.exec((await get('/nowhere')).headers.get('ratelimit')?.[0] ?? '')?.[1])
    const token = await bearer({ sub: 'refund' })
    await get('/tight', token)
    await get('/tight', token)
    const before = await remaining()
    const refused = await get('/tight', token)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('ratelimit')?.[0]).toContain(`"per-ip";r=${before};`)
    expect(await remaining()).toBe(before - 1)
  })

  it('answers a preflight without a token, and shows errors to the page', async () => {
    const origin = 'Origin: https://shop.example.com'
    const preflight = await request(gateway.url, [
      ...[
        'OPTIONS /orders/7 HTTP/1.1',
        origin,
        'Access-Control-Request-Method: POST',
        'Access-Control-Request-Headers: authorization',
      ],
    ])
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toEqual(['https://shop.example.com'])
    const denied = await get('/orders/7', origin)
    expect(denied.status).toBe(401)
    expect(denied.headers.get('access-control-expose-headers')?.[0]).toContain('WWW-Authenticate')
    const foreign = await get('/orders/7', 'Origin: https://evil.example')
    expect(foreign.headers.has('access-control-allow-origin')).toBe(false)
  })

  it('refuses a body over the limit of the route, with a length or in chunks', async () => {
    const token = await bearer()
    const long = await request(gateway.url, ['POST /small HTTP/1.1', token, 'Content-Length: 11'], 'x'.repeat(11))
    expect(long.status).toBe(413)
    const chunked = await request(
      gateway.url,
      ['POST /small HTTP/1.1', token, 'Transfer-Encoding: chunked'],
      `b\r\n${'x'.repeat(11)}\r\n0\r\n\r\n`,
    )
    expect(chunked.status).toBe(413)
    const fits = await request(gateway.url, ['POST /small HTTP/1.1', token, 'Content-Length: 10'], 'x'.repeat(10))
    expect(fits.status).toBe(200)
    expect(upstream.received.at(-1)?.body).toBe('x'.repeat(10))
    expect(upstream.lastField('authorization')).toEqual([token.slice('Authorization: '.length)])
  })

  it('answers 414 and 431 to what is too long', async () => {
    expect((await get(`/orders/${'x'.repeat(8192)}`)).status).toBe(414)
    expect((await get('/orders/7', `X-Long: ${'x'.repeat(16_384)}`)).status).toBe(431)
    expect((await get('/orders/7', `X-Long: ${'x'.repeat(60_000)}`)).status).toBe(431)
    expect((await get(`/orders/${'x'.repeat(60_000)}`)).status).toBe(414)
  })

  it('tells where the authorization server is (RFC 9728)', async () => {
    const answer = await get('/.well-known/oauth-protected-resource')
    expect(JSON.parse(answer.body)).toEqual({
      resource: gateway.url,
      authorization_servers: [issuer.issuer],
      scopes_supported: ['orders:read', 'orders:write'],
      bearer_methods_supported: ['header'],
    })
  })
})
