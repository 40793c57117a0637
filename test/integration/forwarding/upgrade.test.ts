import { describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { parseAnswer } from '../../support/raw-http.ts'
import { createTestIssuer } from '../../support/test-issuer.ts'
import { answering, type RawUpstream, startRawUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'
import { acceptFor, handshake as bareHandshake, echoing, KEY, switching } from '../../support/websocket.ts'

const keep = closingAfterEach()
const ACCEPT = acceptFor(KEY)
const SWITCH = switching(KEY, 'Sec-WebSocket-Protocol: chat')
const echo = echoing(SWITCH)

async function gatewayTo(upstream: RawUpstream, timeouts: Record<string, string> = {}) {
  const issuer = keep(await createTestIssuer())
  const gateway = keep(
    await startGateway({
      issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
      upstreams: { up: { urls: [upstream.url], timeouts } },
      rateLimits: { few: { limit: 1, window: '1m', key: 'token.sub' } },
      defaults: { issuer: 'main' },
      routes: [
        { path: '/ws', to: 'up', websocket: true, allow: [{ methods: ['GET'], scopes: 'chat' }] },
        { path: '/few', to: 'up', websocket: true, rateLimits: ['few'], allow: [{ methods: 'any', token: 'any' }] },
        { path: '/plain', to: 'up', allow: [{ methods: 'any', token: 'any' }] },
      ],
    }),
  )
  const token = async (claims: Record<string, unknown> = { scope: 'chat', sub: 'u-1' }) =>
    `Authorization: Bearer ${await issuer.mint(claims)}`
  return { gateway, token }
}

const handshake = (path: string, ...fields: string[]) =>
  bareHandshake(path, 'Sec-WebSocket-Protocol: chat, other', 'Sec-WebSocket-Extensions: permessage-deflate', ...fields)
const line = (gateway: TestGateway) =>
  waitFor('an access-log line', () => gateway.logs().findLast(({ msg }) => msg === 'request'))

describe('a WebSocket upgrade (RFC 6455, RFC 9110 section 7.8)', () => {
  it('carries bytes both ways, those right behind the handshake included', async () => {
    const upstream = keep(await startRawUpstream(echo))
    const { gateway, token } = await gatewayTo(upstream)
    const client = await connectRaw(gateway.url, `${handshake('/ws', await token(), 'X-User-Id: root')}first`)
    const text = await client.until('first')
    expect(text).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
    expect(text).toMatch(new RegExp(`Sec-WebSocket-Accept: ${ACCEPT.replaceAll('+', '\\+')}\r\n`))
    expect(text).toContain('Sec-WebSocket-Protocol: chat\r\n')
    expect(text.match(/upgrade: websocket/gi)).toHaveLength(1)
    client.socket.write(Buffer.from([0x81, 0x00, 0xff, 0x0a]))
    await client.until('\x81\x00\xff\x0a')
    const asked = upstream.text().split('\r\n\r\n')[0] ?? ''
    expect(asked.toLowerCase()).toContain('\r\nupgrade: websocket\r\n')
    expect(asked).toContain(`Sec-WebSocket-Key: ${KEY}`)
    expect(asked).toContain('Sec-WebSocket-Protocol: chat, other')
    expect(asked).toContain('Sec-WebSocket-Extensions: permessage-deflate')
    expect(asked.match(/x-user-id: .*/gi)).toEqual(['X-User-Id: u-1'])
    expect(asked.toLowerCase()).not.toContain('authorization')
    client.socket.end()
    await client.closed
    await waitFor('the upstream connection to close', () => upstream.connections.size === 0)
    expect(await line(gateway)).toMatchObject({ status: 101, route: '/ws', decision: 'allowed', bytes: 9 })
  })

  it.each([
    ['401 without a token', '/ws', [], 401],
    ['404 on an unknown path', '/none', ['token'], 404],
  ])('gets %s as an ordinary answer, and the upstream hears nothing', async (_, path, who, status) => {
    const upstream = keep(await startRawUpstream(echo))
    const { gateway, token } = await gatewayTo(upstream)
    const fields = who.length === 0 ? [] : [await token()]
    const client = await connectRaw(gateway.url, `${handshake(path, ...fields)}frames`)
    await client.closed
    const answer = parseAnswer(client.text())
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toEqual(['application/problem+json'])
    expect(answer.headers.get('connection')).toEqual(['close'])
    expect(upstream.text()).toBe('')
  })

  it('gets 403 and 429 as ordinary answers', async () => {
    const upstream = keep(await startRawUpstream(echo))
    const { gateway, token } = await gatewayTo(upstream)
    const denied = await connectRaw(gateway.url, handshake('/ws', await token({ scope: 'other' })))
    await denied.closed
    expect(parseAnswer(denied.text()).status).toBe(403)
    const first = await connectRaw(gateway.url, handshake('/few', await token()))
    expect(await first.until('\r\n\r\n')).toContain('RateLimit: "few";r=0')
    const second = await connectRaw(gateway.url, handshake('/few', await token()))
    await second.closed
    expect(parseAnswer(second.text()).status).toBe(429)
    first.socket.destroy()
  })

  it('is an ordinary request on a route that does not allow it', async () => {
    const upstream = keep(await startRawUpstream(answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain')))
    const { gateway, token } = await gatewayTo(upstream)
    const client = await connectRaw(gateway.url, handshake('/plain', await token()))
    await client.closed
    expect(parseAnswer(client.text())).toMatchObject({ status: 200, body: 'plain' })
    expect(upstream.text().toLowerCase()).not.toContain('upgrade:')
  })

  it.each(['h2c', 'TLS/1.2', 'h2c, websocket', 'websocket, h2c'])('ignores Upgrade: %s, and strips it', async (to) => {
    const upstream = keep(await startRawUpstream(answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain')))
    const { gateway, token } = await gatewayTo(upstream)
    const fields = `Host: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA`
    for (const path of ['/plain', '/ws']) {
      const client = await connectRaw(
        gateway.url,
        `GET ${path} HTTP/1.1\r\n${fields}\r\nUpgrade: ${to}\r\n${await token()}\r\n\r\n`,
      )
      await client.closed
      expect(parseAnswer(client.text()).status).toBe(200)
    }
    expect(upstream.text().toLowerCase()).not.toMatch(/upgrade|h2c|http2-settings/)
  })

  it.each([
    ['426', 'HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 2\r\n\r\nno', 426],
    ['403 in chunks', 'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n', 403],
  ])("passes the upstream's refusal on: %s", async (_, bytes, status) => {
    const upstream = keep(await startRawUpstream(answering(bytes)))
    const { gateway, token } = await gatewayTo(upstream)
    const client = await connectRaw(gateway.url, handshake('/ws', await token()))
    await client.closed
    expect(parseAnswer(client.text())).toMatchObject({ status, body: 'no' })
    expect(await line(gateway)).toMatchObject({ status })
  })

  it.each([
    ['another protocol', SWITCH.replace('websocket', 'h2c')],
    ['no protocol', SWITCH.replace('Upgrade: websocket\r\n', '')],
  ])('answers 502 when the upstream switches to %s', async (_, bytes) => {
    const upstream = keep(await startRawUpstream(answering(bytes)))
    const { gateway, token } = await gatewayTo(upstream, { response: '2s' })
    const client = await connectRaw(gateway.url, handshake('/ws', await token()))
    await client.closed
    expect(parseAnswer(client.text()).status).toBe(502)
  })

  it('ends when the upstream closes, and the client still gets the last bytes', async () => {
    const last = 'x'.repeat(2_000_000)
    const upstream = keep(await startRawUpstream((socket) => socket.once('data', () => socket.end(SWITCH + last))))
    const { gateway, token } = await gatewayTo(upstream)
    const client = await connectRaw(gateway.url, handshake('/ws', await token()))
    await client.closed
    expect(client.text().endsWith(last)).toBe(true)
  })

  it('ends when the client is gone, also before the upstream has switched', async () => {
    const upstream = keep(await startRawUpstream(() => {}))
    const { gateway, token } = await gatewayTo(upstream)
    const client = await connectRaw(gateway.url, handshake('/ws', await token()))
    await waitFor('the handshake', () => upstream.text().includes('Upgrade') || upstream.text().includes('upgrade'))
    client.socket.resetAndDestroy()
    await waitFor('the upstream connection to close', () => upstream.connections.size === 0)
    expect(await line(gateway)).toMatchObject({ status: 499, reason: 'client_closed' })
  })

  it('ends after a silence of both', async () => {
    const upstream = keep(await startRawUpstream(echo))
    const { gateway, token } = await gatewayTo(upstream, { idle: '100ms' })
    const client = await connectRaw(gateway.url, handshake('/ws', await token()))
    await client.closed
    await waitFor('the upstream connection to close', () => upstream.connections.size === 0)
    expect(await line(gateway)).toMatchObject({ status: 101 })
  })

  it('is no upgrade when it comes with a body', async () => {
    const upstream = keep(await startRawUpstream(answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain')))
    const { gateway, token } = await gatewayTo(upstream)
    const bytes = `${handshake('/ws', await token(), 'Content-Length: 4')}body`
    const client = await connectRaw(gateway.url, bytes)
    await client.until('plain')
    await waitFor('the body', () => upstream.text().endsWith('body'))
    expect(upstream.text().toLowerCase()).not.toContain('upgrade:')
    client.socket.destroy()
  })
})
