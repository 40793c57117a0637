/** Bytes of a connection → calls of a handler: one answer after the other (RFC 9112 section 6). It knows no socket. */
import { AnswerHead, MAX_HEAD_BYTES } from './answer-head.ts'
import { ChunkDecoder } from './chunk-decoder.ts'
import type { UpstreamExchange } from './upstream-exchange.ts'

/** Interim answers to one request. They cost the upstream more than the gateway, but something has to end them. */
const MAX_INTERIM = 10_000
const NOTHING = Buffer.alloc(0)
const HEAD_END = '\r\n\r\n'
const START = 'HTTP/1.'
const [CR, LF] = [0x0d, 0x0a]

/**
 * `more`: all bytes are read and the answer goes on. `paused`: the handler wants no more for now. `done`: the answer is
 * whole. `switched`: it is a 101 that was asked for. `ended`: the exchange ended in a call of the handler. `bad`: see
 * `problem`. But for `more` and `bad`, `rest` holds what was not read.
 */
export type ReadStep = 'more' | 'paused' | 'done' | 'switched' | 'ended' | 'bad'

export class AnswerReader {
  rest: Buffer = NOTHING
  /** The final head, or that of the switch; undefined: it has not come yet. */
  head: AnswerHead | undefined
  problem = ''
  readonly #chunks = new ChunkDecoder()
  #framing: 'none' | 'length' | 'chunks' | 'close' = 'none'
  #left = 0
  #interim = 0
  /** The beginning of a head. */
  #partial: Buffer = NOTHING

  /** Gets ready for the answer to another request. */
  reset(): void {
    this.rest = NOTHING
    this.head = undefined
    this.#interim = 0
    this.#partial = NOTHING
  }

  /** Whether an answer that stops here, because its connection was closed, is whole (RFC 9112 section 6.3, rule 8). */
  get endsWithConnection(): boolean {
    return this.head !== undefined && this.#framing === 'close'
  }

  read(bytes: Buffer, exchange: UpstreamExchange): ReadStep {
    this.rest = NOTHING
    return this.head === undefined ? this.#readHead(bytes, exchange) : this.#readBody(bytes, 0, exchange)
  }

  #readHead(bytes: Buffer, exchange: UpstreamExchange): ReadStep {
    // A head in pieces is put together again at each one: it is small enough for that.
    const all = this.#partial.length === 0 ? bytes : Buffer.concat([this.#partial, bytes])
    let from = 0
    for (;;) {
      const end = all.indexOf(HEAD_END, from, 'latin1')
      if (end === -1) return this.#keepPartial(all, from)
      if (end + HEAD_END.length - from > MAX_HEAD_BYTES) return this.#refuse('a head that is too large')
      const head = new AnswerHead()
      head.read(all.toString('latin1', from, end))
      if (head.problem !== undefined) return this.#refuse(head.problem)
      from = end + HEAD_END.length
      if (head.status >= 200) return this.#begin(head, all, from, exchange)
      const step = this.#takeInterim(head, all, from, exchange)
      if (step !== 'more') return step
    }
  }

  /** What cannot become a head is refused as soon as that shows: its sender may say no more. */
  #keepPartial(bytes: Buffer, from: number): ReadStep {
    const partial = from === 0 ? bytes : bytes.subarray(from)
    const lineEnd = partial.indexOf(LF)
    const isLine = lineEnd === -1 || partial[lineEnd - 1] === CR
    if (!isLine || !START.startsWith(partial.toString('latin1', 0, START.length)))
      return this.#refuse('a bad status line')
    if (partial.length > MAX_HEAD_BYTES) return this.#refuse('a head that is too large')
    this.#partial = partial
    return 'more'
  }

  /** RFC 9110 section 15.2. A 100 says nothing to anyone: the body is sent without it. */
  #takeInterim(head: AnswerHead, bytes: Buffer, from: number, exchange: UpstreamExchange): ReadStep {
    this.#interim += 1
    if (this.#interim > MAX_INTERIM) return this.#refuse('too many interim answers')
    if (head.status === 101) {
      if (exchange.request.upgrade === undefined || !head.switchesProtocol)
        return this.#refuse('a switch nobody asked for')
      this.head = head
      this.rest = bytes.subarray(from)
      return 'switched'
    }
    if (head.status !== 100) exchange.handler.onInformation(head.status, head.headers)
    return exchange.carrier === undefined ? 'ended' : 'more'
  }

  #begin(head: AnswerHead, bytes: Buffer, from: number, exchange: UpstreamExchange): ReadStep {
    this.head = head
    this.#partial = NOTHING
    this.#left = head.contentLength
    if (hasNoBody(head, exchange)) this.#framing = 'none'
    else if (head.isChunked) this.#framing = 'chunks'
    else this.#framing = head.contentLength === -1 ? 'close' : 'length'
    if (this.#framing === 'chunks') this.#chunks.reset()
    exchange.handler.onHead(head.status, head.headers, exchange.resume)
    if (exchange.carrier === undefined) return 'ended'
    if (this.#framing === 'none') return this.#finish(bytes, from)
    return from === bytes.length ? 'more' : this.#readBody(bytes, from, exchange)
  }

  #readBody(bytes: Buffer, from: number, exchange: UpstreamExchange): ReadStep {
    if (this.#framing === 'chunks') return this.#readChunks(bytes, from, exchange)
    if (this.#framing === 'close') return this.#hand(bytes, from, bytes.length, exchange)
    const end = from + this.#left
    if (end > bytes.length) {
      this.#left = end - bytes.length
      return this.#hand(bytes, from, bytes.length, exchange)
    }
    // The last piece: whether the handler wants more does not matter.
    return this.#hand(bytes, from, end, exchange) === 'ended' ? 'ended' : this.#finish(bytes, end)
  }

  #readChunks(bytes: Buffer, from: number, exchange: UpstreamExchange): ReadStep {
    const chunks = this.#chunks
    for (let at = from; ; at = chunks.position) {
      const step = chunks.next(bytes, at)
      if (step === 'done') return this.#finish(bytes, chunks.position)
      if (step === 'bad') return this.#refuse('bad chunks')
      if (step === 'more') return step
      const taken = this.#hand(bytes, chunks.start, chunks.end, exchange)
      if (taken !== 'more') {
        this.rest = bytes.subarray(chunks.position)
        return taken
      }
    }
  }

  #hand(bytes: Buffer, from: number, to: number, exchange: UpstreamExchange): ReadStep {
    const wantsMore = exchange.handler.onData(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to))
    if (exchange.carrier === undefined) return 'ended'
    return wantsMore ? 'more' : 'paused'
  }

  #finish(bytes: Buffer, end: number): ReadStep {
    if (end < bytes.length) this.rest = bytes.subarray(end)
    return 'done'
  }

  #refuse(problem: string): ReadStep {
    this.problem = problem
    return 'bad'
  }
}

/** RFC 9112 section 6.3, rule 1: these end with their head, whatever they say about a length. */
function hasNoBody({ status, contentLength, isChunked }: AnswerHead, { request }: UpstreamExchange): boolean {
  if (request.method === 'HEAD' || status === 204 || status === 304) return true
  return contentLength === 0 && !isChunked
}
