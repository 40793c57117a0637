import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseAnswer } from '../support/raw-http.ts'
import { OPEN_ROUTES, startTarget, type Target } from './target.ts'

let target: Target

beforeAll(async () => {
  target = await startTarget(() => ({
    limits: { headerTimeout: '300ms' },
    routes: [...OPEN_ROUTES, { path: '/read', to: 'app', allow: [{ methods: 'GET', scopes: 'orders:read' }] }],
  }))
})
afterAll(() => target.close())
beforeEach(() => target.upstream.clear())

const METADATA = '/.well-known/oauth-protected-resource'

describe('the Host field (RFC 9112 section 3.2)', () => {
  it.each<[string, readonly string[]]>([
    ['missing', []],
    ['twice', ['Host: a.example', 'Host: b.example']],
    ['twice with one value', ['Host: a.example', 'Host: a.example']],
    ['twice in two cases', ['Host: a.example', 'hOsT: b.example']],
    ['empty', ['Host:']],
    ['with user information', ['Host: a@b.example']],
    ['with a path', ['Host: a.example/admin']],
    ['with a query', ['Host: a.example?x']],
    ['with a fragment', ['Host: a.example#x']],
    ['with a blank', ['Host: a.example b.example']],
    ['with a quote', ['Host: a.example"']],
    ['with a backslash', ['Host: a.example\\b']],
    ['with a port that is no number', ['Host: a.example:http']],
    ['with two ports', ['Host: a.example:1:2']],
    ['with an open bracket', ['Host: [::1']],
    ['in Latin-1', ['Host: \xe9.example']],
    ['with a line feed', ['Host: a.example\n b']],
  ])('answers 400 when it is %s, and sends nothing on', async (_, hosts) => {
    for (const path of ['/public/a', METADATA]) {
      const came = await target.send(`${[`GET ${path} HTTP/1.1`, ...hosts, 'Connection: close'].join('\r\n')}\r\n\r\n`)
      const answer = parseAnswer(came)
      expect(answer.status).toBe(400)
      expect(answer.headers.get('content-type')).toEqual(['application/problem+json'])
    }
    expect(target.upstream.text()).toBe('')
  })

  it.each(['evil.example', 'shop.example:8443', '[2001:db8::1]:8080', 'xn--bcher-kva.example'])(
    'tells the upstream of %s, and never goes there',
    async (host) => {
      await target.send(`GET /public/a HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      expect(target.upstream.lastField('host')).toEqual([new URL(target.upstream.url).host])
      expect(target.upstream.lastField('x-forwarded-host')).toEqual([host])
    },
  )
})

describe('request targets that are not a path (RFC 9112 section 3.2)', () => {
  it.each([
    ['absolute form', 'GET', () => `${target.gateway.url}/public/a`],
    ['absolute form of another host', 'GET', () => 'http://evil.example/public/a'],
    ['absolute form without a path', 'GET', () => 'http://evil.example'],
    ['absolute form in another scheme', 'GET', () => 'ftp://evil.example/public/a'],
    ['authority form without CONNECT', 'GET', () => 'evil.example:443'],
    ['CONNECT', 'CONNECT', () => 'evil.example:443'],
    ['CONNECT to the gateway itself', 'CONNECT', () => target.host],
    ['CONNECT with a path', 'CONNECT', () => '/public/a'],
    ['OPTIONS *', 'OPTIONS', () => '*'],
    ['GET *', 'GET', () => '*'],
    ['a path without a slash', 'GET', () => 'public/a'],
    ['a query alone', 'GET', () => '?/public/a'],
    ['nothing', 'GET', () => ''],
  ])('answers 400 to %s', async (_, method, path) => {
    for (const fields of [[], [await target.bearer()]]) {
      expect((await target.ask(`${method} ${path()} HTTP/1.1`, ...fields)).status).toBe(400)
    }
    expect(target.upstream.text()).toBe('')
  })
})

describe("the gateway's own page (RFC 9728)", () => {
  it('GHSA-5hvv-m4w4-gf6v: stands at its one address, and opens nothing beside it', async () => {
    expect((await target.ask(`GET ${METADATA} HTTP/1.1`)).status).toBe(200)
    const beside = ['/', '/x', '/read', '?', '?x=/public/', '/public/a']
    for (const path of [
      ...beside.map((text) => METADATA + text),
      '/.well-known/openid-configuration',
      '/.well-known',
    ]) {
      expect((await target.ask(`GET ${path} HTTP/1.1`)).status).toBe(401)
    }
    for (const method of ['POST', 'DELETE', 'OPTIONS']) {
      expect((await target.ask(`${method} ${METADATA} HTTP/1.1`)).status).toBe(401)
    }
    expect((await target.ask(`GET ${METADATA}/../../read HTTP/1.1`)).status).toBe(400)
    const strange = await target.send(`GET ${METADATA} HTTP/1.1\r\nHost: a'(b);c\r\nConnection: close\r\n\r\n`)
    expect(JSON.parse(parseAnswer(strange).body)).toMatchObject({ resource: 'http://localhost' })
    expect(target.upstream.text()).toBe('')
  })
})

describe('methods', () => {
  it.each(['TRACE', 'OPTIONS', 'PROPFIND', 'PURGE', 'LINK', 'SEARCH', 'QUERY', 'M-SEARCH'])(
    'never lets a %s pass: 401, then 405 with Allow',
    async (method) => {
      expect((await target.ask(`${method} /read HTTP/1.1`)).status).toBe(401)
      const known = await target.ask(`${method} /read HTTP/1.1`, await target.bearer())
      expect(known.status).toBe(405)
      expect(known.headers.get('allow')).toEqual(['GET, HEAD'])
      expect((await target.ask(`${method} /public/a HTTP/1.1`)).status).toBe(405)
      expect(target.upstream.text()).toBe('')
    },
  )

  it.each(['FOO', 'get', 'GET\x00', 'GE T', 'GET,POST', 'G\xc9T', 'X'.repeat(100), ''])(
    'answers 400 to the method %j',
    async (method) => {
      expect((await target.ask(`${method} /public/a HTTP/1.1`)).status).toBe(400)
      expect(target.upstream.text()).toBe('')
    },
  )

  it('lets HEAD follow GET, and POST not', async () => {
    const token = await target.bearer()
    const head = await target.ask('HEAD /read HTTP/1.1', token)
    expect([head.status, head.body]).toEqual([200, ''])
    target.upstream.answer = 'HTTP/1.1 203 Seen\r\nX-Seen: yes\r\nContent-Length: 2\r\n\r\n'
    const seen = await target.ask('HEAD /read HTTP/1.1', token)
    expect([seen.status, seen.headers.get('x-seen'), seen.headers.get('content-length')]).toEqual([203, ['yes'], ['2']])
    expect((await target.ask('POST /read HTTP/1.1', token)).status).toBe(405)
  })
})

describe('other protocols on the port', () => {
  it.each([
    ['HTTP/0.9', 'GET /public/a\r\n\r\n'],
    ['HTTP/2 with prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/2.0 in words', 'GET /public/a HTTP/2.0\r\nHost: a\r\n\r\n'],
    ['HTTP/1.2', 'GET /public/a HTTP/1.2\r\nHost: a\r\n\r\n'],
    ['HTTP/1.10', 'GET /public/a HTTP/1.10\r\nHost: a\r\n\r\n'],
    ['HTTP in lower case', 'GET /public/a http/1.1\r\nHost: a\r\n\r\n'],
    ['another name', 'GET /public/a ICE/1.0\r\nHost: a\r\n\r\n'],
    ['HTTP/0.9 in words', 'GET /public/a HTTP/0.9\r\nHost: a\r\n\r\n'],
    ['a tab for a blank', 'GET\t/public/a HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['the PROXY protocol', 'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET /public/a HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['an answer', 'HTTP/1.1 200 OK\r\n\r\n'],
  ])('answers 400 to %s and closes the connection', async (_, bytes) => {
    expect(await target.send(bytes)).toMatch(/^HTTP\/1\.1 400 .*\r\n(?:.*\r\n)*Connection: close\r\n/i)
    expect(target.upstream.text()).toBe('')
  })

  it('serves HTTP/1.0 with a Host field and closes the connection', async () => {
    const came = await target.send(`GET /public/a HTTP/1.0\r\nHost: ${target.host}\r\n\r\n`)
    expect(parseAnswer(came).status).toBe(200)
    expect(target.upstream.taken).toHaveLength(1)
  })

  it('answers 408 to a head that does not come to its end', async () => {
    expect(await target.send('GET /public/a HTTP/1.1\r\nHost: a\r\nX-A: ')).toMatch(/^HTTP\/1\.1 408 /)
    expect(target.upstream.text()).toBe('')
  })

  it('offers no switch to HTTP/2', async () => {
    const fields = ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA', 'Connection: Upgrade, HTTP2-Settings']
    expect((await target.ask('GET /public/a HTTP/1.1', ...fields)).status).toBe(200)
    expect(target.upstream.text()).not.toMatch(/upgrade|http2-settings/i)
  })
})
