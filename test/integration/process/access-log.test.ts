import { describe, expect, it } from 'vitest'
import { openTo, startGateway, type TestGateway } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { request, sendRaw } from '../../support/raw-http.ts'
import { createTestIssuer } from '../../support/test-issuer.ts'
import { answering, startRawUpstream, startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const keep = closingAfterEach()

async function start(log: Record<string, unknown> = {}, rest: Record<string, unknown> = {}) {
  const issuer = keep(await createTestIssuer())
  const upstream = keep(await startUpstream())
  const odd = keep(await startRawUpstream(answering('HTTP/1.1 200 MARK\r\nX-MARK : MARK\r\n\r\nMARK')))
  const gateway = keep(
    await startGateway({
      issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
      upstreams: { up: upstream.url, down: 'http://127.0.0.1:1', odd: odd.url },
      defaults: { issuer: 'main' },
      log,
      routes: [
        { path: '/orders/{id}', to: 'up', allow: [{ methods: ['GET'], scopes: 'orders:read' }] },
        { path: '/down', to: 'down', methods: ['GET', 'POST'], public: 'x' },
        { path: '/odd', to: 'odd', methods: ['GET', 'POST'], public: 'x' },
      ],
      ...rest,
    }),
  )
  const token = await issuer.mint({ sub: 'u-1', azp: 'shop-spa', scope: 'orders:read' })
  return { gateway, upstream, issuer, token }
}
const lines = async (gateway: TestGateway, count: number) => {
  const requests = () => gateway.logs().filter(({ msg }) => msg === 'request')
  await waitFor('the access log', () => requests().length >= count)
  expect(requests()).toHaveLength(count)
  return requests()
}
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

describe('the access log', () => {
  it('has one line for an allowed request, with exactly these fields', async () => {
    const { gateway, upstream, token } = await start()
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const fields = [`Authorization: Bearer ${token}`, `traceparent: ${trace}`, 'X-Request-Id: r-1']
    const answer = await request(gateway.url, ['GET /orders/7?q=1 HTTP/1.1', ...fields])
    expect(await lines(gateway, 1)).toEqual([
      {
        level: 'info',
        time: TIME,
        requestId: 'r-1',
        method: 'GET',
        path: '/orders/7',
        status: 200,
        route: '/orders/{id}',
        decision: 'allowed',
        reason: 'allowed',
        issuer: 'main',
        clientId: 'shop-spa',
        subject: expect.stringMatching(/^[\w-]{10,}$/),
        clientAddress: '127.0.0.1',
        upstream: upstream.url,
        traceparent: trace,
        bytes: answer.body.length,
        durationMs: expect.any(Number),
        upstreamMs: expect.any(Number),
        msg: 'request',
      },
    ])
  })

  it('has one for a denied, and one for a failed request', async () => {
    const { gateway } = await start()
    await request(gateway.url, ['GET /orders/7 HTTP/1.1'])
    await request(gateway.url, ['GET /down HTTP/1.1'])
    const common = { time: TIME, requestId: expect.any(String), method: 'GET', clientAddress: '127.0.0.1' }
    const size = { bytes: expect.any(Number), durationMs: expect.any(Number), msg: 'request' }
    expect(await lines(gateway, 2)).toEqual([
      {
        ...common,
        ...size,
        level: 'info',
        path: '/orders/7',
        status: 401,
        route: '/orders/{id}',
        decision: 'denied',
        reason: 'token_missing',
      },
      {
        ...common,
        ...size,
        level: 'error',
        path: '/down',
        status: 502,
        route: '/down',
        decision: 'failed',
        reason: 'upstream_connect',
        cause: expect.stringContaining('ECONNREFUSED'),
      },
    ])
  })

  it('keeps to what the file asks for', async () => {
    const denials = await start({ access: 'denials', subject: 'id' })
    const ok = [`GET /orders/7 HTTP/1.1`, `Authorization: Bearer ${denials.token}`]
    await request(denials.gateway.url, ok)
    await request(denials.gateway.url, ['DELETE /orders/7 HTTP/1.1', ok[1] ?? ''])
    expect(await lines(denials.gateway, 1)).toMatchObject([{ status: 405, subject: 'u-1' }])

    const none = await start({ access: 'none' })
    await request(none.gateway.url, ['GET /orders/7 HTTP/1.1'])
    await none.gateway.close()
    expect(none.gateway.logText()).not.toContain('"request"')

    const nobody = await start({ subject: 'none' })
    await request(nobody.gateway.url, ['GET /orders/7 HTTP/1.1', `Authorization: Bearer ${nobody.token}`])
    expect((await lines(nobody.gateway, 1))[0]).not.toHaveProperty('subject')
  })

  it('has the level of the file in force', async () => {
    const file = (level: string) => ({ ...openTo('http://127.0.0.1:1'), log: { level } })
    const gateway = keep(await startGateway(file('silent')))
    await request(gateway.url, ['GET /before HTTP/1.1'])
    await gateway.rewrite(file('info'))
    await gateway.reload()
    await request(gateway.url, ['GET /after HTTP/1.1'])
    expect(await lines(gateway, 1)).toMatchObject([{ path: '/after' }])
  })

  it('never holds a secret, wherever a client or an upstream puts one', async () => {
    const redis = { url: 'redis://default:MARK-redis@127.0.0.1:1' }
    const { gateway, issuer, token } = await start(
      { level: 'trace' },
      {
        redis,
        rateLimits: { all: { limit: 1000, window: '1m', key: 'client.ip', when: 'before-auth' } },
        defaults: { issuer: 'main', rateLimits: ['all'] },
      },
    )
    const [, , signature = ''] = token.split('.')
    const bad = await issuer.mint({ sub: 'MARK', aud: 'MARK-audience', scope: 'MARK' })
    const fields = [
      'Cookie: session=MARK',
      'X-Api-Key: MARK',
      'Referer: https://MARK/',
      'User-Agent: MARK',
      'Origin: https://MARK',
    ]
    const authorization = `Authorization: Bearer ${token}`
    for (const lines of [
      ['GET /orders/7?access_token=MARK&q=MARK HTTP/1.1', authorization, ...fields],
      ['GET /orders/7?access_token=MARK HTTP/1.1', ...fields],
      ['GET /orders/..%2fMARK HTTP/1.1', authorization],
      ['GET //MARK?MARK HTTP/1.1', authorization],
      ['GET http://MARK/orders/7 HTTP/1.1', authorization],
      ['GET /orders/7 HTTP/1.1', `Authorization: Bearer ${bad}`],
      ['GET /orders/7 HTTP/1.1', 'Authorization: Basic MARK'],
      ['GET /orders/7 HTTP/1.1', 'Authorization: Bearer MARK.MARK.MARK'],
      ['GET /orders/7 HTTP/1.1', authorization, 'Authorization: Bearer MARK'],
      ['GET /orders/7 HTTP/1.1', authorization, 'X-Request-Id: MARK MARK', 'traceparent: MARK'],
      ['GET /orders/7 HTTP/1.1', authorization, 'X-Forwarded-For: MARK', 'X-User-Id: MARK'],
      ['GET /down?MARK HTTP/1.1', authorization, ...fields],
      ['GET /odd?MARK HTTP/1.1', authorization, ...fields],
      ['GET /orders/7 HTTP/1.1', authorization, 'Host: MARK/MARK'],
      ['GET /orders/7 HTTP/1.1', authorization, 'Expect: MARK'],
      ['GET /orders/7 HTTP/1.1', authorization, `X-Long: MARK${'x'.repeat(60_000)}`],
      [`GET /orders/MARK${'x'.repeat(60_000)} HTTP/1.1`, authorization],
      ['CONNECT MARK:443 HTTP/1.1', authorization],
      ['MARK /orders/7 HTTP/1.1', authorization],
      ['GET /orders/7 HTTP/1.1', authorization, 'MARK: a\x01b'],
      ['GET /orders/7 HTTP/1.1', authorization, 'MARK : a'],
      ['GET /orders/7 HTTP/1.1', authorization, 'Transfer-Encoding: MARK', 'Content-Length: 4'],
      ['GET /orders/7 HTTP/1.1', authorization, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: MARK'],
    ]) {
      await request(gateway.url, lines)
    }
    await sendRaw(gateway.url, `MARK ${authorization}\r\n\r\n`)
    await sendRaw(
      gateway.url,
      `POST /odd HTTP/1.1\r\nHost: a\r\n${authorization}\r\nTransfer-Encoding: chunked\r\n\r\nMARK\r\n`,
    )
    const leaving = await connectRaw(gateway.url, `GET /orders/7 HTTP/1.1\r\n${authorization}\r\nX-MARK: MARK`)
    leaving.socket.resetAndDestroy()
    await gateway.rewrite('redis: { url: "redis://x:MARK@h" }\nMARK: [')
    await gateway.reload()
    const pages = ['/metrics', '/config/status', '/readyz'].map((page) =>
      request(gateway.adminUrl, [`GET ${page} HTTP/1.1`]),
    )
    const shown = (await Promise.all(pages)).map(({ text }) => text).join('\n')
    await gateway.close()
    const text = gateway.logText() + shown
    expect(text.match(/"msg":"request"/g)?.length).toBeGreaterThan(20)
    // What the file itself says, in a place that is no secret, may be shown.
    expect(text.replaceAll(/MARK: \[/g, '')).not.toMatch(/MARK/i)
    expect(text).not.toContain(signature)
    expect(text).not.toContain('eyJ')
    expect(text).not.toMatch(/\[\d+,\d+,\d+,\d+/)
  })
})
