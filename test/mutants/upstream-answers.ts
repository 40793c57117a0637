/** What is taken for an answer of an upstream. */
import { inFile, type Mutant } from './mutant.ts'

const FAULTS = ['integration/forwarding/faults.test.ts']
const LEAN = ['contract/upstream-client-lean.test.ts']

const head = inFile('forwarding/answer-head.ts', FAULTS, [
  {
    id: 'status-line',
    find: 'if (!STATUS_LINE.test(line)) {',
    replace: 'if (!line.startsWith("HTTP/")) {',
    removes: 'an answer begins with a status line',
    tests: LEAN,
    guards: ['RFC 9112 4'],
  },
  {
    id: 'answer-fields',
    find: "if (role === 'bad' || NOT_IN_VALUE.test(value)) this.problem = 'a bad field'",
    replace: '',
    removes: 'fields of an answer are well-formed',
    tests: LEAN,
    guards: ['RFC 9112 5'],
  },
  {
    id: 'answer-length',
    find: "if (this.contentLength !== -1 || !LENGTH.test(written)) this.problem = 'a bad length'\n        else ",
    replace: '',
    removes: 'an answer has one length, of digits',
    guards: ['RFC 9112 6.3', 'pitfall 19'],
  },
  {
    id: 'answer-chunked',
    find: "if (this.isChunked || !CHUNKED.test(written)) this.problem = 'a transfer coding that is not chunked'\n        else ",
    replace: '',
    removes: 'the coding of an answer is chunked',
    tests: LEAN,
    guards: ['pitfall 19'],
  },
  {
    id: 'answer-two-framings',
    find: "if (this.isChunked && this.contentLength !== -1) return 'a length and chunks'",
    replace: '',
    removes: 'an answer has one framing',
    guards: ['RFC 9112 6.3', 'pitfall 19'],
  },
  {
    id: 'answer-chunks-in-1-0',
    find: "if (this.isChunked && !this.#isHttp11) return 'chunks in HTTP/1.0'",
    replace: '',
    removes: 'HTTP/1.0 has no chunks',
    tests: LEAN,
    guards: ['RFC 9112 6.1'],
  },
  {
    id: 'trailer-framing',
    find: "if (role === 'bad' || role === 'content-length' || role === 'transfer-encoding') return false",
    replace: "if (role === 'bad') return false",
    removes: 'a trailer frames nothing',
    tests: ['unit/forwarding/chunk-decoder.test.ts', ...LEAN],
    guards: ['RFC 9110 6.5.1'],
  },
])

const reader = inFile('forwarding/answer-reader.ts', LEAN, [
  {
    id: 'head-size',
    find: "if (end + HEAD_END.length - from > MAX_HEAD_BYTES) return this.#refuse('a head that is too large')",
    replace: '',
    also: [
      {
        file: 'src/forwarding/answer-reader.ts',
        find: "if (partial.length > MAX_HEAD_BYTES) return this.#refuse('a head that is too large')",
        replace: '',
      },
    ],
    removes: 'a head has a greatest size',
    guards: ['pitfall 4'],
  },
  {
    id: 'interim-flood',
    find: "if (this.#interim > MAX_INTERIM) return this.#refuse('too many interim answers')",
    replace: '',
    removes: 'interim answers come to an end',
    guards: ['RFC 9110 15.2'],
  },
  {
    id: 'switch-asked-for',
    find: "if (exchange.request.upgrade === undefined || !head.switchesProtocol)\n        return this.#refuse('a switch nobody asked for')",
    replace: '',
    removes: 'an upstream switches only when it was asked to',
    guards: ['RFC 9110 15.2.2'],
  },
])

const chunks = inFile('forwarding/chunk-decoder.ts', LEAN, [
  {
    id: 'chunk-end',
    find: "return line === '\\r' ? 'more' : 'bad'",
    replace: "return line === undefined ? 'bad' : 'more'",
    removes: 'a chunk ends where its size says',
    tests: ['unit/forwarding/chunk-decoder.test.ts', ...LEAN],
    guards: ['RFC 9112 7.1'],
  },
  {
    id: 'chunk-overhead',
    find: "return this.#overhead > MAX_OVERHEAD_BYTES ? 'bad' : 'more'",
    replace: "return 'more'",
    removes: 'extensions and trailers have a greatest size',
    tests: ['unit/forwarding/chunk-decoder.test.ts', ...LEAN],
    guards: ['RFC 9112 7.1.1'],
  },
])

const connection = inFile('forwarding/upstream-connection.ts', LEAN, [
  {
    id: 'bytes-nobody-asked-for',
    find: '      this.#retire()\n      return\n    }\n    // Aborted, and',
    replace: '      return\n    }\n    // Aborted, and',
    removes: 'bytes that come between two requests are no answer to the next',
    guards: ['RFC 9112 9.2'],
  },
  {
    id: 'reused-when-clean',
    find: 'const isReusable = isSent && rest.length === 0 && head?.keepsAlive === true && !exchange.head.isLast',
    replace: 'const isReusable = head !== undefined && isSent && rest.length >= 0',
    removes: 'a connection is used again only when its answer ended where it should',
    guards: ['RFC 9112 9.3'],
  },
  {
    id: 'reused-when-sent',
    find: 'const isReusable = isSent && rest',
    replace: 'const isReusable = (isSent || !isSent) && rest',
    removes: 'a connection is used again only when the request was sent whole',
    guards: ['RFC 9112 9.3'],
  },
])

export const UPSTREAM_ANSWERS: readonly Mutant[] = [...head, ...reader, ...chunks, ...connection]
