import net from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dataPath } from '../support/forwarding.ts'
import { openTo, startGateway } from '../support/gateway.ts'
import { connectRaw } from '../support/raw-client.ts'
import { startUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import { countAnswers, OPEN_ROUTES, startTarget, type Target } from './target.ts'

const { keep } = dataPath()
let target: Target

beforeAll(async () => {
  target = await startTarget(() => ({ routes: OPEN_ROUTES }))
})
afterAll(() => target.close())
beforeEach(() => target.upstream.clear())

const get = (path: string, ...fields: string[]) =>
  `${[`GET ${path} HTTP/1.1`, 'Host: a', ...fields].join('\r\n')}\r\n\r\n`

/** Sends bytes and closes the sending half right behind them; all that came. */
async function sendAndEnd(bytes: string): Promise<string> {
  const client = await connectRaw(target.gateway.url)
  client.socket.end(bytes)
  await client.closed
  return client.text()
}

describe('a client that closes its sending half (RFC 9112 section 9.6)', () => {
  it.each([
    ['a forwarded one', get('/public/a'), 1],
    ['a refused one', get('/orders'), 1],
    ['all that were pipelined', get('/public/1') + get('/orders') + get('/public/3'), 3],
    ['an HTTP/1.0 one', get('/public/a').replace('HTTP/1.1', 'HTTP/1.0'), 1],
  ])('gets its answers: %s', async (_, bytes, answers) => {
    expect(countAnswers(await sendAndEnd(bytes))).toBe(answers)
  })

  it.each([
    ['nothing', ''],
    ['half a head', 'GET /public/a HTTP/1.1\r\nHo'],
  ])('gets no answer to %s, and the upstream no request', async (_, bytes) => {
    expect(await sendAndEnd(bytes)).toBe('')
    expect(target.upstream.text()).toBe('')
  })

  it('waits with 100 Continue for an answer that takes long', async () => {
    let answer = () => {}
    const upstream = keep(await startUpstream((_, outgoing) => (answer = () => void outgoing.end('late'))))
    const gateway = keep(await startGateway(openTo(upstream.url)))
    const client = await connectRaw(gateway.url)
    client.socket.end(get('/'))
    await client.until(/^(?:HTTP\/1\.1 100 Continue\r\n\r\n){3}/)
    answer()
    await client.closed
    expect(client.text()).toMatch(/\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*late/)
  })
})

const H2C = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA']

describe('an Upgrade that is passed over (RFC 9110 section 7.8)', () => {
  it('leaves the connection open for the next request', async () => {
    const client = await connectRaw(target.gateway.url, get('/public/a', ...H2C))
    await client.until('ok')
    client.socket.write(get('/public/b', 'Connection: close'))
    await client.closed
    expect(countAnswers(client.text())).toBe(2)
  })

  it.each([
    ['a request', get('/public/a', ...H2C), get('/public/behind')],
    ['half a request', get('/public/a', ...H2C), 'GET /public/behi'],
    ['a request behind its body', `${get('/public/a', ...H2C, 'Content-Length: 2')}hi`, get('/public/behind')],
    ['a request behind another one', get('/public/1') + get('/public/a', ...H2C), get('/public/behind')],
  ])('closes it when %s came right behind: part of that would be lost', async (_, bytes, behind) => {
    const came = await target.send(bytes + behind)
    expect(came).toMatch(/Connection: close\r\n/i)
    expect(countAnswers(came)).toBe(target.upstream.taken.length)
    expect(target.upstream.taken.at(-1)?.target).toBe('/public/a')
  })
})

describe('pipelined requests (RFC 9112 section 9.3.2)', () => {
  it('are answered in their order, many of them', async () => {
    const paths = Array.from({ length: 200 }, (_, i) => `/public/${i}`)
    const came = await target.send(paths.map((path) => get(path)).join('') + get('/public/last', 'Connection: close'))
    expect(countAnswers(came)).toBe(201)
    expect(target.upstream.taken.map((request) => request.target)).toEqual([...paths, '/public/last'])
  })

  it('are read no faster than they are answered', async () => {
    const upstream = keep(await startUpstream(() => {}))
    const gateway = keep(await startGateway(openTo(upstream.url)))
    const client = await connectRaw(gateway.url)
    const burst = get('/').repeat(25_000)
    let sent = 0
    while (sent < 16 * burst.length) {
      sent += burst.length
      client.socket.write(burst)
    }
    let [left, same] = [-1, 0]
    await waitFor('a standstill', () => {
      same = client.socket.writableLength === left ? same + 1 : 0
      left = client.socket.writableLength
      return same > 40
    })
    // The rest is in the kernel's buffers, and one piece of it in the gateway.
    expect(left).toBeGreaterThan(sent / 4)
    expect(gateway.logs().filter(({ reason }) => reason === 'pipelined_requests')).toEqual([])
    client.socket.destroy()
    // Held back, the gateway sees that the client has gone when it answers.
    upstream.server.closeAllConnections()
  })
})

describe('a client that keeps its connection busy with nothing', () => {
  it('is let go: one that sends line ends, and one that reads no answers', async () => {
    const limits = { headerTimeout: '200ms', keepAliveTimeout: '200ms' }
    const idle = await startTarget(() => ({ limits, routes: OPEN_ROUTES }))
    const { port } = new URL(idle.gateway.url)
    const dripping = await connectRaw(idle.gateway.url, get('/public/a'))
    const drip = setInterval(() => dripping.socket.write('\r\n'), 50)
    const deaf = net.connect(Number(port), '127.0.0.1').pause()
    const deafClosed = new Promise<void>((resolve) => deaf.on('error', () => {}).once('close', () => resolve()))
    deaf.write(get('/orders').repeat(200_000))
    await Promise.all([dripping.closed, deafClosed])
    clearInterval(drip)
    expect((await idle.ask('GET /public/after HTTP/1.1')).status).toBe(200)
    await idle.close()
  })
})
