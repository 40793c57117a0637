/** How every UpstreamClient reads answers (RFC 9112 sections 4 to 9, RFC 9110 section 15.2). */
import type { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { answering, startRawUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import type { ClientUnderTest } from './upstream-client.contract.ts'
import { send } from './upstream-client-probe.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`
const NEXT = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

type Right = [name: string, bytes: string, status: number, body: string, method?: string]
const RIGHT: Right[] = [
  ['a length', `${OK}Content-Length: 5\r\n\r\nhello`, 200, 'hello'],
  ['no reason', 'HTTP/1.1 299\r\nContent-Length: 5\r\n\r\nhello', 299, 'hello'],
  ['a reason in latin1', 'HTTP/1.1 200 \xe9t\xe9\r\nContent-Length: 5\r\n\r\nhello', 200, 'hello'],
  ['no blank before values', `${OK}content-length:5\r\nX-A:\r\n\r\nhello`, 200, 'hello'],
  ['chunks', `${CHUNKED}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`, 200, 'hello'],
  [
    'chunks in capitals, with zeros',
    `${OK}TRANSFER-ENCODING: CHUNKED\r\n\r\n005\r\nhello\r\n000\r\n\r\n`,
    200,
    'hello',
  ],
  ['a chunk of hexadecimal length', `${CHUNKED}1A\r\n${'x'.repeat(26)}\r\n0\r\n\r\n`, 200, 'x'.repeat(26)],
  ['chunk extensions', `${CHUNKED}5;a;b=c;d="e;\\"f"\r\nhello\r\n0;g\r\n\r\n`, 200, 'hello'],
  ['trailers', `${CHUNKED}5\r\nhello\r\n0\r\nX-T: 1\r\nX-U:\r\n\r\n`, 200, 'hello'],
  ['no length', `${OK}\r\nhello`, 200, 'hello'],
  ['no length, and a closing', `${OK}Connection: close\r\n\r\nhello`, 200, 'hello'],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nhello', 200, 'hello'],
  ['an empty body', `${OK}Content-Length: 0\r\n\r\n`, 200, ''],
  ['an empty body in chunks', `${CHUNKED}0\r\n\r\n`, 200, ''],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n', 204, ''],
  ['204 with a length', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', 204, ''],
  ['304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 304, ''],
  ['304 with chunks', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n', 304, ''],
  ['205, framed as any other', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n', 205, ''],
  ['HEAD with a length', `${OK}Content-Length: 5\r\n\r\n`, 200, '', 'HEAD'],
  ['HEAD with chunks', CHUNKED, 200, '', 'HEAD'],
  ['a 100 that nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 5\r\n\r\nhello`, 200, 'hello'],
]

const WRONG: readonly (readonly [name: string, bytes: string])[] = [
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['HTTP/9.9', 'HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'],
  ['two blanks before the status', 'HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a bare line feed', `HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n`],
  ['a bare carriage return', `${OK}X-A: a\rX-B: b\r\nContent-Length: 0\r\n\r\n`],
  ['a folded line', `${OK}X-A: a\r\n b\r\nContent-Length: 0\r\n\r\n`],
  ['a NUL', `${OK}X-A: a\0b\r\nContent-Length: 0\r\n\r\n`],
  ['DEL', `${OK}X-A: a\x7fb\r\nContent-Length: 0\r\n\r\n`],
  ['a blank before the colon', `${OK}X-A : a\r\nContent-Length: 0\r\n\r\n`],
  ['a field without a name', `${OK}: a\r\nContent-Length: 0\r\n\r\n`],
  ['a field without a colon', `${OK}X-A\r\nContent-Length: 0\r\n\r\n`],
  ['a name in quotes', `${OK}"X": a\r\nContent-Length: 0\r\n\r\n`],
  ['two lengths that differ', `${OK}Content-Length: 5\r\nContent-Length: 4\r\n\r\nhello`],
  ['the same length twice', `${OK}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
  ['a list of lengths', `${OK}Content-Length: 5, 5\r\n\r\nhello`],
  ['a signed length', `${OK}Content-Length: +5\r\n\r\nhello`],
  ['a tab behind the length', `${OK}Content-Length: 5\t\r\n\r\nhello`],
  ['an empty length', `${OK}Content-Length:\r\n\r\nhello`],
  ['a length over 2^64', `${OK}Content-Length: 18446744073709551621\r\n\r\nhello`],
  ['a length and chunks', `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
  ['chunks and a length', `${OK}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
  ['a head over 16 KiB', `${OK}X-A: ${'a'.repeat(17_000)}\r\nContent-Length: 0\r\n\r\n`],
  ['a head of many fields over 16 KiB', `${OK}${'X-A: aaaaaaaaaa\r\n'.repeat(1_400)}Content-Length: 0\r\n\r\n`],
]

const WRONG_BODIES: readonly (readonly [name: string, bytes: string])[] = [
  ['a size that is none', 'g\r\nhello\r\n0\r\n\r\n'],
  ['a signed size', '-5\r\nhello\r\n0\r\n\r\n'],
  ['a size in C', '0x5\r\nhello\r\n0\r\n\r\n'],
  ['no size', '\r\nhello\r\n0\r\n\r\n'],
  ['a size over 2^64', 'fffffffffffffffff\r\nhello'],
  ['more than the size', '4\r\nhello\r\n0\r\n\r\n'],
  ['less than the size', '6\r\nhello\r\n0\r\n\r\n'],
  ['a bare line feed behind the size', '5\nhello\r\n0\r\n\r\n'],
  ['a bare line feed behind the data', '5\r\nhello\n0\r\n\r\n'],
  ['an extension without a name', '5;\r\nhello\r\n0\r\n\r\n'],
  ['an extension with a bare line feed', '5;a\nb\r\nhello\r\n0\r\n\r\n'],
  ['an open quote', '5;a="b\r\nhello\r\n0\r\n\r\n'],
  ['a trailer that is none', '5\r\nhello\r\n0\r\nX-T\r\n\r\n'],
  ['a trailer that is folded', '5\r\nhello\r\n0\r\nX-T: 1\r\n 2\r\n\r\n'],
  ['a length among the trailers', '5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n'],
  ['trailers over 16 KiB', `5\r\nhello\r\n0\r\n${'X-A: aaaaaaaaaa\r\n'.repeat(1_400)}\r\n`],
]

/** What undici takes for an answer, and the lean client does not: it is stricter than it has to be, on purpose. */
const WRONG_FOR_LEAN: readonly (readonly [name: string, bytes: string])[] = [
  ['HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status over 599', `HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n`],
  ['a control in the reason', 'HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n'],
  ['an empty line before the answer', `\r\n${OK}Content-Length: 0\r\n\r\n`],
  ['a length of 25 digits', `${OK}Content-Length: 0000000000000000000000005\r\n\r\nhello`],
  ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a transfer coding that is not chunked', `${OK}Transfer-Encoding: xchunked\r\n\r\nhello`],
  ['a coding under the chunks', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked twice', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['an interim answer with a length', `HTTP/1.1 103 X\r\nContent-Length: 5\r\n\r\n${NEXT}`],
  ['a tab behind the coding', `${OK}Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n`],
  ['an extension over 16 KiB', `${CHUNKED}5;${'a'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`],
  ['a size of thirteen digits', `${CHUNKED}0000000000005\r\nhello\r\n0\r\n\r\n`],
]

export function describeAnswers({ client, keep, isLax }: ClientUnderTest): void {
  const serve = async (onConnection: (socket: Socket) => void) => keep(await startRawUpstream(onConnection))
  const saying = (bytes: string) => serve((socket) => socket.once('data', () => socket.end(bytes, 'latin1')))

  it.each(RIGHT)('reads an answer with %s', async (_, bytes, status, body, method = 'GET') => {
    const probe = await send(client(), (await saying(bytes)).url, { method }).over()
    expect([probe.error, probe.status, probe.body]).toEqual([undefined, status, body])
    expect(probe.calls).toEqual(['start', 'head', ...(body === '' ? [] : ['data']), 'end'])
  })

  it.each(RIGHT)('reads it from one byte at a time: %s', async (_, bytes, status, body, method = 'GET') => {
    const upstream = await serve((socket) =>
      socket.once('data', async () => {
        for (const byte of bytes) {
          socket.write(byte, 'latin1')
          await new Promise((resolve) => setImmediate(resolve))
        }
        socket.end()
      }),
    )
    const probe = await send(client(), upstream.url, { method }).over()
    expect([probe.error, probe.status, probe.body]).toEqual([undefined, status, body])
  })

  it.each(WRONG)('refuses %s', async (_, bytes) => {
    const upstream = await serve((socket) => socket.once('data', () => socket.write(bytes, 'latin1')))
    const probe = await send(client(), upstream.url).over()
    expect([probe.calls, probe.error?.kind]).toEqual([['start', 'error'], 'invalid'])
    await waitFor('the connection to be given up', () => upstream.connections.size === 0)
  })

  it.each(WRONG_BODIES)('never ends a chunked body with %s', async (_, bytes) => {
    const upstream = await serve((socket) => socket.once('data', () => socket.write(CHUNKED + bytes, 'latin1')))
    const probe = await send(client(), upstream.url).over()
    expect([probe.calls.at(-1), probe.error?.kind]).toEqual(['error', 'invalid'])
    await waitFor('the connection to be given up', () => upstream.connections.size === 0)
  })

  it.each(WRONG_FOR_LEAN)(isLax ? 'takes %s, too' : 'refuses %s, which undici takes', async (_, bytes) => {
    const probe = await send(client(), (await saying(bytes)).url).over()
    expect([probe.calls.at(-1), probe.error?.kind]).toEqual(isLax ? ['end', undefined] : ['error', 'invalid'])
  })

  it.each([
    ['a length', `${OK}Content-Length: 6\r\n\r\nhello`],
    ['chunks', `${CHUNKED}5\r\nhello\r\n`],
    ['a chunk', `${CHUNKED}6\r\nhello`],
    ['trailers', `${CHUNKED}5\r\nhello\r\n0\r\nX-T: 1\r\n`],
    ['a head', `${OK}Content-Length: 6\r\n`],
    ['an interim answer and no more', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ])('never ends an answer that is closed inside %s', async (_, bytes) => {
    const probe = await send(client(), (await saying(bytes)).url).over()
    expect([probe.calls.at(-1), ['reset', 'invalid'].includes(probe.error?.kind ?? '')]).toEqual(['error', true])
  })

  it('never ends an answer without a length when the connection is reset', async () => {
    const upstream = await serve(answering(`${OK}\r\nhello`))
    const probe = send(client(), upstream.url, {
      takesMore: () => {
        for (const socket of upstream.connections) socket.resetAndDestroy()
        return true
      },
    })
    await probe.over()
    expect([probe.body, probe.calls.at(-1), probe.error?.kind]).toEqual(['hello', 'error', 'reset'])
  })

  it('tells of interim answers, and keeps fields as they came', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n'
    const fields =
      'Set-Cookie: a=1\r\nset-cookie: b\r\nX-A:\r\nX-L: \xe9\r\nConnection: X-A\r\nContent-Length: 0\r\n\r\n'
    const probe = await send(client(), (await saying(interim + OK + fields)).url).over()
    expect(probe.interim).toEqual([
      [103, ['Link', '</a>']],
      [102, []],
    ])
    expect(probe.calls).toEqual(['start', 'information', 'information', 'head', 'end'])
    const expected = ['Set-Cookie', 'a=1', 'set-cookie', 'b', 'X-A', '', 'X-L', '\xe9', 'Connection', 'X-A']
    expect(probe.headers).toEqual([...expected, 'Content-Length', '0'])
  })

  it.runIf(!isLax)('ends a flood of interim answers', async () => {
    const flood = 'HTTP/1.1 103 X\r\n\r\n'.repeat(10_001)
    const probe = await send(client(), (await saying(flood + NEXT)).url).over()
    expect([probe.interim.length, probe.calls.at(-1), probe.error?.kind]).toEqual([10_000, 'error', 'invalid'])
  })
}
