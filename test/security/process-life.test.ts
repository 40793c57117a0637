import net from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { OPEN_ROUTES, startTarget, type Target } from './target.ts'

let target: Target
const thrown: unknown[] = []
const note = (error: unknown) => thrown.push(error)

beforeAll(async () => {
  target = await startTarget(() => ({
    routes: [...OPEN_ROUTES, { path: '/ws', to: 'app', websocket: true, public: 'for tests' }],
  }))
  process.on('uncaughtExceptionMonitor', note)
})
afterAll(async () => {
  process.off('uncaughtExceptionMonitor', note)
  await target.close()
})
beforeEach(() => target.upstream.clear())
afterEach(() => {
  expect(thrown).toEqual([])
})

const head = (start: string, ...fields: string[]) => [start, `Host: ${target.host}`, ...fields, '', ''].join('\r\n')
const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']

/** Sends bytes and resets the connection: at once, after the first answer bytes, or when the gateway ends it. */
function sendAndReset(bytes: string, moment: 'at once' | 'at the answer'): Promise<void> {
  const { hostname, port } = new URL(target.gateway.url)
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname, () => {
      socket.write(bytes, 'latin1', () => moment === 'at once' && socket.resetAndDestroy())
    })
    socket.on('data', () => socket.resetAndDestroy())
    socket.on('error', () => {})
    socket.on('close', () => resolve())
  })
}

describe('settings that must not stop the start', () => {
  it('takes a requestTimeout below the headerTimeout, and answers 408 to a body that does not come', async () => {
    const hasty = await startTarget(() => ({ limits: { requestTimeout: '200ms' }, routes: OPEN_ROUTES }))
    try {
      const came = await hasty.send('POST /public/a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf')
      expect(came).toMatch(/^HTTP\/1\.1 408 [\s\S]*application\/problem\+json/)
      expect(hasty.upstream.taken).toEqual([])
    } finally {
      await hasty.close()
    }
  })
})

describe('bytes that must not end the process', () => {
  it.each([
    ['a CONNECT', () => head('CONNECT evil.example:443 HTTP/1.1')],
    ['a WebSocket handshake', () => head('GET /ws HTTP/1.1', ...upgrade)],
    ['a WebSocket handshake where none is allowed', () => head('GET /public/a HTTP/1.1', ...upgrade)],
    ['no HTTP at all', () => '\x16\x03\x01\x02\x00\x01'],
    ['a refused request', () => head('GET /orders/1 HTTP/1.1')],
    ['a good request', () => head('GET /public/a HTTP/1.1')],
    ['a request with half a body', () => `${head('POST /public/a HTTP/1.1', 'Content-Length: 9')}half`],
    ['an expectation', () => head('POST /public/a HTTP/1.1', 'Content-Length: 9', 'Expect: 100-continue')],
    ['bad chunks', () => `${head('POST /public/a HTTP/1.1', 'Transfer-Encoding: chunked')}zz\r\n`],
  ])('outlives %s whose sender resets the connection', async (_, bytes) => {
    for (let i = 0; i < 5; i += 1) await sendAndReset(bytes(), 'at once')
    if (!bytes().includes('Content-Length: 9')) await sendAndReset(bytes(), 'at the answer')
    expect((await target.ask('GET /public/after HTTP/1.1')).status).toBe(200)
  })

  it('outlives a WebSocket handshake right behind another request, and answers both in order', async () => {
    const came = await target.send(
      head('GET /public/a HTTP/1.1') + head('GET /ws HTTP/1.1', 'Connection: close, Upgrade', ...upgrade.slice(1)),
    )
    expect([...came.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status)).toEqual(['200', '200'])
    expect(target.upstream.taken.map((request) => request.target)).toEqual(['/public/a', '/ws'])
    expect(target.upstream.lastField('upgrade')).toEqual([])
  })

  it.each([
    ['Host: a:b:c', 'Host: ['],
    ['Host: [::', 'Host: '],
    ['Host: a', 'Host: b'],
  ])('answers 400 to its own page with the Host field %j', async (...hosts) => {
    for (const host of new Set(hosts)) {
      const came = await target.send(
        `GET /.well-known/oauth-protected-resource HTTP/1.1\r\n${host === 'Host: b' ? 'Host: a\r\n' : ''}${host}\r\nConnection: close\r\n\r\n`,
      )
      if (host === 'Host: a') expect(came).toMatch(/^HTTP\/1\.1 200 /)
      else expect(came).toMatch(/^HTTP\/1\.1 400 [\s\S]*application\/problem\+json/)
    }
  })
})
