/** The table of refusals in README, each of its rows sent over a socket. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { countAnswers, OPEN_ROUTES, startTarget, type Target } from '../security/target.ts'
import { markedPart, tableRows } from '../support/documents.ts'
import { connectRaw, type RawClient } from '../support/raw-client.ts'
import { parseAnswer } from '../support/raw-http.ts'
import { waitFor } from '../support/wait-for.ts'

const CONNECTIONS = 20
const BEHIND = 'GET /public/behind HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

let target: Target
/** What this gateway adds to `Via`. */
let via = ''

beforeAll(async () => {
  const limits = { headerTimeout: '300ms', requestTimeout: '500ms', connections: CONNECTIONS }
  const checked = { path: '/public/checked', to: 'app', public: 'for tests', body: { schema: 'order.json' } }
  const form = { path: '/public/form', to: 'app', methods: ['POST'], public: 'for tests', rateLimits: ['names'] }
  const rateLimits = { names: { limit: 9, window: '1m', key: 'form.name', when: 'before-auth' } }
  const files = { 'order.json': '{ "type": "object" }' }
  target = await startTarget(() => ({ limits, rateLimits, routes: [...OPEN_ROUTES, checked, form] }), undefined, files)
  await target.ask('GET /public/a HTTP/1.1')
  via = target.upstream.lastField('via')[0] ?? ''
})
afterAll(() => target.close())
beforeEach(() => target.upstream.clear())

/** By words of its row: what is sent, each on a connection of its own. `…` at the end: no more follows. */
const CASES: Readonly<Record<string, () => readonly string[]>> = {
  'a path with': () =>
    ['//a', '/a/../b', '/a\\b', '/a;b', '/a#b', '/a%2fb', '/%2e%2e/a', '/a%00', '/a%25', '/a%zz'].map((path) =>
      get(path),
    ),
  'in absolute form': () => ['http://a/public/a', 'https://evil.example/', '*'].map((path) => get(path)),
  'in authority form': () => [get('a:443'), get('a:443').replace('GET', 'CONNECT')],
  'a target with a control': () => ['/a\x01', '/a\tb', '/a b', '/\xe9'].map((path) => get(path)),
  'no `Host`': () => ['', 'Host:\r\n', 'Host: a/b\r\n', 'Host: a:65536\r\n', 'Host: a\r\nHost: a\r\n'].map(withHost),
  'two `Content-Length`': () =>
    ['2\r\nContent-Length: 2', '2, 2', '+2', '-2', '0x2', '', '1000000000000000'].map((it) =>
      post(`Content-Length: ${it}`, 'hi'),
    ),
  '`Content-Length` and': () => [
    post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
    post('Transfer-Encoding: chunked\r\nContent-Length: 5', '0\r\n\r\n'),
  ],
  'a transfer coding': () =>
    [
      'gzip',
      'identity',
      'gzip, chunked',
      'chunked, chunked',
      'xchunked',
      '"chunked"',
      'chunked\r\nTransfer-Encoding: chunked',
    ].map((it) => post(`Transfer-Encoding: ${it}`, '0\r\n\r\n')),
  'in HTTP/1.0': () => [post('Transfer-Encoding: chunked', '0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0')],
  'a chunk with': () =>
    [
      '-2\r\nhi\r\n',
      '0x2\r\nhi\r\n',
      '10000000000000000\r\nhi',
      '2;a="\r\nhi\r\n',
      '2\nhi\r\n',
      '2\r\nhiho',
      '0\r\nContent-Length: 2\r\n\r\n',
    ].map((it) => post('Transfer-Encoding: chunked', `${it}0\r\n\r\n`)),
  'a folded field': () => ['X-A: a\r\n b', 'Authorization: Bearer\r\n\ta'].map(withField),
  'a blank before': () => ['X-A : a', 'X-A', ': a', 'X(A: a', 'X-\xc4: a'].map(withField),
  'NUL, another': () => ['X-A: \0', 'X-A: \x1b', 'X-A: \x7f', 'X-A: a\rb', 'X-A: a\nX-B: b'].map(withField),
  'another version': () => [
    ...['HTTP/1.2', 'HTTP/2.0', 'HTTP/3.0', ''].map((it) => get('/public/a').replace('HTTP/1.1', it)),
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  ],
  'a method that': () => ['get', 'FOO'].map((it) => get('/public/a').replace('GET', it)),
  '`TRACE`': () => ['TRACE', 'OPTIONS', 'PROPFIND'].map((it) => get('/public/a').replace('GET', it)),
  'two `Authorization`': () =>
    ['Bearer a\r\nAuthorization: Bearer b', 'Bearer', 'Bearer a, Bearer b'].map((it) =>
      get('/x', `Authorization: ${it}`),
    ),
  'a target longer': () => [8_193, 30_000, 200_000].map((length) => get(`/${'a'.repeat(length - 1)}`)),
  'fields longer': () =>
    [`X-A: ${'a'.repeat(16_384)}`, `X-A: ${'a'.repeat(200_000)}`, `${'a:\r\n'.repeat(2_500)}b:`].map(withField),
  'a body longer': () => [
    post('Content-Length: 1048577'),
    post('Transfer-Encoding: chunked', `180000\r\n${'a'.repeat(0x180000)}\r\n0\r\n\r\n`),
  ],
  'a body that is no JSON': () =>
    ['{', '{"a":1,"a":2}', '"\xe9"', '\xef\xbb\xbf{}', '['.repeat(65) + ']'.repeat(65)].map((it) => checked(it)),
  'no body': () => [checked('')],
  'a body of another': () => [
    checked('{}', 'text/plain'),
    checked('{}', 'application/json; charset=utf-16'),
    checked('{}', 'application/json\r\nContent-Type: application/json'),
    checked('{}', 'application/json\r\nContent-Encoding: gzip'),
  ],
  'a body that is no form': () =>
    ['multipart/form-data; boundary=x', `${FORM}; charset=utf-16`, `${FORM}\r\nContent-Encoding: gzip`].map((type) =>
      checked('name=a', type).replace('/checked', '/form'),
    ),
  'a body that does not match': () => [checked('[]')],
  '`Expect` with': () =>
    ['200-ok', '100-continue, a', ''].map((it) => post(`Expect: ${it}\r\nContent-Length: 2`, 'hi')),
  'a head that': () => ['', 'GET /pub', 'GET /public/a HTTP/1.1\r\nHost: a\r\n'].map((it) => `${it}…`),
  'a request that takes': () => [`${post('Content-Length: 9', 'half')}…`],
  'a request that has': () => [get('/public/a', `Via: ${via}`)],
  'anything on': () => [get('/public/a')],
}

const FORM = 'application/x-www-form-urlencoded'
const get = (path: string, ...fields: string[]) =>
  `${[`GET ${path} HTTP/1.1`, 'Host: a', ...fields].join('\r\n')}\r\n\r\n`
const post = (fields: string, body = '') => `POST /public/a HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`
const checked = (body: string, type = 'application/json') =>
  post(`Content-Type: ${type}\r\nContent-Length: ${body.length}`, body).replace('/public/a', '/public/checked')
const withHost = (lines: string) => `GET /public/a HTTP/1.1\r\n${lines}\r\n`
const withField = (line: string) => get('/public/a', line)

const rows = tableRows(markedPart('README.md', 'refusals')).map(([sent = '', answer = '', connection = '']) => ({
  sent,
  answer,
  connection,
}))

/** As many connections as there may be. */
async function crowd(size: number): Promise<RawClient[]> {
  const clients = []
  for (let i = 0; i < size; i += 1) clients.push(await connectRaw(target.gateway.url, get('/public/a')))
  for (const client of clients) await client.until('ok')
  target.upstream.clear()
  return clients
}

function isLogged(requestId: string, status: number): boolean {
  return target.gateway.logs().some((line) => line.requestId === requestId && line.status === status)
}

describe('the table of refusals in README', () => {
  it('has a case for each row, and a row for each case', () => {
    const found = Object.keys(CASES).map((words) =>
      rows.filter(({ sent }) => sent.includes(words)).map(({ sent }) => sent),
    )
    expect(found).toEqual(rows.map(({ sent }) => [sent]))
  })

  it.each(rows)('$sent: $answer, $connection', async ({ sent, answer, connection }) => {
    const [status, code] = answer.replaceAll('`', '').split(' ')
    const words = Object.keys(CASES).find((it) => sent.includes(it)) ?? ''
    const answered: string[] = []
    const others = code === 'overloaded' ? await crowd(CONNECTIONS) : []
    for (const bytes of CASES[words]?.() ?? []) {
      const came = await target.send(bytes.endsWith('…') ? bytes.slice(0, -1) : bytes + BEHIND)
      const { headers, body } = parseAnswer(came)
      const problem = body.slice(0, Number(headers.get('content-length')?.[0]))
      const { requestId, ...said } = JSON.parse(problem)
      expect([bytes.slice(0, 60), said]).toEqual([
        bytes.slice(0, 60),
        expect.objectContaining({ status: Number(status), code }),
      ])
      expect(headers.get('content-type')).toEqual(['application/problem+json'])
      expect(headers.get('connection')).toEqual([connection === 'closed' ? 'close' : 'keep-alive'])
      expect(countAnswers(came)).toBe(connection === 'closed' ? 1 : 2)
      expect(target.upstream.taken.map((request) => request.target)).toEqual(
        connection === 'closed' ? [] : ['/public/behind'],
      )
      answered.push(requestId)
      target.upstream.clear()
    }
    await waitFor('their lines in the log', () => answered.every((id) => isLogged(id, Number(status))))
    for (const { socket } of others) socket.destroy()
  })
})
