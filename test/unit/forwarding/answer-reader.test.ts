import { describe, expect, it } from 'vitest'
import { AnswerReader } from '../../../src/forwarding/answer-reader.ts'
import type { UpstreamHandler, UpstreamRequest } from '../../../src/forwarding/upstream-client.ts'
import { UpstreamExchange } from '../../../src/forwarding/upstream-exchange.ts'

const CARRIER = { abort() {}, resume() {} }
const bytes = (text: string) => Buffer.from(text, 'latin1')

/** A reader, an exchange, and what the handler has been told so far. */
function start(request: Partial<UpstreamRequest> = {}) {
  const calls: string[] = []
  const handler: UpstreamHandler = {
    onStart: () => true,
    onInformation: (status) => void calls.push(`information ${status}`),
    onHead: (status, headers) => void calls.push(`head ${status} ${headers.join(' ')}`),
    onData: (chunk) => calls.push(`data ${chunk}`) > 0,
    onEnd: () => void calls.push('end'),
    onUpgrade: () => void calls.push('upgrade'),
    onError: () => void calls.push('error'),
  }
  const defaults = { origin: '', method: 'GET', path: '/', headers: [], body: null, connectMs: 1, connections: 1 }
  const exchange = new UpstreamExchange({ ...defaults, ...request }, handler, { text: '', length: 0, isLast: false })
  exchange.carrier = CARRIER
  const reader = new AnswerReader()
  return { reader, calls, exchange, read: (text: string) => reader.read(bytes(text), exchange) }
}

describe('AnswerReader', () => {
  it('tells of a short answer at once: head, body and end in the call that brings the bytes', () => {
    const { calls, read } = start()
    expect(read('HTTP/1.1 200 OK\r\nX-A:  b \r\nContent-Length: 2\r\n\r\nok')).toBe('done')
    expect(calls).toEqual(['head 200 X-A b Content-Length 2', 'data ok'])
  })

  it('hands a piece of the body over as it came, without a copy', () => {
    const { reader, exchange, read } = start()
    read('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n')
    const piece = bytes('ab')
    let got: Buffer | undefined
    exchange.handler.onData = (chunk) => {
      got = chunk
      return true
    }
    reader.read(piece, exchange)
    expect(got).toBe(piece)
  })

  it('gives back what lies behind the answer', () => {
    const { reader, read } = start()
    expect(read('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!')).toBe('done')
    expect(String(reader.rest)).toBe('!')
  })

  it('gives back what lies behind the switch, and behind a pause', () => {
    const upgrade = start({ upgrade: 'websocket' })
    expect(upgrade.read('HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nframe')).toBe('switched')
    expect(String(upgrade.reader.rest)).toBe('frame')
    const paused = start()
    paused.exchange.handler.onData = () => false
    expect(paused.read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n')).toBe('paused')
    expect(String(paused.reader.rest)).toBe('\r\n1\r\nb\r\n')
  })

  it.each([
    ['a switch without Upgrade', 'HTTP/1.1 101 X\r\nConnection: upgrade\r\n\r\n'],
    ['a switch without Connection', 'HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n'],
    ['a switch of HTTP/1.0', 'HTTP/1.0 101 X\r\nConnection: upgrade, keep-alive\r\nUpgrade: websocket\r\n\r\n'],
  ])('refuses %s', (_, text) => {
    const { calls, read } = start({ upgrade: 'websocket' })
    expect([read(text), calls]).toEqual(['bad', []])
  })

  it.each(['SSH-2', 'HTTP/2', 'HTTP/1.1 200 OK\n', '\r\n', 'h'])('refuses %j before more comes', (text) => {
    const { reader, read } = start()
    expect([read(text), reader.problem]).toEqual(['bad', 'a bad status line'])
  })

  it.each([
    ['with an end', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(16 * 1024)}\r\n\r\n`],
    ['without one', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(16 * 1024)}`],
  ])('refuses a head over 16 KiB %s', (_, text) => {
    const { reader, read } = start()
    expect([read(text), reader.problem]).toEqual(['bad', 'a head that is too large'])
  })

  it('refuses more than a thousand fields', () => {
    const of = (count: number) => `HTTP/1.1 200 OK\r\n${'a:b\r\n'.repeat(count)}\r\n`
    expect(start().read(of(1_000))).toBe('more')
    expect(start().read(of(1_001))).toBe('bad')
  })

  it('stops as soon as the exchange has ended', () => {
    const { calls, exchange, read } = start()
    exchange.handler.onInformation = (status) => {
      calls.push(`information ${status}`)
      exchange.carrier = undefined
    }
    const text = 'HTTP/1.1 103 X\r\n\r\nHTTP/1.1 102 X\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
    expect([read(text), calls]).toEqual(['ended', ['information 103']])
  })

  it('keeps nothing of one answer for the next', () => {
    const { reader, calls, read } = start()
    read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhe')
    reader.reset()
    read('HTTP/1.1 404 X\r\n')
    reader.reset()
    expect(read('HTTP/1.1 204 X\r\n\r\n')).toBe('done')
    expect(calls).toEqual(['head 200 Transfer-Encoding chunked', 'data he', 'head 204 '])
  })
})
