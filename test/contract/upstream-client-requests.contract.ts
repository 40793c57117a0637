/** How every UpstreamClient sends requests (RFC 9112 sections 3, 6 and 9.3). */
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { startRawUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import type { ClientUnderTest } from './upstream-client.contract.ts'
import { onRequest, send, turns } from './upstream-client-probe.ts'

const EMPTY = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
const MIB = 1024 * 1024
const TOTAL = 100 * MIB
/** More than the buffers of two sockets on loopback hold. */
const IN_FLIGHT = 24 * MIB
const CHUNK = Buffer.alloc(64 * 1024, 'x')

export function describeRequests({ client, keep }: ClientUnderTest): void {
  const serve = async (onConnection: (socket: Socket) => void) => keep(await startRawUpstream(onConnection))
  const polite = () => serve(onRequest((_head, _number, socket) => void socket.write(EMPTY)))

  it('sends the target as it is, the fields as they are, and the host of the origin', async () => {
    const upstream = await polite()
    const headers = ['X-A', '1', 'x-a', 'two, three', 'X-Latin', '\xe9', 'X-Empty', '']
    await send(client(), upstream.url, { path: '/a/../b%2F?c=d&e', headers }).over()
    const [line, ...fields] = upstream.text().split('\r\n')
    expect(line).toBe('GET /a/../b%2F?c=d&e HTTP/1.1')
    expect(fields.filter((field) => /^x-/i.test(field))).toEqual([
      'X-A: 1',
      'x-a: two, three',
      'X-Latin: \xe9',
      'X-Empty: ',
    ])
    expect(upstream.text()).toMatch(new RegExp(`\r\nhost: ${new URL(upstream.url).host}\r\n`, 'i'))
    expect(upstream.text()).not.toMatch(/content-length|transfer-encoding/i)
    expect(upstream.text().endsWith('\r\n\r\n')).toBe(true)
  })

  it.each([
    ['a line end in a value', { headers: ['X-A', 'a\r\nX-B: b'] }],
    ['a bare line feed in a value', { headers: ['X-A', 'a\nb'] }],
    ['a NUL in a value', { headers: ['X-A', 'a\0b'] }],
    ['a character beyond latin1', { headers: ['X-A', '\u4e2d'] }],
    ['a line end in a name', { headers: ['X-A: b\r\nX-B', 'c'] }],
    ['a blank in a name', { headers: ['X A', 'b'] }],
    ['an empty name', { headers: ['', 'b'] }],
    ['a line end in the path', { path: '/a\r\nX: b' }],
    ['a blank in the path', { path: '/a b' }],
    ['a path without a slash', { path: 'a' }],
    ['a line end in the method', { method: 'GET / HTTP/1.1\r\nX: b' }],
    ['a transfer coding of its own', { headers: ['Transfer-Encoding', 'chunked'] }],
    ['a length that is none', { method: 'POST', headers: ['Content-Length', 'x'] }],
    ['a length that is not its body’s', { method: 'POST', headers: ['Content-Length', '5'], body: Buffer.from('abc') }],
    ['a field of the connection', { headers: ['Keep-Alive', 'timeout=5'] }],
    ['an expectation', { headers: ['Expect', '100-continue'] }],
  ])('sends nothing of a request with %s', async (_, request) => {
    const upstream = await polite()
    const probe = await send(client(), upstream.url, request).over()
    expect([probe.error?.kind, probe.calls.at(-1)]).toEqual(['invalid', 'error'])
    await send(client(), upstream.url, { path: '/next' }).over()
    expect(upstream.text()).toMatch(/^GET \/next /)
  })

  it.each([
    ['POST', null, [], ''],
    ['POST', null, ['Content-Length', '0'], ''],
    ['POST', Buffer.from('hello'), [], 'hello'],
    ['PUT', Buffer.from('hello'), ['Content-Length', '5'], 'hello'],
    ['POST', Buffer.alloc(100_000, 'x'), [], 'x'.repeat(100_000)],
  ] as const)('sends %s with its length', async (method, body, headers, sent) => {
    const upstream = await polite()
    await send(client(), upstream.url, { method, body, headers: [...headers] }).over()
    await waitFor('the body', () => upstream.text().endsWith(`\r\n\r\n${sent}`))
    expect(
      upstream
        .text()
        .match(/content-length: \d+/gi)
        ?.map((text) => text.toLowerCase()),
    ).toEqual([`content-length: ${sent.length}`])
  })

  it('streams a body of a known length, and one of an unknown length in chunks', async () => {
    const upstream = await serve((socket) =>
      socket.on('data', (chunk) => /hello$|\r\n0\r\n\r\n$/.test(chunk.toString()) && socket.write(EMPTY)),
    )
    const body = () => Readable.from([Buffer.from('hel'), Buffer.from('lo')])
    const known = await send(client(), upstream.url, {
      method: 'POST',
      body: body(),
      headers: ['Content-Length', '5'],
    }).over()
    expect([known.calls.at(-1), upstream.text().split('\r\n\r\n')[1]]).toEqual(['end', 'hello'])
    expect(upstream.text()).not.toMatch(/transfer-encoding/i)
    await send(client(), upstream.url, { method: 'POST', path: '/2', body: body() }).over()
    const second = upstream.text().slice(upstream.text().indexOf('POST /2'))
    expect(second).toMatch(/\r\ntransfer-encoding: chunked\r\n/i)
    expect(second).toMatch(/\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n$/)
    expect(second).not.toMatch(/content-length/i)
  })

  it.each([
    ['longer', ['hello', '!']],
    ['shorter', ['hell']],
  ])('cuts a request whose body is %s than its length', async (_, parts) => {
    const upstream = await serve((socket) => socket.resume())
    const body = Readable.from(parts.map((part) => Buffer.from(part)))
    const probe = await send(client(), upstream.url, { method: 'POST', body, headers: ['Content-Length', '5'] }).over()
    expect([probe.calls, probe.error?.kind]).toEqual([['start', 'error'], 'invalid'])
    await waitFor('the connection to be given up', () => upstream.connections.size === 0)
    expect(upstream.text()).not.toContain('!')
  })

  it("tells of a body's own error, and cuts the request", async () => {
    const upstream = await serve((socket) => socket.resume())
    const body = new Readable({ read() {} })
    body.push('some')
    const probe = send(client(), upstream.url, { method: 'POST', body })
    await waitFor('the body to arrive', () => upstream.text().includes('some'))
    const cause = new Error('cut short')
    body.destroy(cause)
    await probe.over()
    expect(probe.error?.cause).toBe(cause)
    expect(['connect', 'connect-timeout', 'stale']).not.toContain(probe.error?.kind)
    await waitFor('the connection to be given up', () => upstream.connections.size === 0)
    expect(upstream.text()).not.toMatch(/0\r\n\r\n$/)
  })

  it('gives an early answer whole, stops the body, and does not use the connection again', async () => {
    let connections = 0
    const upstream = await serve((socket) => {
      connections += 1
      onRequest((_head, _number, it) => void it.write('HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\nno'))(socket)
    })
    const body = new Readable({ read() {} })
    body.push('some')
    const probe = await send(client(), upstream.url, { method: 'POST', body }).over()
    expect([probe.status, probe.body, probe.calls.at(-1)]).toEqual([409, 'no', 'end'])
    await waitFor('the body to be given up', () => body.destroyed)
    await send(client(), upstream.url).over()
    expect(connections).toBe(2)
  })

  it('gives an answer while the body is still on its way', async () => {
    const upstream = await serve((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n'))
      socket.on('data', (chunk) => chunk.includes('\r\n0\r\n\r\n') && socket.write('3\r\ntwo\r\n0\r\n\r\n'))
    })
    const body = new Readable({ read() {} })
    body.push('some')
    const probe = send(client(), upstream.url, { method: 'POST', body })
    await waitFor('the first piece', () => probe.body === 'one')
    body.push('more')
    body.push(null)
    await probe.over()
    expect([probe.body, probe.calls.at(-1)]).toEqual(['onetwo', 'end'])
  })

  it('does not use a connection again after a body that no server expects', async () => {
    let connections = 0
    const upstream = await serve((socket) => {
      connections += 1
      onRequest((_head, _number, it) => void it.write(EMPTY))(socket)
    })
    for (let i = 0; i < 3; i += 1) await send(client(), upstream.url, { body: Buffer.from('hello') }).over()
    expect(connections).toBe(3)
  })

  it('takes no more of a body than the upstream does, and sends all of it', async () => {
    let [received, made, peak] = [0, 0, 0]
    const upstream = await serve((socket) => {
      socket.removeAllListeners('data')
      socket.on('data', (chunk) => {
        received += chunk.length
        socket.pause()
        setImmediate(() => socket.resume())
        if (received >= TOTAL) socket.write(EMPTY)
      })
    })
    const body = new Readable({
      read() {
        made += CHUNK.length
        peak = Math.max(peak, made - received)
        this.push(made > TOTAL ? null : CHUNK)
      },
    })
    const probe = send(client(), upstream.url, { method: 'POST', body, headers: ['Content-Length', String(TOTAL)] })
    await probe.over()
    expect([probe.calls.at(-1), received >= TOTAL]).toEqual(['end', true])
    expect(peak).toBeLessThan(IN_FLIGHT)
  })

  it('hands over no byte while it is told to wait, and each byte in the end', async () => {
    let written = 0
    const upstream = await serve((socket) => {
      const pour = () => {
        while (written < TOTAL) {
          written += CHUNK.length
          if (!socket.write(CHUNK)) return
        }
      }
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL}\r\n\r\n`)
        pour()
      })
      socket.on('drain', pour)
    })
    let [waiting, early, peak] = [false, 0, 0]
    const probe = await send(client(), upstream.url, {
      takesMore: (_chunk, self) => {
        if (waiting) early += 1
        peak = Math.max(peak, written - self.bytes)
        waiting = true
        setImmediate(() => {
          waiting = false
          self.resume()
        })
        return false
      },
    }).over()
    expect([probe.bytes, probe.calls.at(-1), early]).toEqual([TOTAL, 'end', 0])
    expect(peak).toBeLessThan(IN_FLIGHT)
  })

  it('waits inside chunks, too', async () => {
    const pieces = 'one two three four five'.split(' ')
    const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')
    const upstream = await serve(
      onRequest(
        (_head, _number, socket) =>
          void socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`),
      ),
    )
    const probe = send(client(), upstream.url, { takesMore: () => false })
    for (const [i, piece] of pieces.entries()) {
      await waitFor(piece, () => probe.body === pieces.slice(0, i + 1).join(''))
      await turns()
      expect(probe.body).toBe(pieces.slice(0, i + 1).join(''))
      probe.resume()
    }
    expect((await probe.over()).calls.at(-1)).toBe('end')
  })
}
