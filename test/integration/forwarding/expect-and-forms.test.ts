import { describe, expect, it } from 'vitest'
import { closedPort } from '../../support/forwarding.ts'
import { openTo, startGateway, type TestGateway } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { parseAnswer, request } from '../../support/raw-http.ts'
import { createTestIssuer } from '../../support/test-issuer.ts'
import { startUpstream } from '../../support/upstream.ts'

const keep = closingAfterEach()

async function start() {
  const issuer = keep(await createTestIssuer())
  const upstream = keep(await startUpstream())
  const gateway = keep(
    await startGateway({
      issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
      upstreams: { up: upstream.url },
      rateLimits: {
        few: { limit: 1, window: '1m', key: 'token.sub' },
        login: { limit: 2, window: '1m', key: ['client.ip', 'form.username'], when: 'before-auth' },
        names: { limit: 2, window: '1m', key: 'form.username', when: 'before-auth', whenMissing: 'skip' },
      },
      defaults: { issuer: 'main' },
      routes: [
        { path: '/orders', to: 'up', limits: { body: '100B' }, allow: [{ methods: 'any', scopes: 'orders:write' }] },
        { path: '/few', to: 'up', rateLimits: ['few'], allow: [{ methods: 'any', token: 'any' }] },
        { path: '/login', to: 'up', methods: ['POST'], public: 'people log in here', rateLimits: ['login'] },
        { path: '/token', to: 'up', methods: ['GET', 'POST'], public: 'for all grants', rateLimits: ['names'] },
      ],
    }),
  )
  const token = async (claims: Record<string, unknown>) => `Authorization: Bearer ${await issuer.mint(claims)}`
  return { gateway, upstream, token }
}

const post = (path: string, length: number, ...fields: string[]) =>
  [`POST ${path} HTTP/1.1`, 'Host: a', `Content-Length: ${length}`, ...fields, '\r\n'].join('\r\n')

describe('Expect: 100-continue (RFC 9110 section 10.1.1)', () => {
  it('is answered once the request is authorised, and then the body is forwarded', async () => {
    const { gateway, upstream, token } = await start()
    const head = post('/orders', 5, 'Expect: 100-continue', await token({ scope: 'orders:write' }))
    const client = await connectRaw(gateway.url, head)
    await client.until('HTTP/1.1 100 Continue\r\n\r\n')
    client.socket.write('hello')
    await client.until('HTTP/1.1 200 OK')
    expect(upstream.received.at(-1)?.body).toBe('hello')
    expect(upstream.lastField('expect')).toEqual([])
    client.socket.destroy()
  })

  it('is not answered with 100 when the request is refused', async () => {
    const { gateway, upstream, token } = await start()
    await request(gateway.url, ['GET /few HTTP/1.1', await token({ sub: 'busy' })])
    const refusals: [number, string][] = [
      [401, post('/orders', 5, 'Expect: 100-continue')],
      [403, post('/orders', 5, 'Expect: 100-continue', await token({ scope: 'other' }))],
      [413, post('/orders', 101, 'Expect: 100-continue', await token({ scope: 'orders:write' }))],
      [429, post('/few', 5, 'Expect: 100-continue', await token({ sub: 'busy' }))],
      [413, post('/login', 70_000, 'Expect: 100-continue', 'Content-Type: application/x-www-form-urlencoded')],
    ]
    for (const [status, head] of refusals) {
      const client = await connectRaw(gateway.url, head)
      await client.closed
      expect(client.text()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect(parseAnswer(client.text()).headers.get('connection')).toEqual(['close'])
    }
    expect(upstream.received).toHaveLength(1)
  })

  it('is not answered with 100 when no upstream listens', async () => {
    const gateway = keep(await startGateway(openTo(await closedPort())))
    const client = await connectRaw(gateway.url, post('/orders', 5, 'Expect: 100-continue'))
    await client.closed
    expect(client.text()).toMatch(/^HTTP\/1\.1 502 /)
  })

  it.each(['200-ok', '100-continue, other'])('answers 417 to Expect: %s', async (expectation) => {
    const { gateway, upstream } = await start()
    const client = await connectRaw(gateway.url, post('/login', 5, `Expect: ${expectation}`))
    await client.closed
    expect(client.text()).toMatch(/^HTTP\/1\.1 417 Expectation Failed\r\n/)
    expect(client.text()).toContain('"code":"expectation_failed"')
    expect(upstream.received).toHaveLength(0)
  })

  it('of an HTTP/1.0 client gets no 100', async () => {
    const { gateway, token } = await start()
    const head = post('/orders', 5, 'Expect: 100-continue', await token({ scope: 'orders:write' }))
    const client = await connectRaw(gateway.url, `${head.replace('HTTP/1.1', 'HTTP/1.0')}hello`)
    await client.closed
    expect(client.text()).toMatch(/^HTTP\/1\.1 200 OK/)
  })
})

const FORM = 'Content-Type: application/x-www-form-urlencoded'
const login = (gateway: TestGateway, body: string, ...fields: string[]) =>
  request(gateway.url, ['POST /login HTTP/1.1', FORM, `Content-Length: ${body.length}`, ...fields], body)

describe('a limit that counts by a form field', () => {
  it('counts each user name for itself, and forwards the body as it came', async () => {
    const { gateway, upstream } = await start()
    const body = 'password=p%26w&username=alice&a=&b'
    expect((await login(gateway, body)).status).toBe(200)
    expect(upstream.received.at(-1)?.body).toBe(body)
    expect(upstream.lastField('content-length')).toEqual([String(body.length)])
    expect((await login(gateway, 'username=%41lice+')).status).toBe(200)
    expect((await login(gateway, body)).status).toBe(429)
    expect((await login(gateway, 'username=bob')).status).toBe(200)
  })

  it('reads a form in chunks, and one that was asked for', async () => {
    const { gateway, upstream } = await start()
    const chunked = await request(
      gateway.url,
      ['POST /login HTTP/1.1', FORM, 'Transfer-Encoding: chunked'],
      '9\r\nusername=\r\n5\r\nalice\r\n0\r\n\r\n',
    )
    expect(chunked.status).toBe(200)
    expect(upstream.received.at(-1)?.body).toBe('username=alice')
    const client = await connectRaw(gateway.url, post('/login', 14, FORM, 'Expect: 100-continue'))
    await client.until('HTTP/1.1 100 Continue\r\n\r\n')
    client.socket.write('username=alice')
    await client.until('HTTP/1.1 200 OK')
    client.socket.destroy()
    expect((await login(gateway, 'username=alice')).status).toBe(429)
  })

  it('answers 413 over 64 KiB, with a length or in chunks', async () => {
    const { gateway, upstream } = await start()
    expect((await login(gateway, `username=${'a'.repeat(65_536)}`)).status).toBe(413)
    const part = `8000\r\n${'a'.repeat(0x8000)}\r\n`
    const chunked = await request(
      gateway.url,
      ['POST /login HTTP/1.1', FORM, 'Transfer-Encoding: chunked'],
      `${part}${part}${part}0\r\n\r\n`,
    )
    expect(chunked.status).toBe(413)
    expect(upstream.received).toHaveLength(0)
  })

  it('answers 400 to a name that is there twice', async () => {
    const { gateway, upstream } = await start()
    expect((await login(gateway, 'username=alice&username=bob')).status).toBe(400)
    expect((await login(gateway, 'username=alice&user%6eame=bob')).status).toBe(400)
    expect(upstream.received).toHaveLength(0)
  })

  it.each([
    ['application/json', '{"username":"alice"}'],
    [
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nalice\r\n--x--\r\n',
    ],
    ['application/x-www-form-urlencoded; charset=iso-2022-jp', 'username=%1b(Balice'],
    ['application/x-www-form-urlencoded; charset=utf-16', 'username=%00a'],
    ['application/x-www-form-urlencoded; charset=utf-8; charset=utf-16', 'username=%00a'],
    ['application/x-www-form-urlencoded charset=utf-16', 'username=%00a'],
    ['application/x-www-form-urlencoded-', 'username=alice'],
    ['application/x-www-form-urlencoded, text/plain', 'username=alice'],
    ['text/plain\r\nContent-Type: application/x-www-form-urlencoded', 'username=alice'],
    ['application/x-www-form-urlencoded\r\nContent-Encoding: gzip', 'username=alice'],
    ['application/x-www-form-urlencoded\r\nConnection: content-type', 'username=alice'],
    ['', 'username=alice'],
  ])('answers 415 to a body that an upstream may read otherwise: %j', async (type, body) => {
    const { gateway, upstream } = await start()
    for (const path of ['/login', '/token']) {
      const length = `Content-Length: ${body.length}`
      const { status, headers } = await request(
        gateway.url,
        [`POST ${path} HTTP/1.1`, length, ...(type === '' ? [] : [`Content-Type: ${type}`])],
        body,
      )
      expect(status).toBe(415)
      expect(headers.get('content-type')).toEqual(['application/problem+json'])
    }
    expect(upstream.received).toHaveLength(0)
  })

  it.each(['; charset=utf-8', ';charset="UTF-8"', ' '])('reads a form whose type ends in "%s"', async (end) => {
    const { gateway } = await start()
    const post = () =>
      request(gateway.url, ['POST /login HTTP/1.1', `${FORM}${end}`, 'Content-Length: 14'], 'username=alice')
    expect((await post()).status).toBe(200)
    expect((await login(gateway, 'username=alice')).status).toBe(200)
    expect((await post()).status).toBe(429)
  })

  it('skips a request without the field, where the limit says so, and no other', async () => {
    const { gateway, upstream } = await start()
    const token = (body: string) =>
      request(gateway.url, ['POST /token HTTP/1.1', FORM, `Content-Length: ${body.length}`], body)
    for (let n = 0; n < 5; n++) {
      expect((await token('grant_type=refresh_token&refresh_token=x')).status).toBe(200)
      expect((await request(gateway.url, ['GET /token HTTP/1.1'])).status).toBe(200)
    }
    const names = ['alice', 'ALICE', 'alice'].map((name) => `grant_type=password&username=${name}`)
    const statuses: number[] = []
    for (const body of names) statuses.push((await token(body)).status)
    expect(statuses).toEqual([200, 200, 429])
    expect((await token('username=&grant_type=refresh_token')).headers.get('ratelimit')).toBeDefined()
    expect((await token('grant_type=refresh_token')).headers.get('ratelimit')).toBeUndefined()
    expect(upstream.received).toHaveLength(14)
  })

  it('gives up with a client that leaves inside the form', async () => {
    const { gateway, upstream } = await start()
    const client = await connectRaw(gateway.url, `${post('/login', 14, FORM)}user`)
    client.socket.end()
    await client.closed
    await expect
      .poll(() => gateway.logs().findLast(({ msg }) => msg === 'request'))
      .toMatchObject({ status: 499, reason: 'client_closed' })
    expect(upstream.received).toHaveLength(0)
  })
})
