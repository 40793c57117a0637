import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createTestClock } from '../../support/clock.ts'
import { startGateway } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { request } from '../../support/raw-http.ts'
import { createTestIssuer } from '../../support/test-issuer.ts'
import { type RawUpstream, startRawUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'
import { handshake, serverFrame, switching } from '../../support/websocket.ts'

const keep = closingAfterEach()
const CLOSE = '\x88\x0f\x11\x31token expired'
/** Seconds for which a token counts, the skew of clocks included. */
const LIFE_S = 90
const HOUR_MS = 3_600_000

/** A gateway before this upstream, one connection to it that a token has opened, and the upstream's end of that. */
async function opened(onConnection: (socket: Socket) => void, path = '/ws', lifeS = LIFE_S) {
  const clock = createTestClock(Math.floor(Date.now() / 1000) * 1000)
  const upstream = keep(await startRawUpstream(onConnection))
  const issuer = keep(await createTestIssuer())
  const allow = [{ methods: 'any', token: 'any' }]
  const gateway = keep(
    await startGateway(
      {
        issuers: { main: { issuer: issuer.issuer, audience: 'shop-api', clockSkew: '30s', maxTokenAge: '366d' } },
        upstreams: { up: { urls: [upstream.url], timeouts: { idle: '60s' } } },
        routes: [
          { path: '/ws', to: 'up', websocket: true, tokenFrom: ['ticket'], allow },
          { path: '/events', to: 'up', tokenFrom: ['ticket'], allow },
          { path: '/ws-plain', to: 'up', websocket: true, allow },
        ],
      },
      {},
      { clock },
    ),
  )
  const token = await issuer.mint({ exp: clock.now() / 1000 + lifeS - 30 }, { nowMs: clock.now() })
  const client = await connectRaw(gateway.url, handshake(path, `Authorization: Bearer ${token}`))
  await client.until('\r\n\r\n')
  const line = () => waitFor('an access-log line', () => gateway.logs().find(({ msg }) => msg === 'request'))
  const behind = () => client.text().slice(client.text().indexOf('\r\n\r\n') + 4)
  return { clock, gateway, upstream, client, line, behind, server: () => [...upstream.connections][0] as Socket }
}

function switchingWith(...bytes: Buffer[]): (socket: Socket) => void {
  return (socket) => socket.once('data', () => socket.write(Buffer.concat([Buffer.from(switching()), ...bytes])))
}

async function isGone(upstream: RawUpstream): Promise<void> {
  await waitFor('the upstream connection to close', () => upstream.connections.size === 0)
}

describe('a WebSocket whose token is over (RFC 6455 section 7.4.2)', () => {
  it('ends with a Close frame 4401 at that moment and not before, and the upstream with it', async () => {
    const { clock, upstream, client, line, behind, server } = await opened(switchingWith(serverFrame('hello')))
    await client.until('hello')
    const timers = clock.pending
    clock.advance(LIFE_S * 1000 - 1)
    server().write(serverFrame('still'))
    await client.until('still')
    expect(behind()).not.toContain('\x88')
    clock.advance(1)
    await client.closed
    expect(behind()).toBe(`\x81\x05hello\x81\x05still${CLOSE}`)
    await isGone(upstream)
    expect(await line()).toMatchObject({ status: 101, reason: 'token_expired', bytes: 14 })
    expect(clock.pending).toBe(timers - 1)
  })

  it('ends when nothing was ever sent', async () => {
    const { clock, upstream, client, behind } = await opened(switchingWith())
    clock.advance(LIFE_S * 1000)
    await client.closed
    expect(behind()).toBe(CLOSE)
    await isGone(upstream)
  })

  it('ends with a token that outlives every timer', async () => {
    const { clock, client, behind } = await opened(switchingWith(), '/ws', (30 * 24 * HOUR_MS) / 1000)
    clock.advance(30 * 24 * HOUR_MS - 1)
    expect(client.socket.closed).toBe(false)
    clock.advance(1)
    await client.closed
    expect(behind()).toBe(CLOSE)
  })

  it('gets the rest of the frame that is under way, and nothing behind it', async () => {
    const frame = serverFrame('x'.repeat(1000))
    const { clock, client, behind, server } = await opened(switchingWith(frame.subarray(0, 500)))
    await client.until('x'.repeat(400))
    clock.advance(LIFE_S * 1000)
    server().write(Buffer.concat([frame.subarray(500), serverFrame('too late')]))
    await client.closed
    expect(behind()).toBe(frame.toString('latin1') + CLOSE)
  })

  it('is over as soon as the client has answered the Close frame', async () => {
    const { clock, client, line, behind } = await opened(switchingWith())
    client.socket.once('data', () => client.socket.write(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x11, 0x31])))
    clock.advance(LIFE_S * 1000)
    await client.closed
    expect(behind()).toBe(CLOSE)
    expect(await line()).toMatchObject({ status: 101, reason: 'token_expired' })
  })

  it('carries nothing more from the client while the rest of a frame is owed to it', async () => {
    const half = serverFrame('x'.repeat(1000)).subarray(0, 500)
    const received: Buffer[] = []
    const { gateway, clock, client, server } = await opened(switchingWith(half))
    await client.until('x'.repeat(400))
    server().on('data', (chunk: Buffer) => received.push(chunk))
    client.socket.setNoDelay(true)
    client.socket.write('before')
    await waitFor('what came before', () => Buffer.concat(received).toString('latin1').includes('before'))
    clock.advance(LIFE_S * 1000)
    client.socket.write('after')
    // Whoever has answered these has read what came before them.
    for (let i = 0; i < 3; i += 1) await request(gateway.url, ['GET /none HTTP/1.1'])
    clock.advance(2000)
    await client.closed
    expect(Buffer.concat(received).toString('latin1')).not.toContain('after')
  })

  it('does not wait for the rest of a frame for longer than two seconds', async () => {
    const half = serverFrame('x'.repeat(1000)).subarray(0, 500)
    const { clock, upstream, client, behind } = await opened(switchingWith(half))
    await client.until('x'.repeat(400))
    clock.advance(LIFE_S * 1000 + 1999)
    expect(client.socket.closed).toBe(false)
    clock.advance(1)
    await client.closed
    expect(behind()).toBe(half.toString('latin1'))
    await isGone(upstream)
  })

  it.each([
    ['no frames', Buffer.from('HTTP/1.1 200 OK\r\n\r\n')],
    ['masked frames', Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5])],
    ['a control frame of 126 bytes', Buffer.from([0x89, 126, 0, 126])],
    ['a control frame in parts', Buffer.from([0x09, 1, 65])],
    ['a frame of 2^63 bytes', Buffer.from([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0])],
  ])('is cut without a word when the upstream sends %s', async (_, garbage) => {
    const { clock, upstream, client, behind } = await opened(switchingWith(garbage))
    await client.until(garbage.toString('latin1'))
    clock.advance(LIFE_S * 1000)
    await client.closed
    expect(behind()).toBe(garbage.toString('latin1'))
    await isGone(upstream)
  })

  it('gets no second Close frame', async () => {
    const { clock, client, behind } = await opened(switchingWith(serverFrame('\x03\xe8', 8)))
    await client.until('\x88')
    const own = behind()
    clock.advance(LIFE_S * 1000)
    await client.closed
    expect(behind()).toBe(own)
  })

  it('lets the client answer: its bytes are read away, and reset nothing', async () => {
    const { clock, client, behind, upstream } = await opened(switchingWith())
    client.socket.write('x'.repeat(1_000_000))
    await waitFor('the bytes', () => upstream.text().endsWith('x'.repeat(1000)))
    clock.advance(LIFE_S * 1000)
    client.socket.write('x'.repeat(1_000_000))
    await client.closed
    expect(behind()).toBe(CLOSE)
  })

  it('leaves the client time to close', async () => {
    const { clock, client, upstream, gateway } = await opened(switchingWith())
    const logged = (wanted: number) => gateway.logs().filter(({ status }) => status === wanted)
    client.socket.removeAllListeners('end')
    clock.advance(LIFE_S * 1000)
    await isGone(upstream)
    await fetch(gateway.url)
    await waitFor('the line of a later request', () => logged(401).length === 1)
    expect(logged(101)).toEqual([])
    client.socket.end()
    await waitFor('the end', () => logged(101).length === 1)
  })

  it('cuts a client that does not close in two seconds', async () => {
    const { clock, client, upstream } = await opened(switchingWith())
    client.socket.removeAllListeners('end')
    clock.advance(LIFE_S * 1000)
    await client.until(CLOSE)
    await isGone(upstream)
    client.socket.write('still here')
    expect(client.socket.closed).toBe(false)
    clock.advance(2000)
    client.socket.write('and here')
    await client.closed
  })

  it('leaves no timer behind when it ends by itself', async () => {
    const { clock, client, upstream } = await opened(switchingWith())
    const waiting = clock.pending
    client.socket.destroy()
    await isGone(upstream)
    await waitFor('the timer to go', () => clock.pending < waiting)
  })

  it('goes on where the route takes tokens from nowhere else', async () => {
    const { clock, client, server } = await opened(switchingWith(), '/ws-plain')
    clock.advance(LIFE_S * 1000 * 2)
    server().write(serverFrame('still'))
    await client.until('still')
    client.socket.destroy()
  })
})

describe('a stream of events whose token is over', () => {
  const answering = (type: string) => (socket: Socket) =>
    socket.once('data', () => {
      const head = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`
      socket.write(`${head}a\r\ndata: 1\n\nx\r\n`)
    })

  it('is cut at that moment and not before, and the upstream with it', async () => {
    const { clock, upstream, client, line, server } = await opened(
      answering('Text/Event-Stream;charset=utf-8'),
      '/events',
    )
    await client.until('data: 1')
    const timers = clock.pending
    clock.advance(LIFE_S * 1000 - 1)
    server().write('9\r\ndata: 2\n\n\r\n')
    await client.until('data: 2')
    clock.advance(1)
    await client.closed
    expect(client.text()).not.toContain('0\r\n\r\n')
    await isGone(upstream)
    expect(await line()).toMatchObject({ status: 200, reason: 'token_expired' })
    expect(clock.pending).toBe(timers - 1)
  })

  it('is what ends; any other answer ends by itself', async () => {
    const { clock, client, server } = await opened(answering('text/plain'), '/events')
    await client.until('data: 1')
    clock.advance(LIFE_S * 1000 * 2)
    server().write('9\r\ndata: 2\n\n\r\n0\r\n\r\n')
    await client.until('0\r\n\r\n')
    client.socket.destroy()
  })
})
