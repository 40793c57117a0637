import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { countAnswers, OPEN_ROUTES, startTarget, type Target } from './target.ts'

let target: Target

beforeAll(async () => {
  target = await startTarget(() => ({ routes: OPEN_ROUTES }))
})
afterAll(() => target.close())
beforeEach(() => target.upstream.clear())

const SMUGGLED = 'GET /public/smuggled HTTP/1.1\r\nHost: x\r\n\r\n'
/** Lines of a head with a good Host; `after` follows the head as it is. */
const post = (lines: readonly string[], after: string, version = '1.1') =>
  `${[`POST /public/a HTTP/${version}`, `Host: ${target.host}`, ...lines].join('\r\n')}\r\n\r\n${after}`

describe('framing that two readers can read in two ways (RFC 9112 sections 2, 5 and 6)', () => {
  it.each<[string, readonly string[], string]>([
    ['a length and chunks', ['Content-Length: 6', 'Transfer-Encoding: chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['chunks and a length', ['Transfer-Encoding: chunked', 'Content-Length: 4'], `0\r\n\r\n${SMUGGLED}`],
    ['two lengths', ['Content-Length: 0', `Content-Length: ${SMUGGLED.length}`], SMUGGLED],
    ['the same length twice', ['Content-Length: 2', 'Content-Length: 2'], `hi${SMUGGLED}`],
    ['a list of lengths', ['Content-Length: 2, 2'], `hi${SMUGGLED}`],
    ['a signed length', ['Content-Length: +2'], `hi${SMUGGLED}`],
    ['a negative length', ['Content-Length: -2'], `hi${SMUGGLED}`],
    ['a hexadecimal length', ['Content-Length: 0x2'], `hi${SMUGGLED}`],
    ['a length with a blank inside', ['Content-Length: 1 2'], `hi${SMUGGLED}`],
    ['an empty length', ['Content-Length:'], SMUGGLED],
    ['a length beyond 64 bits', ['Content-Length: 18446744073709551618'], `hi${SMUGGLED}`],
    ['a length in other digits', ['Content-Length: \xb2'], `hi${SMUGGLED}`],
    ['xchunked', ['Transfer-Encoding: xchunked'], `0\r\n\r\n${SMUGGLED}`],
    ['chunkedx', ['Transfer-Encoding: chunkedx'], `0\r\n\r\n${SMUGGLED}`],
    ['identity', ['Transfer-Encoding: identity'], SMUGGLED],
    ['gzip before chunked', ['Transfer-Encoding: gzip, chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['chunked before identity', ['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${SMUGGLED}`],
    ['chunked twice', ['Transfer-Encoding: chunked, chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['two coding fields', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `0\r\n\r\n${SMUGGLED}`],
    ['two chunked fields', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['a quoted coding', ['Transfer-Encoding: "chunked"'], `0\r\n\r\n${SMUGGLED}`],
    ['a coding with a parameter', ['Transfer-Encoding: chunked;x=1'], `0\r\n\r\n${SMUGGLED}`],
    ['a vertical tab before chunked', ['Transfer-Encoding: \x0bchunked'], `0\r\n\r\n${SMUGGLED}`],
    ['a blank before the colon of the coding', ['Transfer-Encoding : chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['a tab before the colon of the length', ['Content-Length\t: 2'], `hi${SMUGGLED}`],
    ['a folded coding', ['Transfer-Encoding:', ' chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['a folded value', ['X-A: 1', '\tX-User-Id: root'], SMUGGLED],
    ['a line that starts with a blank', [' X-A: 1'], SMUGGLED],
    ['a line without a colon', ['X-A'], SMUGGLED],
    ['an empty name', [': chunked'], SMUGGLED],
    ['a bare line feed in a value', ['X-A: 1\nTransfer-Encoding: chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['a bare carriage return in a value', ['X-A: 1\rTransfer-Encoding: chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['a NUL in a value', ['X-A: 1\x00'], SMUGGLED],
    ['a NUL in a name', ['Transfer-\x00Encoding: chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['a name in Latin-1', ['Transfer\xadEncoding: chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['a chunk size with a prefix', ['Transfer-Encoding: chunked'], `0x2\r\nhi\r\n0\r\n\r\n${SMUGGLED}`],
    ['a signed chunk size', ['Transfer-Encoding: chunked'], `+2\r\nhi\r\n0\r\n\r\n${SMUGGLED}`],
    ['an overflowing chunk size', ['Transfer-Encoding: chunked'], `10000000000000002\r\nhi\r\n0\r\n\r\n${SMUGGLED}`],
    ['an empty chunk size', ['Transfer-Encoding: chunked'], `\r\nhi\r\n0\r\n\r\n${SMUGGLED}`],
    ['a chunk longer than its size', ['Transfer-Encoding: chunked'], `2\r\nhiho\r\n0\r\n\r\n${SMUGGLED}`],
    ['a chunk size behind a bare LF', ['Transfer-Encoding: chunked'], `2\nhi\r\n0\r\n\r\n${SMUGGLED}`],
    ['a bare LF after a chunk', ['Transfer-Encoding: chunked'], `2\r\nhi\n0\r\n\r\n${SMUGGLED}`],
    ['a bare LF in a chunk extension', ['Transfer-Encoding: chunked'], `2;\nxx\r\nhi\r\n0\r\n\r\n${SMUGGLED}`],
    ['a bare CR in a chunk extension', ['Transfer-Encoding: chunked'], `2;a\rb\r\nhi\r\n0\r\n\r\n${SMUGGLED}`],
    ['a blank chunk size line', ['Transfer-Encoding: chunked'], `2 \r\nhi\r\n0\r\n\r\n${SMUGGLED}`],
  ])('refuses %s with 400 and a closed connection, and nothing gets through', async (_, lines, after) => {
    const came = await target.send(post(lines, after))
    expect(came).toMatch(/^HTTP\/1\.1 400 /)
    expect(came).toMatch(/\r\nConnection: close\r\n/i)
    expect(countAnswers(came)).toBe(1)
    expect(target.upstream.taken).toEqual([])
    expect(target.upstream.text()).not.toContain('smuggled')
  })

  it.each(['1.0', '1.0\r\nConnection: keep-alive'])(
    'refuses chunks in HTTP/%s (RFC 9112 section 6.1)',
    async (version) => {
      const came = await target.send(post(['Transfer-Encoding: chunked'], `2\r\nhi\r\n0\r\n\r\n${SMUGGLED}`, version))
      expect(came).toMatch(/^HTTP\/1\.1 400 /)
      expect(countAnswers(came)).toBe(1)
      expect(target.upstream.text()).toBe('')
    },
  )

  it.each(['Content_Length: 44', 'Transfer_Encoding: chunked', 'Content-Length_: 44', 'Transfer.Encoding: chunked'])(
    'sends %s nowhere, which a server may take for framing',
    async (field) => {
      await target.ask('GET /public/a HTTP/1.1', field)
      expect(target.upstream.taken).toHaveLength(1)
      if (!field.startsWith('Content-Length_')) expect(target.upstream.text()).not.toContain(field.split(':')[0])
    },
  )

  it('frames a body anew: extensions and trailers stay behind, its bytes pass', async () => {
    const body = `6;ext="${'x'.repeat(20)}"\r\nGET / \r\n0\r\nX-User-Id: root\r\nX-Scopes: admin\r\n\r\n`
    const came = await target.send(
      post(['Transfer-Encoding: chunked', 'Trailer: X-User-Id', 'Connection: close'], body),
    )
    expect(came).toMatch(/^HTTP\/1\.1 200 /)
    expect(target.upstream.taken.map((request) => request.body)).toEqual(['GET / '])
    expect(target.upstream.text()).not.toMatch(/ext=|x-user-id/i)
  })

  it('sends a request inside a body on as a body', async () => {
    const came = await target.send(post([`Content-Length: ${SMUGGLED.length}`, 'Connection: close'], SMUGGLED))
    expect(countAnswers(came)).toBe(1)
    expect(target.upstream.taken.map(({ target: path, body }) => [path, body])).toEqual([['/public/a', SMUGGLED]])
  })

  it('lets no Connection option take the framing away', async () => {
    const nominated = 'Connection: content-length, transfer-encoding, host, close'
    await target.send(post([nominated, `Content-Length: ${SMUGGLED.length}`], SMUGGLED))
    expect(target.upstream.taken.map(({ body }) => body)).toEqual([SMUGGLED])
    expect(target.upstream.lastField('host')).toEqual([new URL(target.upstream.url).host])
  })

  it.each(['GET', 'HEAD', 'DELETE'])('keeps the body of a %s with its request', async (method) => {
    await target.send(
      post([`Content-Length: ${SMUGGLED.length}`, 'Connection: close'], SMUGGLED).replace('POST', method),
    )
    expect(target.upstream.taken.map((request) => [request.method, request.body])).toEqual([[method, SMUGGLED]])
  })
})

describe('several requests on a connection (RFC 9112 section 9.3)', () => {
  const get = (path: string, ...fields: string[]) =>
    `${[`GET ${path} HTTP/1.1`, `Host: ${target.host}`, ...fields].join('\r\n')}\r\n\r\n`

  it('looks at nothing that follows a request whose answer closes the connection', async () => {
    await target.ask('GET /public/warm HTTP/1.1')
    target.upstream.clear()
    const came = await target.send(`GET /public/a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${get('/public/smuggled')}`)
    expect(came).toMatch(/^HTTP\/1\.1 400 /)
    expect(countAnswers(came)).toBe(1)
    await target.ask('GET /public/after HTTP/1.1')
    expect(target.upstream.taken.map((request) => request.target)).toEqual(['/public/after'])
  })

  it('takes pipelined requests one after the other, each with its own token', async () => {
    const token = await target.bearer({ sub: 'first' })
    const came = await target.send(
      get('/orders/1', token) + get('/orders/2') + get('/public/3') + get('/orders/4', token, 'Connection: close'),
    )
    expect([...came.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status)).toEqual(['200', '401', '200', '200'])
    expect(target.upstream.taken.map((request) => request.target)).toEqual(['/orders/1', '/public/3', '/orders/4'])
    expect(target.upstream.taken[1]?.fields.some(([name]) => /x-user-id/i.test(name))).toBe(false)
  })

  it.each([
    ['bad bytes', 'GET / HTTP/1.1\r\n bad\r\n\r\n'],
    ['a CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n'],
  ])('answers the good request first and then the %s behind it', async (_, bytes) => {
    const came = await target.send(get('/public/a') + bytes)
    expect([...came.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status)).toEqual(['200', '400'])
    expect(target.upstream.taken).toHaveLength(1)
  })
})
