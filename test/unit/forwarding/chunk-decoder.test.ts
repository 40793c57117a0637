import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChunkDecoder } from '../../../src/forwarding/chunk-decoder.ts'
import { holds } from '../../support/cases.ts'

/** What a decoder makes of these segments: the body, and how it ended. */
function decode(segments: readonly Buffer[], decoder = new ChunkDecoder()): [body: string, end: string, rest: string] {
  let body = ''
  for (const segment of segments) {
    for (let at = 0; ; at = decoder.position) {
      const step = decoder.next(segment, at)
      if (step === 'more') break
      if (step !== 'data') return [body, step, segment.toString('latin1', decoder.position)]
      body += segment.toString('latin1', decoder.start, decoder.end)
    }
  }
  return [body, 'more', '']
}

const bytes = (text: string) => Buffer.from(text, 'latin1')
const each = (text: string) => [...text].map(bytes)

const extension = fc.constantFrom('', ';a', ';a=b', ';a="b;c\\"d"', ';a;b=c')
const piece = fc.tuple(fc.string({ minLength: 1, unit: 'binary-ascii' }), extension, fc.nat(3))
const message = fc
  .tuple(fc.array(piece), fc.constantFrom('', 'X-T: 1\r\n', 'X-T:\r\nX-U: a b\r\n'))
  .map(([pieces, trailers]) => ({
    body: pieces.map(([data]) => data).join(''),
    text: `${pieces.map(([data, ext, zeros]) => `${'0'.repeat(zeros)}${data.length.toString(16)}${ext}\r\n${data}\r\n`).join('')}0\r\n${trailers}\r\n`,
  }))

describe('ChunkDecoder (RFC 9112 section 7.1)', () => {
  it('reads what was written, however it is cut, and nothing behind it', () => {
    holds(
      fc.property(message, fc.array(fc.nat()), fc.constantFrom('', 'HTTP/1.1 200'), ({ body, text }, cuts, behind) => {
        const all = text + behind
        const edges = [0, ...cuts.map((cut) => cut % all.length).sort((a, b) => a - b), all.length]
        const segments = edges.slice(1).map((to, i) => bytes(all.slice(edges[i], to)))
        const [got, end, rest] = decode(segments)
        expect([got, end]).toEqual([body, 'done'])
        expect(behind.startsWith(rest)).toBe(true)
      }),
    )
  })

  it('never ends a message that is cut short', () => {
    holds(
      fc.property(message, fc.nat(), ({ body, text }, cut) => {
        const [got, end] = decode([bytes(text.slice(0, cut % text.length))])
        expect([body.startsWith(got), end]).toEqual([true, 'more'])
      }),
    )
  })

  it.each([
    ['', 'more'],
    ['\r\n', 'bad'],
    ['g\r\n', 'bad'],
    ['5 \r\n', 'bad'],
    [' 5\r\n', 'bad'],
    ['5\n', 'bad'],
    ['5;\r\n', 'bad'],
    ['5;=b\r\n', 'bad'],
    ['5;a=\r\n', 'bad'],
    ['5; a\r\n', 'bad'],
    ['5;a="b\r\n', 'bad'],
    ['5;a="b"c\r\n', 'bad'],
    ['5;a="\\\x01"\r\n', 'bad'],
    ['0000000000000\r\n', 'bad'],
    ['ffffffffffff\r\n', 'more'],
    ['1\r\nxy', 'bad'],
    ['1\r\nx\n', 'bad'],
    ['1\r\nx\r\r', 'bad'],
    ['0\r\nX-T\r\n', 'bad'],
    ['0\r\n: a\r\n', 'bad'],
    ['0\r\nX-T : a\r\n', 'bad'],
    ['0\r\n X-T: a\r\n', 'bad'],
    ['0\r\nX-T: a\n', 'bad'],
    ['0\r\nX-T: \0\r\n', 'bad'],
    ['0\r\nContent-Length: 0\r\n', 'bad'],
    ['0\r\ntransfer-encoding: chunked\r\n', 'bad'],
    ['0\r\n\n', 'bad'],
  ])('takes %j for %s, whole or byte by byte', (text, end) => {
    expect(decode([bytes(text)])[1]).toBe(end)
    expect(decode(each(text))[1]).toBe(end)
  })

  it.each([
    ['a line without an end', '1'.repeat(5_000)],
    ['an endless extension', `1;${'a'.repeat(5_000)}`],
    ['endless extensions', `1;${'a'.repeat(4_000)}\r\nx\r\n`.repeat(5)],
    ['endless trailers', `0\r\n${`X-T: ${'a'.repeat(4_000)}\r\n`.repeat(5)}`],
  ])('gives up on %s', (_, text) => {
    expect(decode([bytes(text)])[1]).toBe('bad')
    expect(decode(each(text))[1]).toBe('bad')
  })

  it('reads one body after the other, also after one that was left in the middle', () => {
    const decoder = new ChunkDecoder()
    expect(decode([bytes('5;a\r\nhe')], decoder)).toEqual(['he', 'more', ''])
    decoder.reset()
    expect(decode([bytes('2\r\nok\r\n0\r\n\r\n')], decoder)).toEqual(['ok', 'done', ''])
  })

  it('has no bound for the number of chunks', () => {
    expect(decode([bytes(`${'1\r\nx\r\n'.repeat(100_000)}0\r\n\r\n`)])[1]).toBe('done')
  })
})
