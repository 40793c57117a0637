import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { openTo, startGateway, type TestGateway } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { parseAnswer, request } from '../../support/raw-http.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const keep = closingAfterEach()
const get = (path = '/') => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
const ask = (gateway: TestGateway, path = '/') => request(gateway.url, [`GET ${path} HTTP/1.1`])
const admin = (gateway: TestGateway, path: string) => request(gateway.adminUrl, [`GET ${path} HTTP/1.1`])
const metric = async (gateway: TestGateway, name: string) => {
  const { body } = await admin(gateway, '/metrics')
  const line = body.split('\n').find((text) => text.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.slice(name.length))
}
const inFlight = (gateway: TestGateway) => metric(gateway, 'scopegate_requests_in_flight')
const bound = (gateway: TestGateway) => metric(gateway, 'scopegate_requests_in_flight_bound')

/** An upstream that answers as the path says: at once, when it is told so, by and by, not to the end, or not at all. */
async function startUpstreams() {
  const waiting: ServerResponse[] = []
  const arrived: string[] = []
  function answer({ url = '' }: IncomingMessage, outgoing: ServerResponse): void {
    arrived.push(url)
    if (url.startsWith('/wait')) waiting.push(outgoing)
    else if (url.startsWith('/events'))
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
    else if (url.startsWith('/cut'))
      outgoing.writeHead(200, { 'content-length': 10 }).write('x', () => outgoing.destroy())
    else if (url.startsWith('/reset')) outgoing.destroy()
    else outgoing.end('ok')
  }
  const upstream = keep(
    await startUpstream((incoming, outgoing) => {
      incoming.resume()
      answer(incoming, outgoing)
    }),
  )
  upstream.server.on('upgrade', (_, socket) => {
    socket.on('error', () => socket.destroy())
    socket.resume().on('end', () => socket.end())
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  })
  return { url: upstream.url, waiting, arrived, answerAll: () => waiting.splice(0).map((one) => one.end('late')) }
}

/** One that does not wait for what tests leave behind. */
async function start(
  url: string | Record<string, unknown>,
  limits: object,
  { route = {}, ...rest }: { route?: object; cors?: object } = {},
) {
  return keep(await startGateway({ ...openTo(url, { ...route }), ...rest, limits, shutdown: { grace: '10ms' } }))
}

/** A gateway whose places for requests in flight are all taken. */
async function startFull(places: number) {
  const upstream = await startUpstreams()
  const gateway = await start(upstream.url, { inFlight: places })
  const held = await Promise.all(Array.from({ length: places }, () => connectRaw(gateway.url, get('/wait'))))
  await waitFor('all places to be taken', () => upstream.waiting.length === places)
  return { gateway, upstream, held }
}

describe('requests beyond `inFlight`', () => {
  it('get 503 with Retry-After, and are counted and logged with the reason', async () => {
    const { gateway, upstream, held } = await startFull(3)
    const answer = await request(gateway.url, ['GET /orders HTTP/1.1', 'X-Request-Id: of-the-client'])
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toEqual(['1'])
    expect(answer.headers.get('content-type')).toEqual(['application/problem+json'])
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'overloaded', status: 503 })
    expect(upstream.arrived).not.toContain('/orders')
    expect(await inFlight(gateway)).toBe(3)
    expect(await metric(gateway, 'scopegate_requests_total{route="",status="503",reason="in_flight"}')).toBe(1)
    await waitFor('the log', () => gateway.logs().some(({ reason }) => reason === 'in_flight'))
    expect(gateway.logs().find(({ reason }) => reason === 'in_flight')).toMatchObject({ status: 503, method: 'GET' })
    upstream.answerAll()
    for (const one of held) expect(await one.until('late')).toContain('200 OK')
  })

  it('keep their connection, and are served on it when there is room again', async () => {
    const { gateway, upstream, held } = await startFull(1)
    const client = await connectRaw(gateway.url, get('/orders'))
    expect(parseAnswer(await client.until('"overloaded"')).headers.get('connection')).toEqual(['keep-alive'])
    upstream.answerAll()
    await held[0]?.until('late')
    client.socket.write(get('/orders'))
    expect(await client.until('\r\n\r\nok')).toContain('200 OK')
  })

  it('are answered before a byte of their body came, and with large ones the connection is closed', async () => {
    const { gateway, upstream } = await startFull(1)
    const head = (fields: string) => `POST /orders HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`
    const clients = await Promise.all(
      ['Content-Length: 1000000', 'Transfer-Encoding: chunked', 'Content-Length: 9\r\nExpect: 100-continue'].map(
        (fields) => connectRaw(gateway.url, head(fields)),
      ),
    )
    for (const client of clients) {
      const answer = parseAnswer(await client.until('"overloaded"'))
      expect([answer.status, answer.headers.get('connection')]).toEqual([503, ['close']])
      expect(client.text()).not.toContain('100 Continue')
    }
    expect(upstream.arrived).toEqual(['/wait'])
  })

  it('do not concern the admin listener', async () => {
    const { gateway } = await startFull(1)
    expect((await ask(gateway)).status).toBe(503)
    expect((await admin(gateway, '/livez')).status).toBe(200)
    expect((await admin(gateway, '/readyz')).status).toBe(200)
    expect((await admin(gateway, '/config/status')).status).toBe(200)
  })
})

describe('a place among the requests in flight', () => {
  const HANDSHAKE =
    'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`

  it('is free again when an answer has begun: streams of events and WebSockets take none', async () => {
    const upstream = await startUpstreams()
    const gateway = await start(upstream.url, { inFlight: 1 }, { route: { websocket: true } })
    for (let i = 0; i < 3; i += 1) {
      await (await connectRaw(gateway.url, get('/events'))).until('data: 1')
      await (await connectRaw(gateway.url, HANDSHAKE)).until('101 Switching')
    }
    expect((await ask(gateway)).status).toBe(200)
    expect(await inFlight(gateway)).toBe(0)
  })

  it('is free again however a request ends', async () => {
    const upstream = await startUpstreams()
    const cors = { pages: { origins: ['https://a.example'] } }
    const gateway = await start(upstream.url, { inFlight: 20, body: '1KiB' }, { route: { cors: 'pages' }, cors })
    const post = (path: string, ...fields: string[]) => request(gateway.url, [`POST ${path} HTTP/1.1`, ...fields], 'x')
    const preflight = ['Origin: https://a.example', 'Access-Control-Request-Method: GET']
    const statuses = [
      await ask(gateway),
      await ask(gateway, '/a//b'),
      await ask(gateway, '/reset'),
      await ask(gateway, '/cut'),
      await request(gateway.url, ['OPTIONS / HTTP/1.1']),
      await request(gateway.url, ['GET / HTTP/1.0']),
      await request(gateway.url, ['OPTIONS / HTTP/1.1', ...preflight]),
      await request(gateway.url, ['GET / HTTP/1.1', 'Host: a', 'Host: b']),
      await post('/', 'Content-Length: 2000'),
      await post('/', 'Content-Length: 1'),
      await request(gateway.url, ['POST / HTTP/1.1', 'Transfer-Encoding: chunked'], `800\r\n${'x'.repeat(2048)}\r\n`),
    ].map(({ status }) => status)
    expect(statuses).toEqual([200, 400, 502, 200, 405, 200, 204, 400, 413, 200, 413])
    // Some leave before their answer, inside a body, and inside an answer.
    const half = 'POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx'
    const leaving = [get('/wait'), get('/wait'), half, get('/events')]
    const clients = await Promise.all(leaving.map((bytes) => connectRaw(gateway.url, bytes)))
    await waitFor('them to be in flight', () => upstream.arrived.filter((url) => /wait|events/.test(url)).length === 4)
    for (const client of clients) client.socket.destroy()
    await waitFor('all places to be free', async () => (await inFlight(gateway)) === 0)
  })
})

describe('an event loop that lags', () => {
  /** More than the gateway takes in whatever happens. */
  const HELD = 100

  it('makes the gateway take in fewer, and all again when it keeps up', { timeout: 60_000 }, async () => {
    const upstream = await startUpstreams()
    const gateway = await start({ urls: [upstream.url], connections: 2 * HELD }, { loopDelay: '20ms' })
    const held = await Promise.all(Array.from({ length: HELD }, () => connectRaw(gateway.url, get('/wait'))))
    await waitFor('all to be in flight', () => upstream.waiting.length === HELD)
    let lags = true
    const block = () => {
      for (const untilMs = performance.now() + 60; performance.now() < untilMs; );
      if (lags) setImmediate(block)
    }
    block()
    try {
      await waitFor('a request to be refused', async () => (await ask(gateway)).status === 503)
      expect(await bound(gateway)).toBeLessThan(HELD)
      expect((await admin(gateway, '/readyz')).status).toBe(200)
    } finally {
      lags = false
    }
    await waitFor('the log', () => gateway.logs().some(({ reason }) => reason === 'loop_delay'))
    await waitFor('the bound to rise', async () => (await bound(gateway)) === 5000)
    expect((await ask(gateway)).status).toBe(200)
    upstream.answerAll()
    for (const one of held) expect(await one.until('late')).toContain('200 OK')
  })
})
