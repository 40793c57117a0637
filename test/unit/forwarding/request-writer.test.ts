import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeRequestHead } from '../../../src/forwarding/request-writer.ts'
import type { UpstreamRequest } from '../../../src/forwarding/upstream-client.ts'
import { holds } from '../../support/cases.ts'

const GET: UpstreamRequest = {
  ...{ origin: 'http://a', method: 'GET', path: '/', headers: [], body: null, connectMs: 1, connections: 1 },
}
const write = (request: Partial<UpstreamRequest>) => writeRequestHead({ ...GET, ...request }, 'a:8080')
const stream = () => new Readable({ read() {} })

describe('writeRequestHead (RFC 9112 section 3)', () => {
  it('writes the line, the host, the connection, the fields and the length', () => {
    expect(write({ path: '/a?b', headers: ['X-A', '1', 'x-a', ''] })).toEqual({
      text: 'GET /a?b HTTP/1.1\r\nhost: a:8080\r\nconnection: keep-alive\r\nX-A: 1\r\nx-a: \r\n\r\n',
      length: 0,
      isLast: false,
    })
    expect(write({ method: 'POST', body: Buffer.from('hello') })?.text).toBe(
      'POST / HTTP/1.1\r\nhost: a:8080\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\n',
    )
  })

  it.each([
    ['GET', null, [], undefined],
    ['GET', null, ['Content-Length', '0'], undefined],
    ['DELETE', null, [], undefined],
    ['POST', null, [], 'content-length: 0'],
    ['PUT', Buffer.alloc(0), [], 'content-length: 0'],
    ['PATCH', Buffer.from('ok'), ['content-length', '2'], 'content-length: 2'],
    ['POST', stream(), [], 'transfer-encoding: chunked'],
    ['POST', stream(), ['Content-Length', '7'], 'content-length: 7'],
    ['GET', stream(), ['Content-Length', '7'], 'content-length: 7'],
  ] as const)('frames %s with %o and %j', (method, body, headers, expected) => {
    const text = write({ method, body, headers: [...headers] })?.text ?? ''
    expect(/(?:content-length|transfer-encoding): .*/.exec(text)?.[0]).toBe(expected)
    expect(text.match(/content-length|transfer-encoding/gi)?.length ?? 0).toBe(expected === undefined ? 0 : 1)
  })

  it.each([
    [{ method: 'GET', body: Buffer.from('x') }, 'connection: close'],
    [{ method: 'DELETE', body: stream() }, 'connection: close'],
    [{ upgrade: 'websocket' }, 'connection: upgrade\r\nupgrade: websocket'],
  ])('says that the connection is not used again: %o', (request, fields) => {
    const head = write(request)
    expect(head?.isLast).toBe(true)
    expect(head?.text).toContain(`\r\n${fields}\r\n`)
  })

  it.each([
    { headers: ['Content-Length', '5'] },
    { method: 'POST', body: Buffer.from('hello'), headers: ['Content-Length', '4'] },
    { method: 'POST', body: stream(), headers: ['Content-Length', '5', 'content-length', '5'] },
    { method: 'POST', body: stream(), headers: ['Content-Length', '5, 5'] },
    { method: 'POST', body: stream(), headers: ['Content-Length', '-1'] },
    { method: 'POST', body: stream(), headers: ['Content-Length', '1e3'] },
    ...['Host', 'CONNECTION', 'Keep-Alive', 'Transfer-Encoding', 'Upgrade', 'Expect', 'Proxy-Connection'].map(
      (name) => ({
        headers: [name, 'x'],
      }),
    ),
    { upgrade: 'a\r\nb: c' },
  ])('refuses %j', (request) => {
    expect(write(request)).toBeUndefined()
  })

  it('never writes a line that it was not given, whatever it is given', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z\r\n\0: ]*$/))
    holds(
      fc.property(fc.array(fc.tuple(text, text)), text, text, (fields, path, method) => {
        for (const request of [{ headers: fields.flat() }, { path: `/${path}` }, { method }]) {
          const head = write(request)
          if (head === undefined) continue
          const lines = head.text.split('\r\n')
          const given = request.headers?.length ?? 0
          expect(lines).toHaveLength(5 + given / 2)
          expect(head.text.replaceAll('\r\n', '')).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/)
        }
      }),
    )
  })
})
