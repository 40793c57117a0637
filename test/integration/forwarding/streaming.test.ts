import type { IncomingMessage, ServerResponse } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { openTo, startGateway } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const keep = closingAfterEach()
const MIB = 1024 * 1024
const TOTAL = 64 * MIB
/** More than all buffers of two sockets on loopback and of the gateway hold together. */
const IN_FLIGHT = 24 * MIB
const CHUNK = Buffer.alloc(64 * 1024, 'x')

async function gatewayTo(listener: (incoming: IncomingMessage, outgoing: ServerResponse) => void) {
  const upstream = keep(await startUpstream(listener))
  return keep(await startGateway({ ...openTo(upstream.url), limits: { body: '200MiB' } }))
}

/** Writes until `total` bytes are out, as fast as the peer takes them. */
function pour(total: number, to: { write(chunk: Buffer): boolean; on(event: 'drain', f: () => void): unknown }) {
  const state = { written: 0 }
  const go = () => {
    while (state.written < total) {
      state.written += CHUNK.length
      if (!to.write(CHUNK)) return
    }
  }
  to.on('drain', go)
  go()
  return state
}

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Bytes in buffers that somebody still holds. */
function liveBytes(): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

/** Waits until a count has stood still for a while: the writer is held back. */
async function standstill(read: () => number): Promise<number> {
  let [last, same] = [-1, 0]
  await waitFor('a standstill', () => {
    same = read() === last ? same + 1 : 0
    last = read()
    return same > 40
  })
  return last
}

describe('a large body', () => {
  it('streams down: the upstream waits for a client that does not read, and every byte arrives', async () => {
    let sent = { written: 0 }
    const gateway = await gatewayTo((_incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-length': TOTAL })
      sent = pour(TOTAL, outgoing)
    })
    const client = await connectRaw(gateway.url)
    client.socket.removeAllListeners('data').pause()
    client.socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await waitFor('the first bytes', () => sent.written > 0)
    expect(await standstill(() => sent.written)).toBeLessThan(IN_FLIGHT)
    let bytes = 0
    client.socket.on('data', (chunk) => {
      bytes += chunk.length
    })
    client.socket.resume()
    await client.closed
    expect(bytes).toBeGreaterThan(TOTAL)
    expect(bytes).toBeLessThan(TOTAL + 1000)
  })

  it('streams up: the client waits for an upstream that does not read, and every byte arrives', async () => {
    let [bytes, read] = [0, () => {}]
    const gateway = await gatewayTo((incoming, outgoing) => {
      read = () => {
        incoming.on('data', (chunk) => {
          bytes += chunk.length
        })
        incoming.on('end', () => outgoing.end(`${bytes}`))
      }
    })
    const client = await connectRaw(gateway.url, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${TOTAL}\r\n\r\n`)
    const idle = read
    const sent = pour(TOTAL, client.socket)
    await waitFor('the request to arrive', () => read !== idle)
    expect(await standstill(() => sent.written - client.socket.writableLength)).toBeLessThan(IN_FLIGHT)
    read()
    await client.until(`\r\n\r\n${TOTAL}`)
    client.socket.destroy()
  })

  it('costs no memory of its size, either way', async () => {
    const gateway = await gatewayTo((incoming, outgoing) => {
      incoming.resume().on('end', () => pour(TOTAL, outgoing.writeHead(200, { 'content-length': TOTAL })))
    })
    const before = liveBytes()
    let peak = before
    const timer = setInterval(() => {
      peak = Math.max(peak, liveBytes())
    }, 20)
    const client = await connectRaw(gateway.url)
    let bytes = 0
    client.socket.removeAllListeners('data').on('data', (chunk) => {
      bytes += chunk.length
    })
    client.socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${TOTAL}\r\n\r\n`)
    pour(TOTAL, client.socket)
    // Each look at the memory collects garbage first: on a busy machine that takes its time.
    await waitFor('the whole answer', () => bytes > TOTAL, 60_000)
    clearInterval(timer)
    client.socket.destroy()
    expect(peak - before).toBeLessThan(IN_FLIGHT)
  }, 70_000)
})

describe('an answer without a length', () => {
  it('arrives piece by piece: the head at once, then each event', async () => {
    let send: (event: string) => void = () => {}
    const gateway = await gatewayTo((_incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      send = (event) => void outgoing.write(`data: ${event}\n\n`)
    })
    const client = await connectRaw(gateway.url, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await client.until('\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*content-type: text\/event-stream/i)
    for (const event of ['one', 'two', 'three']) {
      send(event)
      await client.until(`data: ${event}`)
    }
    client.socket.destroy()
  })
})

describe('an answer before the upload has ended', () => {
  it('reaches the client, and the connection is closed', async () => {
    const gateway = await gatewayTo((_incoming, outgoing) => {
      outgoing.writeHead(409, { 'content-length': 2 }).end('no')
    })
    const client = await connectRaw(gateway.url, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${50 * MIB}\r\n\r\n`)
    pour(5 * MIB, client.socket)
    const text = await client.until('\r\n\r\nno')
    expect(text).toMatch(/^HTTP\/1\.1 409 Conflict\r\n/)
    expect(text).toContain('Connection: close')
    await client.closed
  })

  it.each([
    ['413', ['Content-Length: 209715200'], 413],
    ['502', ['Content-Length: 20971520'], 502],
  ])('is not lost to a reset: %s', async (_, fields, status) => {
    const gateway = keep(await startGateway({ ...openTo('http://127.0.0.1:1'), limits: { body: '100MiB' } }))
    const client = await connectRaw(gateway.url, ['POST / HTTP/1.1', 'Host: a', ...fields, '\r\n'].join('\r\n'))
    const failed: string[] = []
    client.socket.on('error', (error: NodeJS.ErrnoException) => failed.push(error.code ?? ''))
    pour(5 * MIB, client.socket)
    await client.until(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*}$`))
    await client.closed
    expect(failed).toEqual([])
  })

  it('is not lost to a reset: 413 in the middle of the chunks', async () => {
    const upstream = keep(await startUpstream((incoming) => void incoming.resume()))
    const gateway = keep(await startGateway({ ...openTo(upstream.url), limits: { body: '100KiB' } }))
    const client = await connectRaw(gateway.url, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    const failed: string[] = []
    client.socket.on('error', (error: NodeJS.ErrnoException) => failed.push(error.code ?? ''))
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), CHUNK, Buffer.from('\r\n')])
    pour(5 * MIB, {
      write: () => client.socket.write(chunk),
      on: (event, f) => client.socket.on(event, f),
    })
    expect(await client.until('}')).toMatch(/^HTTP\/1\.1 413 /)
    await client.closed
    expect(failed).toEqual([])
  })
})

describe('a connection that sends two ways at once', () => {
  it('gets the answer while it still uploads', async () => {
    const gateway = await gatewayTo((incoming, outgoing) => {
      outgoing.writeHead(200)
      incoming.on('data', (chunk) => outgoing.write(chunk)).on('end', () => outgoing.end('end'))
    })
    const client = await connectRaw(gateway.url, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\none')
    await client.until('one')
    client.socket.write('two')
    await client.until('two')
    await client.until('end')
  })
})
