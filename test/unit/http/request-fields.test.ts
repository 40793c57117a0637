import { describe, expect, it } from 'vitest'
import { createRequestFieldsReader } from '../../../src/http/request-fields.ts'

const read = createRequestFieldsReader(['X-User-Id', 'X-Scopes'], 'scopegate-me')
const fields = (...raw: string[]) => read(['Host', 'api.example', ...raw], 16_384)

describe('request fields (RFC 9110 sections 5 and 7.6.1)', () => {
  it('passes end-to-end fields on as they came, duplicates and order kept', () => {
    expect(fields('Accept', 'a', 'X-A', '1', 'accept', 'b', 'Cookie', 'c=d').endToEnd).toEqual([
      ...['Accept', 'a', 'X-A', '1', 'accept', 'b', 'Cookie', 'c=d'],
    ])
  })

  it.each([
    'Connection',
    'Keep-Alive',
    'Proxy-Connection',
    'Proxy-Authorization',
    'Proxy-Authenticate',
    'TE',
    'Trailer',
    'Upgrade',
    'Expect',
    'HTTP2-Settings',
  ])('leaves the hop-by-hop field %s behind', (name) => {
    expect(fields(name, 'close').endToEnd).toEqual([])
  })

  it.each([
    'X-User-Id',
    'x-user-id',
    'X_User_Id',
    'x_user-id',
    'X.User.Id',
    'X-Scopes',
    'x~scopes',
    'X-Forwarded-For',
    'X_Forwarded_For',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'X-Forwarded-Anything',
    'Forwarded',
    'X-Real-IP',
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-HTTP-Method-Override',
    'Content_Length',
    'Transfer_Encoding',
    'Authorization',
    'X-Request-Id',
    'Host_',
  ])('takes %s from the client for nothing', (name) => {
    expect(fields(name === 'Host_' ? 'X-Host' : name, name.endsWith('ncoding') ? 'chunked' : '1').endToEnd).toEqual([])
  })

  it('drops the fields that Connection nominates, in any case', () => {
    expect(fields('X-A', '1', 'Connection', 'close, x-a', 'X-B', '2').endToEnd).toEqual(['X-B', '2'])
  })

  it('cannot be made to forget the length by a nomination', () => {
    expect(fields('Connection', 'content-length', 'Content-Length', '5')).toMatchObject({
      contentLength: 5,
      hasBody: true,
    })
  })

  it.each([
    ['no Host', ['Accept', 'a'], 'host'],
    ['two Host fields', ['Host', 'a', 'Host', 'a'], 'host'],
    ['a Host with a path', ['Host', 'a/b'], 'host'],
    ['a Host with user information', ['Host', 'u@a'], 'host'],
    ['an empty Host', ['Host', ''], 'host'],
    ['a signed length', ['Host', 'a', 'Content-Length', '+5'], 'content_length'],
    ['two lengths', ['Host', 'a', 'Content-Length', '5', 'Content-Length', '5'], 'content_length'],
    ['a list of lengths', ['Host', 'a', 'Content-Length', '5, 5'], 'content_length'],
    ['another transfer coding', ['Host', 'a', 'Transfer-Encoding', 'xchunked'], 'transfer_encoding'],
    ['a chain of codings', ['Host', 'a', 'Transfer-Encoding', 'gzip, chunked'], 'transfer_encoding'],
    [
      'chunked twice',
      ['Host', 'a', 'Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'],
      'transfer_encoding',
    ],
    [
      'length and chunks',
      ['Host', 'a', 'Content-Length', '5', 'Transfer-Encoding', 'chunked'],
      'content_length_and_transfer_encoding',
    ],
  ])('refuses %s and closes the connection', (_, raw, reason) => {
    expect(() => read(raw, 16_384)).toThrow(
      expect.objectContaining({ code: 'malformed_request', reason, details: { closeConnection: true } }),
    )
  })

  it('counts the bytes of all fields: the limit itself passes, one more does not', () => {
    const bytes = 'Host'.length + 'a'.length + 4
    expect(read(['Host', 'a'], bytes).host).toBe('a')
    expect(() => read(['Host', 'a'], bytes - 1)).toThrow(expect.objectContaining({ code: 'headers_too_large' }))
  })

  it('keeps every Authorization field apart, for the reader of bearer tokens to judge', () => {
    expect(fields('Authorization', 'Bearer a', 'authorization', 'Bearer b').authorization).toEqual([
      'Bearer a',
      'Bearer b',
    ])
  })

  it.each(['\n', 'a b', 'x'.repeat(65), '{"a":1}', ''])('takes no request id %j', (id) => {
    expect(fields('X-Request-Id', id).requestId).toBeUndefined()
  })

  it('takes a harmless request id', () => {
    expect(fields('X-Request-Id', 'a-1_b.c').requestId).toBe('a-1_b.c')
  })

  it('sees its own pseudonym in Via', () => {
    expect(fields('Via', '1.1 other, 1.1 scopegate-me').looped).toBe(true)
    expect(fields('Via', '1.1 other').looped).toBe(false)
  })
})

describe('Trace Context section 3', () => {
  const good = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

  it('passes a good traceparent with its tracestate', () => {
    expect(fields('tracestate', 'a=1', 'Traceparent', good).endToEnd).toEqual([
      'traceparent',
      good,
      'tracestate',
      'a=1',
    ])
  })

  it.each([
    ['all-zero trace-id', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['all-zero parent-id', `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`],
    ['upper case', good.toUpperCase()],
    ['nonsense', 'x'],
  ])('drops both with an %s', (_, value) => {
    expect(fields('traceparent', value, 'tracestate', 'a=1').endToEnd).toEqual([])
  })

  it('drops a tracestate without a traceparent, and two traceparents', () => {
    expect(fields('tracestate', 'a=1').endToEnd).toEqual([])
    expect(fields('traceparent', good, 'traceparent', good).endToEnd).toEqual([])
  })
})
