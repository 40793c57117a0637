import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AccessToken } from '../../../src/authentication/access-token.ts'
import { AnswerHead, isTrailerField } from '../../../src/forwarding/answer-head.ts'
import { AnswerReader } from '../../../src/forwarding/answer-reader.ts'
import { addForwardingFields, addIdentityFields } from '../../../src/forwarding/request-headers.ts'
import { writeRequestHead } from '../../../src/forwarding/request-writer.ts'
import { readResponseHead } from '../../../src/forwarding/response-headers.ts'
import { UpstreamError, type UpstreamHandler, type UpstreamRequest } from '../../../src/forwarding/upstream-client.ts'
import { UpstreamExchange } from '../../../src/forwarding/upstream-exchange.ts'
import { BODIES, FIELDS, FRAMINGS, INTERIM, ODD_BYTES, STATUS_LINES } from '../../contract/upstream-client-pieces.ts'
import { holds } from '../../support/cases.ts'

const GET: UpstreamRequest = {
  ...{ origin: 'http://a', method: 'GET', path: '/', headers: [], body: null, connectMs: 1, connections: 1 },
}
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

describe('identity fields: properties', () => {
  const claim = fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' }))
  const send = (it: unknown) => {
    const headers: string[] = []
    const token = { claims: { it }, scopes: new Set(['a', 'b']) } as unknown as AccessToken
    addIdentityFields(headers, { headers: new Map([['X-It', ['it']]]), authorization: 'strip' }, token)
    return headers[1]
  }

  it('are visible ASCII without outer blanks, whatever the claim, and fit into a request', () => {
    holds(
      fc.property(claim, (it) => {
        const value = send(it)
        if (value === undefined) return
        expect(value).toMatch(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$|^$/)
        expect(writeRequestHead({ ...GET, headers: ['X-It', value] }, 'a')?.text).toContain(`X-It: ${value}\r\n`)
      }),
      { usual: 1000, nightly: 300_000 },
    )
  })

  it('are the claim again once they are decoded, so that no two texts look alike', () => {
    holds(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (it) => {
        expect(decodeURIComponent(send(it) ?? '')).toBe(it.toWellFormed())
      }),
      { usual: 1000, nightly: 200_000 },
    )
  })
})

describe('forwarding fields: properties', () => {
  it('fit into a request for every host and client that was read', () => {
    const host = fc.stringMatching(/^(\[[0-9A-Fa-f:.]{2,9}\]|[\w.~!$&'()*+,;=%-]{1,9})(:\d{1,5})?$/)
    holds(
      fc.property(
        host,
        fc.oneof(fc.ipV4(), fc.ipV6()),
        fc.stringMatching(/^[\w.-]{1,64}$/),
        (name, clientAddress, requestId) => {
          const headers: string[] = []
          const via = {
            clientAddress,
            chain: clientAddress,
            scheme: 'https',
            host: name,
            requestId,
            pseudonym: 'p',
          } as const
          addForwardingFields(headers, via)
          expect(headers).toHaveLength(12)
          expect(writeRequestHead({ ...GET, headers }, 'a')).toBeDefined()
          // RFC 7239 section 4: pairs of a token and a token or a quoted string.
          expect(headers[7]).toMatch(/^for=(?:"\[[0-9a-fA-F:.]+\]"|[\d.]+);proto=https;host="[^"\\\s]+"$/)
        },
      ),
      { usual: 300, nightly: 100_000 },
    )
  })
})

const hop = ['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'te', 'trailer', 'upgrade']
const ours = ['x-request-id', 'ratelimit', 'ratelimit-policy', 'transfer-encoding']
const name = fc
  .tuple(
    fc.constantFrom(...hop, ...ours, 'x-a', 'x-b', 'content-length', 'set-cookie', 'access-control-allow-origin'),
    fc.nat(),
  )
  .map(([text, bits]) => [...text].map((it, index) => ((bits >> (index % 31)) & 1 ? it.toUpperCase() : it)).join(''))
const value = fc.oneof(
  fc.constantFrom('close', 'x-a', 'X-B, close', 'content-length', 'chunked', '5', '*'),
  fc.string(),
)

describe('response fields: properties', () => {
  it('hold nothing that is hop-by-hop, nominated or said by the gateway itself', () => {
    holds(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), fc.boolean(), (fields, ownsCors) => {
        let headers: readonly string[]
        try {
          headers = readResponseHead(200, fields.flat(), ownsCors).headers
        } catch (error) {
          if (error instanceof UpstreamError) return
          throw error
        }
        const named = fields
          .filter(([it]) => it.toLowerCase() === 'connection')
          .flatMap(([, it]) => it.toLowerCase().split(','))
        const banned = new Set([...hop, ...ours, ...named.map((it) => it.trim())])
        banned.delete('content-length')
        const left = headers.filter((_, index) => index % 2 === 0).map((it) => it.toLowerCase())
        expect(left.filter((it) => banned.has(it) || (ownsCors && it.startsWith('access-control-')))).toEqual([])
        const passed = fields.map(([it]) => it.toLowerCase()).filter((it) => !banned.has(it) && it === 'set-cookie')
        expect(left.filter((it) => it === 'set-cookie')).toEqual(passed)
      }),
      { usual: 1000, nightly: 300_000 },
    )
  })
})

const line = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...FIELDS, ...FRAMINGS) },
  fc.string({ unit: 'binary-ascii' }),
)
const start = fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 200 OK', ...STATUS_LINES)
const head = fc.tuple(start, fc.array(line, { maxLength: 5 })).map(([first, lines]) => [first, ...lines].join('\r\n'))

describe('AnswerHead: properties', () => {
  it('lets only names and values through that cannot end a line, and one way to tell the length', () => {
    holds(
      fc.property(head, (text) => {
        const answer = new AnswerHead()
        answer.read(text)
        if (answer.problem !== undefined) return
        const { headers } = answer
        const names = headers.filter((_, index) => index % 2 === 0)
        expect(headers.filter((_, index) => index % 2 === 1 && !VALUE.test(headers[index] as string))).toEqual([])
        expect(names.filter((it) => !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(it))).toEqual([])
        const framing = names
          .map((it) => it.toLowerCase())
          .filter((it) => /^(?:content-length|transfer-encoding)$/.test(it))
        expect(framing.length).toBeLessThanOrEqual(1)
        expect([answer.isChunked, answer.contentLength >= 0]).toEqual([
          framing[0] === 'transfer-encoding',
          framing[0] === 'content-length',
        ])
      }),
      { usual: 1000, nightly: 300_000 },
    )
  })

  it('lets no trailer through that frames a message', () => {
    holds(
      fc.property(line, (text) => {
        if (isTrailerField(text)) expect(text).not.toMatch(/^(?:content-length|transfer-encoding)\s*:|^[\s:]|[\r\n\0]/i)
      }),
      { usual: 500, nightly: 100_000 },
    )
  })
})

/** All that a handler is told of an answer, its pieces put together, and how it ended. */
function told(segments: readonly Buffer[], method: string): string {
  const calls: string[] = []
  let body = ''
  const handler: UpstreamHandler = {
    onStart: () => true,
    onInformation: (status, headers) => void calls.push(`${status} ${headers.join('|')}`),
    onHead: (status, headers) => void calls.push(`${status} ${headers.join('|')}`),
    onData(chunk) {
      body += chunk.toString('latin1')
      return true
    },
    onEnd() {},
    onUpgrade() {},
    onError() {},
  }
  const exchange = new UpstreamExchange({ ...GET, method }, handler, { text: '', length: 0, isLast: false })
  exchange.carrier = { abort() {}, resume() {} }
  const reader = new AnswerReader()
  let step = 'more'
  for (const segment of segments) {
    if (step !== 'more') break
    step = reader.read(segment, exchange)
  }
  return JSON.stringify([calls, body, step])
}

const answer = fc
  .tuple(
    fc.array(fc.constantFrom(...INTERIM), { maxLength: 2 }),
    head,
    fc.constantFrom(...BODIES),
    fc.option(fc.tuple(fc.nat(), fc.constantFrom(...ODD_BYTES))),
  )
  .map(([interim, text, body, put]) => {
    const all = `${interim.join('')}${text}\r\n\r\n${body}`
    const at = put === null ? 0 : put[0] % all.length
    return put === null ? all : all.slice(0, at) + put[1] + all.slice(at)
  })

describe('AnswerReader: properties', () => {
  it('tells the same of the same bytes, however they are cut', () => {
    holds(
      fc.property(
        answer,
        fc.array(fc.nat(), { maxLength: 6 }),
        fc.constantFrom('GET', 'HEAD'),
        (text, cuts, method) => {
          const bytes = Buffer.from(text, 'latin1')
          const edges = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length]
          const pieces = edges.slice(1).map((to, index) => bytes.subarray(edges[index], to))
          const [whole, cut] = [
            told([bytes], method),
            told(
              pieces.filter((it) => it.length > 0),
              method,
            ),
          ]
          if (cut !== whole) expect([text, cuts, cut]).toBe(whole)
        },
      ),
      { usual: 1000, nightly: 200_000 },
    )
  })
})
