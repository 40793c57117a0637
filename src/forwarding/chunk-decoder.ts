/** The chunked transfer coding (RFC 9112 section 7.1), read strictly. Trailers are checked and left out. */
import { isTrailerField } from './answer-head.ts'

const LF = 0x0a
/** Bytes of one line: a size with its extensions, or a trailer. */
const MAX_LINE_BYTES = 4096
/** Bytes of all extensions and trailers of one message: they carry nothing, so there is no need for many. */
const MAX_OVERHEAD_BYTES = 16 * 1024

/** Twelve digits stay below 2^53. Without blanks: they are no part of a size, and what they mean is disputed. */
const SIZE_LINE =
  /^([0-9A-Fa-f]{1,12})(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*\r$/

/** `more`: all bytes are read; `data`: see `start` and `end`; `done`: the body is whole; `bad`: it is no chunked body. */
export type ChunkStep = 'more' | 'data' | 'done' | 'bad'

/** For one body after the other; nothing is kept from one to the next. */
export class ChunkDecoder {
  /** Where reading stopped in the bytes given last. */
  position = 0
  /** Where the data lies in the bytes given last. */
  start = 0
  end = 0
  #expects: 'size' | 'data' | 'line-end' | 'trailer' = 'size'
  #left = 0
  #overhead = 0
  /** A line whose end has not come yet. */
  #line = ''

  /** Gets ready for another body. */
  reset(): void {
    this.#expects = 'size'
    this.#left = 0
    this.#overhead = 0
    this.#line = ''
  }

  /** Reads `bytes` from `from` up to the next thing worth telling. */
  next(bytes: Buffer, from: number): ChunkStep {
    this.position = from
    while (this.position < bytes.length) {
      if (this.#expects === 'data') return this.#readData(bytes)
      const line = this.#readLine(bytes)
      if (line === undefined) continue
      const step = this.#takeLine(line)
      if (step !== 'more') return step
    }
    return this.#isHopeless() ? 'bad' : 'more'
  }

  #readData(bytes: Buffer): ChunkStep {
    this.start = this.position
    this.end = Math.min(bytes.length, this.start + this.#left)
    this.position = this.end
    this.#left -= this.end - this.start
    if (this.#left === 0) this.#expects = 'line-end'
    return 'data'
  }

  /** The next line without its line feed; undefined: its end has not come yet. */
  #readLine(bytes: Buffer): string | undefined {
    const { position } = this
    const end = Math.min(bytes.length, position + MAX_LINE_BYTES + 1)
    let at = position
    // Such lines have a few bytes: a loop is faster than a search.
    while (at < end && bytes[at] !== LF) at += 1
    this.#line += bytes.toString('latin1', position, at)
    if (at === bytes.length || this.#isHopeless()) {
      this.position = bytes.length
      return undefined
    }
    this.position = at + 1
    const line = this.#line
    this.#line = ''
    return line
  }

  /** Whether what came of a line cannot become a good one. */
  #isHopeless(): boolean {
    if (this.#expects === 'line-end') return this.#line !== '' && this.#line !== '\r'
    return this.#line.length > MAX_LINE_BYTES
  }

  #takeLine(line: string): ChunkStep {
    if (this.#expects === 'size') return this.#takeSize(line)
    if (this.#expects === 'trailer') return this.#takeTrailer(line)
    this.#expects = 'size'
    return line === '\r' ? 'more' : 'bad'
  }

  #takeSize(line: string): ChunkStep {
    const digits = SIZE_LINE.exec(line)?.[1]
    if (digits === undefined) return 'bad'
    this.#left = Number.parseInt(digits, 16)
    this.#expects = this.#left === 0 ? 'trailer' : 'data'
    // The size and its line end are no overhead: a body may have any number of chunks.
    return this.#spend(line.length - digits.length - 1)
  }

  #takeTrailer(line: string): ChunkStep {
    if (line === '\r') return 'done'
    if (!line.endsWith('\r') || !isTrailerField(line.slice(0, -1))) return 'bad'
    return this.#spend(line.length)
  }

  #spend(bytes: number): ChunkStep {
    this.#overhead += bytes
    return this.#overhead > MAX_OVERHEAD_BYTES ? 'bad' : 'more'
  }
}
