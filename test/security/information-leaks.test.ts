import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RawAnswer } from '../support/raw-http.ts'
import { startTarget, type Target } from './target.ts'

let target: Target
const DEAD = 'http://127.0.0.1:1'

beforeAll(async () => {
  target = await startTarget(({ upstream }) => ({
    upstreams: { app: { urls: [upstream.url], timeouts: { response: '200ms' } }, dead: DEAD },
    rateLimits: { few: { limit: 1, window: '1m', key: 'token.sub' } },
    routes: [
      { path: '/orders/**', to: 'app', allow: [{ methods: 'any', scopes: 'orders:read' }] },
      { path: '/users/{userId}', to: 'app', allow: [{ methods: 'any', where: { 'path.userId': 'token.sub' } }] },
      { path: '/dead', to: 'dead', allow: [{ methods: 'any', token: 'any' }] },
      { path: '/few', to: 'app', rateLimits: ['few'], allow: [{ methods: 'any', token: 'any' }] },
      { path: '/public/**', to: 'app', public: 'for tests' },
      { path: '/public-dead', to: 'dead', public: 'for tests' },
    ],
  }))
})
afterAll(() => target.close())
beforeEach(() => target.upstream.clear())

const ask = (start: string, ...fields: string[]) => target.ask(`${start} HTTP/1.1`, ...fields)

/** All of an answer but what differs from request to request; the length does with that of the request id. */
function shown({ status, headers, body }: RawAnswer) {
  const constant = [...headers].filter(([name]) => !['date', 'x-request-id', 'content-length'].includes(name))
  return { status, headers: constant, body: body.replace(/"requestId":"[^"]*"/, '') }
}

describe('which routes exist', () => {
  it.each(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    'shows in no answer to a %s without a token',
    async (method) => {
      const paths = ['/orders/1', '/users/u1', '/dead', '/few', '/nowhere', '/', '/orders', '/livez', '/metrics']
      const answers = await Promise.all(paths.map(async (path) => shown(await ask(`${method} ${path}`))))
      for (const answer of answers) expect(answer).toEqual(answers[0])
      expect(answers[0]?.status).toBe(401)
    },
  )

  it('shows in no answer to a bad token', async () => {
    const bad = await target.bearer({ exp: 1 })
    const answers = await Promise.all(
      ['/orders/1', '/nowhere'].map(async (path) => shown(await ask(`GET ${path}`, bad))),
    )
    expect(answers[0]).toEqual(answers[1])
  })

  it('is not told apart by a body that is too large, or by an upstream that is down', async () => {
    const length = 'Content-Length: 99999999'
    expect((await ask('POST /orders/1', length)).status).toBe(401)
    expect((await ask('POST /nowhere', length)).status).toBe(401)
    expect((await ask('GET /dead')).status).toBe(401)
  })

  it('CVE-2025-24030: serves nothing of the admin listener on this port, and nothing of this port there', async () => {
    for (const path of ['/livez', '/readyz', '/metrics', '/config/status', '/console']) {
      expect((await ask(`GET ${path}`, await target.bearer())).status).toBe(404)
    }
    for (const path of ['/orders/1', '/public/a', '/.well-known/oauth-protected-resource', '/config', '/']) {
      expect((await fetch(target.gateway.adminUrl + path)).status).toBe(404)
    }
    expect(await (await fetch(`${target.gateway.adminUrl}/metrics`)).text()).not.toContain('eyJ')
  })
})

describe('what went wrong inside', () => {
  /** Addresses, code, libraries and names of the inside. */
  const inside = () => [
    '127.0.0.1:1',
    new URL(target.upstream.url).port,
    'ECONN',
    'UND_ERR',
    'HPE_',
    'node:',
    '/src/',
    'at ',
    'undici',
    'jose',
    'Error',
    'alice-secret',
  ]

  it.each<[string, string, string | undefined, number]>([
    ['a refused connection', '/dead', undefined, 502],
    ['an answer that is no HTTP', '/orders/1', 'SSH-2.0-OpenSSH_9\r\n\r\n', 502],
    ['two lengths', '/orders/1', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx', 502],
    [
      'a length and chunks',
      '/orders/1',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      502,
    ],
    ['a folded field', '/orders/1', 'HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n', 502],
    ['a NUL in a field', '/orders/1', 'HTTP/1.1 200 OK\r\nX-A: \x00\r\nContent-Length: 0\r\n\r\n', 502],
    [
      'a switch nobody asked for',
      '/orders/1',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      502,
    ],
    ['silence', '/orders/1', '', 504],
  ])('stays inside after %s', async (_, path, bytes, status) => {
    if (bytes !== undefined) target.upstream.answer = bytes
    const answer = await ask(`GET ${path}`, await target.bearer({ sub: 'alice-secret' }))
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toEqual(['application/problem+json'])
    for (const text of inside()) expect(answer.text.replace(/Date: .*|Host: .*/g, '')).not.toContain(text)
  })

  it.each([
    ['a 401', 'GET /orders/1', { exp: 1 }],
    ['a 403', 'GET /orders/1', { scope: 'none' }],
    ['a 403 for the owner', 'GET /users/u2', {}],
    ['a 404', 'GET /nowhere', {}],
    ['a 405', 'TRACE /orders/1', {}],
  ])('shows no claim in %s', async (_, start, claims) => {
    const answer = await ask(start, await target.bearer({ sub: 'alice-secret', email: 'alice-secret', ...claims }))
    expect(answer.status).toBeGreaterThan(400)
    for (const text of inside().slice(2)) expect(answer.text).not.toContain(text)
  })

  it('shows neither subject nor key in a 429', async () => {
    const token = await target.bearer({ sub: 'alice-secret' })
    await ask('GET /few', token)
    const answer = await ask('GET /few', token)
    expect(answer.status).toBe(429)
    expect(answer.text).not.toContain('alice-secret')
  })

  it('says the status twice, and the same: in the line and in the problem (RFC 9457 section 3.1.2)', async () => {
    for (const start of ['GET //', 'GET /nowhere', 'GET /public-dead', 'DELETE /orders/1']) {
      const answer = await ask(start)
      const body = JSON.parse(answer.body) as Record<string, unknown>
      expect(body).toMatchObject({ status: answer.status, code: expect.any(String), title: expect.any(String) })
      expect(body.requestId).toBe(answer.headers.get('x-request-id')?.[0])
      expect(answer.headers.get('cache-control')).toEqual(['no-store'])
      expect(answer.headers.has('server') || answer.headers.has('x-powered-by')).toBe(false)
    }
  })

  it.each(['/orders/1', '/nowhere', '/public-dead', '//'])(
    'has no body in the answer to a HEAD of %s',
    async (path) => {
      const [head, get] = [await ask(`HEAD ${path}`), await ask(`GET ${path}`)]
      expect([head.status, head.body]).toEqual([get.status, ''])
      expect(head.headers.get('content-length')).toEqual(get.headers.get('content-length'))
    },
  )
})

describe('the log', () => {
  it('holds no token, query, field value or subject, whatever happens', async () => {
    const token = await target.bearer({ sub: 'alice-secret', email: 'alice-secret' })
    const value = token.slice('Authorization: Bearer '.length)
    target.upstream.answer = 'rubbish\r\n\r\n'
    for (const fields of [[token], [token, token], [`${token}x`], [token, `Cookie: s=${value}`, `X-A\x00: ${value}`]]) {
      await ask(`GET /orders/1?code=alice-secret&t=${value}`, ...fields)
    }
    await ask('GET /dead?code=alice-secret', token)
    await ask(`GET /orders/${value}/%00`, token)
    await ask('GET /the-end')
    await expect.poll(() => target.gateway.logText()).toContain('/the-end')
    for (const part of [...value.split('.'), value.slice(-20), 'alice-secret', 'code=']) {
      expect(target.gateway.logText()).not.toContain(part)
    }
    expect(target.gateway.logText()).not.toContain([...Buffer.from(value.slice(0, 8))].join(','))
  })
})
