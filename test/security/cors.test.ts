import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTarget, type Target } from './target.ts'

let target: Target

beforeAll(async () => {
  target = await startTarget(() => ({
    cors: {
      spa: { origins: ['https://shop.example.com', 'http://localhost:5173'] },
      cookies: { origins: ['https://shop.example.com'], credentials: true },
      everyone: { origins: ['*'] },
    },
    rateLimits: { few: { limit: 1, window: '1m', key: 'token.sub' } },
    defaults: { cors: 'spa' },
    routes: [
      { path: '/orders/**', to: 'app', allow: [{ methods: 'GET', scopes: 'orders:read' }] },
      { path: '/few', to: 'app', rateLimits: ['few'], allow: [{ methods: 'any', token: 'any' }] },
      { path: '/cookies', to: 'app', cors: 'cookies', public: 'for tests' },
      { path: '/everyone', to: 'app', cors: 'everyone', public: 'for tests' },
      { path: '/none', to: 'app', cors: false, public: 'for tests' },
    ],
  }))
})
afterAll(() => target.close())
beforeEach(() => target.upstream.clear())

const GOOD = 'Origin: https://shop.example.com'
const preflight = (path: string, ...fields: string[]) =>
  target.ask(`OPTIONS ${path} HTTP/1.1`, 'Access-Control-Request-Method: POST', ...fields)
const corsFields = (headers: ReadonlyMap<string, unknown>) =>
  [...headers.keys()].filter((name) => name.startsWith('access-control-'))

describe('origins (Fetch standard, HTTP extensions)', () => {
  it.each([
    'null',
    '*',
    'https://evil.example',
    'https://shop.example.com.evil.example',
    'https://evilshop.example.com',
    'https://shop.example.com:8443',
    'https://shop.example.com:443',
    'http://shop.example.com',
    'https://SHOP.example.com',
    'HTTPS://shop.example.com',
    'https://shop.example.com/',
    'https://shop.example.com ,https://evil.example',
    'https://shop.example.com https://evil.example',
    'https://shop.example.com%60.evil.example',
    'https://user@shop.example.com',
    'https://shopXexample.com',
    'https://shop.example.com\x00',
    'file://',
    '',
  ])('grants nothing to the origin %j, in a preflight or an answer', async (origin) => {
    for (const path of ['/orders/1', '/cookies']) {
      const early = await preflight(path, `Origin: ${origin}`)
      expect(corsFields(early.headers)).toEqual([])
      const answer = await target.ask(`GET ${path} HTTP/1.1`, `Origin: ${origin}`)
      expect(corsFields(answer.headers)).toEqual([])
    }
  })

  it('grants nothing when Origin stands twice with different values', async () => {
    const answer = await target.ask('GET /cookies HTTP/1.1', 'Origin: https://evil.example', GOOD)
    expect(answer.headers.get('access-control-allow-origin') ?? []).not.toContain('https://evil.example')
  })

  it('says Vary: Origin with and without an origin, so that no cache mixes them up', async () => {
    for (const fields of [[], [GOOD], ['Origin: https://evil.example']]) {
      for (const path of ['/orders/1', '/cookies', '/nowhere']) {
        const { headers } = await target.ask(`GET ${path} HTTP/1.1`, ...fields)
        expect(headers.get('vary')).toContain('Origin')
      }
    }
  })

  it('allows credentials only where the file says so, and never to everyone', async () => {
    const cookies = await target.ask('GET /cookies HTTP/1.1', GOOD)
    expect(cookies.headers.get('access-control-allow-credentials')).toEqual(['true'])
    expect(cookies.headers.get('access-control-allow-origin')).toEqual(['https://shop.example.com'])
    const everyone = await target.ask('GET /everyone HTTP/1.1', 'Origin: https://evil.example')
    expect(everyone.headers.get('access-control-allow-origin')).toEqual(['*'])
    expect(everyone.headers.has('access-control-allow-credentials')).toBe(false)
  })

  it('lets no upstream speak about CORS where the file has a policy', async () => {
    target.upstream.answer =
      'HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: https://evil.example\r\nAccess-Control-Allow-Credentials: true\r\nContent-Length: 0\r\n\r\n'
    const foreign = await target.ask('GET /cookies HTTP/1.1', 'Origin: https://evil.example')
    expect(foreign.status).toBe(200)
    expect(corsFields(foreign.headers)).toEqual([])
    const good = await target.ask('GET /everyone HTTP/1.1', GOOD)
    expect(good.headers.get('access-control-allow-origin')).toEqual(['*'])
    expect(good.headers.has('access-control-allow-credentials')).toBe(false)
  })
})

describe('preflights', () => {
  it.each(['/orders/1', '/nowhere', '/cookies', '/none', '/everyone'])(
    'CVE-2026-47892: answers one for %s without a token, and no upstream sees it',
    async (path) => {
      const answer = await preflight(path, GOOD, 'Access-Control-Request-Headers: authorization')
      expect([answer.status, answer.body]).toEqual([204, ''])
      expect(answer.headers.get('vary')?.[0]).toContain('Origin')
      expect(corsFields(answer.headers).length > 0).toBe(path !== '/none')
      expect(target.upstream.text()).toBe('')
    },
  )

  it('is over with its answer: one line in the log, and no stage after it', async () => {
    expect((await preflight('/orders/once', GOOD)).status).toBe(204)
    const lines = () => target.gateway.logs().filter(({ path }) => path === '/orders/once')
    await expect.poll(lines).not.toEqual([])
    expect(lines()).toMatchObject([{ status: 204, decision: 'allowed', reason: 'preflight' }])
    expect(lines()).toHaveLength(1)
  })

  it('is no preflight without Origin or without a method: OPTIONS then needs a token', async () => {
    const method = 'Access-Control-Request-Method: GET'
    for (const fields of [[], [GOOD], [method], [`Access_Control_Request_Method: GET`, GOOD]]) {
      expect((await target.ask('OPTIONS /orders/1 HTTP/1.1', ...fields)).status).toBe(401)
    }
    expect((await target.ask('GET /orders/1 HTTP/1.1', GOOD, method)).status).toBe(401)
    expect(target.upstream.text()).toBe('')
  })

  it.each(['x\x7f', 'a b', 'x"y', 'x, <script>', '\xe9', 'x'.repeat(2000)])(
    'repeats no requested field that is none: %j',
    async (names) => {
      const answer = await preflight('/orders/1', GOOD, `Access-Control-Request-Headers: ${names}`)
      expect(answer.text).not.toContain(names)
      expect(answer.headers.has('access-control-allow-headers')).toBe(false)
    },
  )

  it('says the same for a path that exists and one that does not', async () => {
    const shown = async (path: string) => {
      const { status, headers, body } = await preflight(path, GOOD)
      return { status, body, headers: [...headers].filter(([name]) => name !== 'date' && name !== 'x-request-id') }
    }
    expect(await shown('/orders/1')).toEqual(await shown('/nowhere'))
  })
})

describe('refusals that a page can read', () => {
  it.each([
    [400, 'GET /orders//1', false],
    [401, 'GET /orders/1', false],
    [404, 'GET /nowhere', true],
    [405, 'DELETE /orders/1', true],
    [403, 'GET /orders/1', true],
  ])('lets the configured origin read a %i', async (status, start, known) => {
    const token = known ? [await target.bearer({ scope: 'none' })] : []
    const answer = await target.ask(`${start} HTTP/1.1`, GOOD, ...token)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('access-control-allow-origin')).toEqual(['https://shop.example.com'])
    for (const name of ['WWW-Authenticate', 'Retry-After', 'RateLimit', 'RateLimit-Policy']) {
      expect(answer.headers.get('access-control-expose-headers')?.[0]?.split(', ')).toContain(name)
    }
  })

  it('lets the configured origin read a 429', async () => {
    const token = await target.bearer({ sub: 'busy' })
    await target.ask('GET /few HTTP/1.1', token)
    const answer = await target.ask('GET /few HTTP/1.1', token, GOOD)
    expect(answer.status).toBe(429)
    expect(answer.headers.get('access-control-allow-origin')).toEqual(['https://shop.example.com'])
  })
})
