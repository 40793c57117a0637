/** How every UpstreamClient makes, keeps, lends and gives up connections (RFC 9112 section 9). */
import net, { type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { closedPort } from '../support/forwarding.ts'
import { startRawUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import type { ClientUnderTest } from './upstream-client.contract.ts'
import { onRequest, send, turns } from './upstream-client-probe.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const EMPTY = `${OK}Content-Length: 0\r\n\r\n`

export function describeConnections({ client, keep }: ClientUnderTest): void {
  /** Counts connections, and answers each request. */
  async function counting(answer: (head: string, number: number, socket: Socket) => void) {
    const seen = { connections: 0, requests: [] as string[] }
    const upstream = keep(
      await startRawUpstream((socket) => {
        seen.connections += 1
        onRequest((head, number, it) => {
          seen.requests.push(head.split(' ')[1] ?? '')
          answer(head, number, it)
        })(socket)
      }),
    )
    return { ...upstream, seen, url: upstream.url }
  }
  const polite = (bytes = EMPTY) => counting((_head, _number, socket) => void socket.write(bytes))

  it.each([
    ['a length', EMPTY, 'GET'],
    ['chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`, 'GET'],
    ['trailers', `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nX-T: 1\r\n\r\n`, 'GET'],
    ['204', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', 'GET'],
    ['304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 'GET'],
    ['HEAD', `${OK}Content-Length: 5\r\n\r\n`, 'HEAD'],
    ['HTTP/1.0 that keeps', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n', 'GET'],
    ['interim answers', `HTTP/1.1 103 X\r\n\r\nHTTP/1.1 100 X\r\n\r\n${EMPTY}`, 'GET'],
    ['a wish to keep it for long', `${OK}Keep-Alive: timeout=60\r\nContent-Length: 0\r\n\r\n`, 'GET'],
  ])('uses a connection again after %s', async (_, bytes, method) => {
    const upstream = await polite(bytes)
    for (let i = 0; i < 3; i += 1)
      expect((await send(client(), upstream.url, { method }).over()).calls.at(-1)).toBe('end')
    expect(upstream.seen.connections).toBe(1)
  })

  it.each([
    ['Connection: close', `${OK}Connection: close\r\nContent-Length: 0\r\n\r\n`],
    ['close among others', `${OK}Connection: X-A, Close\r\nContent-Length: 0\r\n\r\n`],
    ['close and keep-alive', `${OK}Connection: close\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n`],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a wish to keep it for a second', `${OK}Keep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n`],
    ['bytes behind the answer', `${EMPTY}${OK}Content-Length: 6\r\n\r\npoison`],
    ['a body where none can be', `HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok`],
  ])('does not use a connection again after %s', async (_, bytes) => {
    const upstream = await polite(bytes)
    for (let i = 0; i < 3; i += 1) {
      const probe = await send(client(), upstream.url).over()
      expect([probe.calls.at(-1), probe.body]).toEqual(['end', ''])
    }
    expect(upstream.seen.connections).toBe(3)
    await waitFor('the connections to be given up', () => upstream.connections.size === 0)
  })

  it('never takes bytes that came between two requests for an answer', async () => {
    const poison = `${OK}Content-Length: 6\r\n\r\npoison`
    const upstream = await counting((_head, _number, socket) => void socket.write(`${OK}Content-Length: 2\r\n\r\nok`))
    expect((await send(client(), upstream.url).over()).body).toBe('ok')
    await turns()
    for (const socket of upstream.connections) socket.write(poison)
    // The bytes are there, and nobody has read them yet.
    expect((await send(client(), upstream.url).over()).body).toBe('ok')
    expect(upstream.seen.connections).toBe(2)
  })

  it('takes another connection when an idle one has been closed', async () => {
    const upstream = await polite()
    await send(client(), upstream.url).over()
    await turns()
    for (const socket of upstream.connections) socket.end()
    await waitFor('the connection to close', () => upstream.connections.size === 0)
    expect((await send(client(), upstream.url).over()).calls).toEqual(['start', 'head', 'end'])
  })

  it.each(['end', 'resetAndDestroy'] as const)(
    'calls a used connection stale that ends (%s) without an answer',
    async (how) => {
      const upstream = await counting(
        (_head, number, socket) => void (number === 1 ? socket.write(EMPTY) : socket[how]()),
      )
      await send(client(), upstream.url).over()
      const probe = await send(client(), upstream.url).over()
      expect([probe.calls, probe.error?.kind]).toEqual([['start', 'error'], 'stale'])
    },
  )

  it.each([
    ['a new connection', 1, ''],
    ['a used one after a byte', 2, 'H'],
  ])('calls %s that ends a reset', async (_, last, bytes) => {
    const upstream = await counting(
      (_head, number, socket) => void (number === last ? socket.end(bytes) : socket.write(EMPTY)),
    )
    for (let i = 1; i < last; i += 1) await send(client(), upstream.url).over()
    expect((await send(client(), upstream.url).over()).error?.kind).toBe('reset')
  })

  it('makes no more connections than it may, and serves those who wait in turn', async () => {
    const waiting: Socket[] = []
    const upstream = await counting((_head, _number, socket) => void waiting.push(socket))
    const probes = Array.from({ length: 6 }, (_, i) => send(client(), upstream.url, { path: `/${i}`, connections: 2 }))
    for (let served = 2; served <= 6; served += 2) {
      await waitFor('two requests', () => upstream.seen.requests.length === served)
      await turns()
      expect([upstream.seen.requests.length, upstream.connections.size]).toEqual([served, 2])
      for (const socket of waiting.splice(0)) socket.write(EMPTY)
    }
    await Promise.all(probes.map((probe) => probe.over()))
    const first = upstream.seen.requests.map((path) => Math.floor(Number(path.slice(1)) / 2))
    expect(first).toEqual([0, 0, 1, 1, 2, 2])
    expect(upstream.seen.connections).toBe(2)
  })

  it('gives the connection of a request that is not wanted any more to the next', async () => {
    const upstream = await polite()
    let wanted = true
    const first = send(client(), upstream.url, { path: '/1' })
    const dropped = [2, 3, 4].map((i) => send(client(), upstream.url, { path: `/${i}`, isWanted: () => wanted }))
    const last = send(client(), upstream.url, { path: '/5' })
    wanted = false
    await Promise.all([first.over(), last.over()])
    expect([upstream.seen.requests, upstream.seen.connections]).toEqual([['/1', '/5'], 1])
    expect(dropped.map(({ calls }) => calls[0])).toEqual(['start', 'start', 'start'])
  })

  it('tells two settings of one origin apart', async () => {
    const waiting: Socket[] = []
    const upstream = await counting((_head, _number, socket) => void waiting.push(socket))
    const probes = [5_000, 6_000].map((connectMs) => send(client(), upstream.url, { connectMs }))
    await waitFor('both', () => waiting.length === 2)
    for (const socket of waiting) socket.write(EMPTY)
    await Promise.all(probes.map((probe) => probe.over()))
    expect(upstream.seen.connections).toBe(2)
  })

  it('says when nobody listens, to each who waits', async () => {
    const url = await closedPort()
    const probes = await Promise.all([1, 2, 3].map(() => send(client(), url).over()))
    expect(probes.map(({ calls, error }) => [calls, error?.kind])).toEqual(Array(3).fill([['error'], 'connect']))
  })

  it('gives up on connecting after the time for it', async () => {
    // TLS to somebody who does not answer: the connection is there, and is not ready.
    const mute = keep(await startRawUpstream(() => {}))
    const startedAt = performance.now()
    const probe = await send(client(), mute.url.replace('http:', 'https:'), { connectMs: 50 }).over()
    expect([probe.calls, probe.error?.kind]).toEqual([['error'], 'connect-timeout'])
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49)
    await waitFor('the connection to be given up', () => mute.connections.size === 0)
  })

  it('reaches an IPv6 address, and names it in Host', async () => {
    const server = net.createServer(onRequest((head, _number, socket) => void socket.end(`${OK}\r\n${head}`)))
    await new Promise<void>((resolve) => server.listen(0, '::1', resolve))
    keep({ close: async () => void server.close() })
    const { port } = server.address() as net.AddressInfo
    const probe = await send(client(), `http://[::1]:${port}`).over()
    expect(probe.body.toLowerCase()).toContain(`\r\nhost: [::1]:${port}\r\n`)
  })
}
