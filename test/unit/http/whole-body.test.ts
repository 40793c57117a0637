import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Exchange } from '../../../src/http/exchange.ts'
import { readWholeBody } from '../../../src/http/whole-body.ts'

const LIMITS = { contentLength: undefined, maxBytes: 100_000, idleMs: 60_000, reason: 'test' }

function request() {
  const incoming = new PassThrough()
  incoming.on('error', () => {})
  return { incoming, exchange: { incoming, awaitsContinue: false } as unknown as Exchange }
}

describe('readWholeBody', () => {
  it('puts together what comes in pieces of a byte, in one buffer that is hardly larger', async () => {
    const { incoming, exchange } = request()
    const body = readWholeBody(exchange, LIMITS)
    const text = 'abcdefghij'.repeat(2000)
    for (const byte of Buffer.from(text)) incoming.write(Buffer.of(byte))
    incoming.end()
    const read = await body
    expect(read.toString()).toBe(text)
    expect(read.buffer.byteLength).toBeLessThanOrEqual(2 * text.length)
  })

  it('takes as many bytes as are allowed, and not one more', async () => {
    for (const [bytes, outcome] of [
      [10, 'read'],
      [11, 'test'],
    ] as const) {
      const { incoming, exchange } = request()
      const body = readWholeBody(exchange, { ...LIMITS, maxBytes: 10 })
      incoming.end(Buffer.alloc(bytes))
      expect(
        await body.then(
          () => 'read',
          ({ reason }) => reason,
        ),
      ).toBe(outcome)
    }
  })

  it('gives up a client that left while a stage before this one waited, of which nothing is heard any more', async () => {
    const { incoming, exchange } = request()
    incoming.destroy()
    await new Promise((resolve) => setImmediate(resolve))
    await expect(readWholeBody(exchange, LIMITS)).rejects.toMatchObject({ reason: 'client_closed' })
  })

  it('gives up a client that leaves in the middle', async () => {
    const { incoming, exchange } = request()
    const body = readWholeBody(exchange, LIMITS)
    incoming.write('a')
    incoming.destroy()
    await expect(body).rejects.toMatchObject({ reason: 'client_closed' })
  })

  it('gives up a client that sends nothing', async () => {
    const { exchange } = request()
    const body = readWholeBody(exchange, { ...LIMITS, idleMs: 1 })
    await expect(body).rejects.toMatchObject({ code: 'request_timeout', reason: 'body_idle' })
  })
})
