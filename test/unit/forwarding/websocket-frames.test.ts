import { describe, expect, it } from 'vitest'
import { closeFrame, FrameReader } from '../../../src/forwarding/websocket-frames.ts'
import { serverFrame } from '../../support/websocket.ts'

const long = (bytes: number) => {
  const head = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0])
  head.writeUInt32BE(bytes, 6)
  return Buffer.concat([head, Buffer.alloc(bytes)])
}
/** Of every form of length, empty ones, parts of a message, a ping between them, bits of extensions. */
const FRAMES = [
  serverFrame('x'.repeat(125)),
  serverFrame(''),
  Buffer.from([0x01, 2, 104, 105]),
  serverFrame('', 9),
  Buffer.from([0x80, 1, 33]),
  serverFrame('x'.repeat(126)),
  long(70_000),
  Buffer.from([0xc1, 3, 1, 2, 3]),
  Buffer.from([0xb3, 0]),
  serverFrame('\x03\xe8', 8),
]

describe('FrameReader (RFC 6455 section 5.2)', () => {
  it.each([1, 2, 3, 7, 1000, 200_000])('knows where frames end that come in pieces of %i bytes', (size) => {
    const bytes = Buffer.concat(FRAMES)
    const ends = new Set<number>()
    for (let end = 0, i = 0; i < FRAMES.length; i += 1) {
      end += (FRAMES[i] as Buffer).length
      ends.add(end)
    }
    const reader = new FrameReader()
    for (let at = 0; at < bytes.length; at += size) {
      const chunk = bytes.subarray(at, at + size)
      for (let end = 0; end < chunk.length; ) {
        end = reader.readFrame(chunk, end)
        expect(reader.isBetween, `at ${at + end}`).toBe(ends.has(at + end))
      }
    }
    expect(reader.isLost).toBe(false)
    expect(reader.isClosed).toBe(true)
  })

  it.each([
    ['a mask', [0x81, 0x80, 1, 2, 3, 4]],
    ['a control frame in parts', [0x09, 0]],
    ['a control frame of more than 125 bytes', [0x88, 126, 0, 126]],
    ['more bytes than there are', [0x82, 127, 0x00, 0x20, 0, 0, 0, 0, 0, 0]],
    ['a negative length', [0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ])('is lost for good with %s', (_, bytes) => {
    const reader = new FrameReader()
    reader.readAll(Buffer.from(bytes))
    expect([reader.isLost, reader.isBetween]).toEqual([true, false])
    reader.readAll(serverFrame('good'))
    expect([reader.isLost, reader.isBetween]).toEqual([true, false])
  })
})

describe('closeFrame (RFC 6455 section 5.5.1)', () => {
  it('is one whole frame with code and reason', () => {
    const frame = closeFrame(4401, 'over')
    expect([...frame]).toEqual([0x88, 6, 0x11, 0x31, ...Buffer.from('over')])
    const reader = new FrameReader()
    reader.readAll(frame)
    expect([reader.isBetween, reader.isClosed]).toEqual([true, true])
  })
})
