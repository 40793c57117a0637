import { describe, expect, it } from 'vitest'
import { readResponseHead } from '../../../src/forwarding/response-headers.ts'
import { UpstreamError } from '../../../src/forwarding/upstream-client.ts'

const read = (raw: string[], status = 200) => readResponseHead(status, raw, true)

describe('response fields (RFC 9110 section 7.6.1)', () => {
  it('keeps every Set-Cookie', () => {
    expect(read(['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']).headers).toEqual(['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'])
  })

  it('drops hop-by-hop and nominated fields, and what the gateway says itself', () => {
    const raw = [
      'Connection',
      'X-Hop, close',
      'X-Hop',
      '1',
      'Keep-Alive',
      'timeout=5',
      'Transfer-Encoding',
      'chunked',
      'X-End',
      '2',
    ]
    expect(read([...raw, 'Access-Control-Allow-Origin', '*']).headers).toEqual(['X-End', '2'])
  })

  it('keeps the length even when the upstream nominates it', () => {
    expect(read(['Content-Length', '3', 'Connection', 'content-length'])).toEqual({
      headers: ['Content-Length', '3'],
      contentLength: 3,
    })
  })

  it('sends no length with a 204', () => {
    expect(read(['Content-Length', '0'], 204)).toEqual({ headers: [], contentLength: undefined })
  })

  it.each([['gzip, chunked'], ['xchunked'], ['chunked', 'chunked'], ['identity']])(
    'refuses an answer whose coding is %s: without the field nobody could decode it',
    (...codings) => {
      const raw = codings.flatMap((coding) => ['Transfer-Encoding', coding])
      expect(() => read(raw)).toThrow(UpstreamError)
    },
  )

  it('says the same length once', () => {
    expect(read(['Content-Length', '3', 'content-length', '3']).headers).toEqual(['Content-Length', '3'])
  })
})
