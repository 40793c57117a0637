/** How every UpstreamClient ends: by abort, by an upgrade, by being told to forget or to close. */
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { startRawUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import type { ClientUnderTest } from './upstream-client.contract.ts'
import { onRequest, send, turns } from './upstream-client-probe.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const EMPTY = `${OK}Content-Length: 0\r\n\r\n`
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

export function describeEnds({ client, keep, isLax }: ClientUnderTest): void {
  const serve = async (onConnection: (socket: Socket) => void) => keep(await startRawUpstream(onConnection))
  const polite = () => serve(onRequest((_head, _number, socket) => void socket.write(EMPTY)))
  const saying = (bytes: string) => serve(onRequest((_head, _number, socket) => void socket.write(bytes)))

  describe('an abort', () => {
    it.each([
      ['before the head', '', []],
      ['inside the head', `${OK}X-A`, []],
      ['inside the body', `${OK}Content-Length: 5\r\n\r\nhe`, ['head', 'data']],
      ['inside the chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhe`, ['head', 'data']],
      ['inside a body without a length', `${OK}\r\nhe`, ['head', 'data']],
    ])('%s closes the connection and is reported once', async (_, bytes, calls) => {
      const upstream = await saying(bytes)
      const probe = send(client(), upstream.url)
      await waitFor('the request', () => upstream.text() !== '')
      await waitFor('the bytes', () => calls.every((name) => probe.calls.includes(name)))
      await turns()
      probe.abort()
      await probe.over()
      await waitFor('the connection to be given up', () => upstream.connections.size === 0)
      probe.abort()
      await turns()
      expect([probe.calls, probe.error?.kind]).toEqual([['start', ...calls, 'error'], 'aborted'])
    })

    it('in the head or between two pieces lets nothing follow but its report', async () => {
      const bytes = `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n`
      const upstream = await saying(bytes)
      const inHead = await send(client(), upstream.url, { onHead: (self) => self.abort() }).over()
      expect([inHead.calls, inHead.error?.kind]).toEqual([['start', 'head', 'error'], 'aborted'])
      const takesMore = (_chunk: Buffer, self: { abort(): void }) => {
        self.abort()
        return true
      }
      const inBody = await send(client(), upstream.url, { takesMore }).over()
      expect([inBody.calls, inBody.body]).toEqual([['start', 'head', 'data', 'error'], 'a'])
    })

    it('inside the upload stops the body', async () => {
      const upstream = await serve((socket) => socket.resume())
      const body = new Readable({ read() {} })
      body.push('some')
      const probe = send(client(), upstream.url, { method: 'POST', body })
      await waitFor('the body', () => upstream.text().includes('some'))
      probe.abort()
      expect((await probe.over()).error?.kind).toBe('aborted')
      await waitFor('the body to be given up', () => body.destroyed)
      await waitFor('the connection to be given up', () => upstream.connections.size === 0)
    })

    it('gives the place to the next in the queue', async () => {
      const upstream = await serve(
        onRequest((head, _number, socket) => void (head.startsWith('GET /slow') || socket.write(EMPTY))),
      )
      const slow = send(client(), upstream.url, { path: '/slow' })
      const next = send(client(), upstream.url)
      await waitFor('the request', () => upstream.text() !== '')
      slow.abort()
      expect((await next.over()).calls.at(-1)).toBe('end')
    })

    // undici's callbacks belong to the connection: whoever calls them late is to blame.
    it.runIf(!isLax)('or a resume that comes late does nothing to the exchange that came after', async () => {
      const upstream = await serve(
        onRequest(
          (_head, number, socket) => void socket.write(number === 1 ? EMPTY : `${OK}Content-Length: 4\r\n\r\nab`),
        ),
      )
      const first = await send(client(), upstream.url).over()
      const second = send(client(), upstream.url, { takesMore: () => false })
      await waitFor('the first half', () => second.body === 'ab')
      first.abort()
      first.resume()
      for (const socket of upstream.connections) socket.write('cd')
      await turns()
      expect([second.body, second.calls]).toEqual(['ab', ['start', 'head', 'data']])
      second.resume()
      expect((await second.over()).body).toBe('abcd')
    })
  })

  describe('an upgrade (RFC 9110 section 7.8)', () => {
    it('is asked for, and hands the socket over with the bytes behind the head', async () => {
      const upstream = await serve((socket) => {
        socket.once('data', () => {
          socket.write(`${SWITCH}first`)
          socket.on('data', (chunk) => socket.write(chunk))
        })
      })
      const probe = await send(client(), upstream.url, { upgrade: 'websocket' }).over()
      expect(upstream.text()).toMatch(/\r\nconnection: upgrade\r\nupgrade: websocket\r\n/i)
      expect([probe.calls, probe.status]).toEqual([['start', 'upgrade'], 101])
      let text = ''
      probe.socket?.on('data', (chunk) => {
        text += chunk
      })
      probe.socket?.resume()
      probe.socket?.write(' second')
      await waitFor('the echo', () => text === 'first second')
      // Its place is free.
      expect((await send(client(), upstream.url, { upgrade: 'websocket' }).over()).calls.at(-1)).toBe('upgrade')
    })

    it('that is refused is an ordinary answer', async () => {
      const upstream = await saying('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno')
      const probe = await send(client(), upstream.url, { upgrade: 'websocket' }).over()
      expect([probe.calls, probe.status, probe.body]).toEqual([['start', 'head', 'data', 'end'], 426, 'no'])
    })

    it('that nobody asked for ends the exchange', async () => {
      const upstream = await saying(SWITCH)
      const probe = await send(client(), upstream.url).over()
      expect([probe.calls, ['invalid', 'reset'].includes(probe.error?.kind ?? '')]).toEqual([['start', 'error'], true])
      await waitFor('the connection to be given up', () => upstream.connections.size === 0)
    })
  })

  describe('keepOnly and close', () => {
    it('close idle connections at once', async () => {
      const upstream = await polite()
      await send(client(), upstream.url).over()
      client().keepOnly(new Set([upstream.url]))
      await turns()
      expect(upstream.connections.size).toBe(1)
      client().keepOnly(new Set(['http://other:80']))
      await waitFor('the connection to close', () => upstream.connections.size === 0)
      expect((await send(client(), upstream.url).over()).calls.at(-1)).toBe('end')
      await client().close()
      await waitFor('the connection to close', () => upstream.connections.size === 0)
    })

    it.each(['keepOnly', 'close'] as const)('let exchanges end, those who wait too (%s)', async (how) => {
      const waiting: Socket[] = []
      const upstream = await serve(onRequest((_head, _number, socket) => void waiting.push(socket)))
      const probes = [send(client(), upstream.url), send(client(), upstream.url)]
      await waitFor('the first', () => waiting.length === 1)
      let isClosed = false
      const closing = how === 'close' ? client().close() : client().keepOnly(new Set())
      void Promise.resolve(closing).then(() => {
        isClosed = true
      })
      await turns()
      expect(isClosed).toBe(how === 'keepOnly')
      waiting[0]?.write(EMPTY)
      await waitFor('the second', () => waiting.length === 2)
      waiting[1]?.write(EMPTY)
      await Promise.all([closing, ...probes.map((probe) => probe.over())])
      expect(probes.map(({ calls }) => calls.at(-1))).toEqual(['end', 'end'])
      await waitFor('the connection to close', () => upstream.connections.size === 0)
    })

    it('resolve at once when there is nothing to close', async () => {
      await client().close()
    })
  })
}
