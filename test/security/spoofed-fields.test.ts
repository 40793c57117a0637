import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { OPEN_ROUTES, startTarget, type Target } from './target.ts'

let target: Target
let behindProxy: Target

beforeAll(async () => {
  const identity = {
    headers: { 'X-User-Id': 'sub', 'X-Client-Id': 'azp', 'X-Scopes': 'scope', X_Tenant: 'tenant', 'X-Name': 'name' },
  }
  const secrets = {
    path: '/token/**',
    to: 'app',
    identity: { authorization: 'forward' },
    allow: [{ methods: 'any', token: 'any' }],
  }
  const named = {
    path: '/named/**',
    to: 'app',
    identity: { headers: { 'X-Account': 'azp' } },
    allow: [{ methods: 'any', token: 'any' }],
  }
  target = await startTarget(() => ({ identity, routes: [...OPEN_ROUTES, secrets, named] }))
  behindProxy = await startTarget(() => ({
    trustedProxies: ['127.0.0.0/8', '2001:db8:aaaa::/48', '::1'],
    routes: OPEN_ROUTES,
  }))
})
afterAll(async () => {
  await target.close()
  await behindProxy.close()
})
beforeEach(() => {
  target.upstream.clear()
  behindProxy.upstream.clear()
})

const SPELLINGS = [
  'X-User-Id',
  'x-user-id',
  'X-USER-ID',
  'X_User_Id',
  'X-User_Id',
  'x.user.id',
  'X~User~Id',
  "X'User'Id",
  'X-Client-Id',
  'X_CLIENT_ID',
  'X-Scopes',
  'x_scopes',
  'X-Tenant',
  'X_Tenant',
  'X-Name',
]

describe('identity fields that a client sends', () => {
  it.each(SPELLINGS)('GHSA-5m6w-wvh7-57vm, CVE-2025-64484: never reach an upstream as %s', async (name) => {
    const token = await target.bearer({ sub: 'u-1', azp: 'spa', tenant: 't-1', name: 'Alice' })
    for (const [path, ...fields] of [['/public/a'], ['/orders/1', token]]) {
      await target.ask(`GET ${path} HTTP/1.1`, `${name}: spoofed`, ...fields, `${name}: spoofed`)
    }
    expect(target.upstream.taken).toHaveLength(2)
    expect(target.upstream.text()).not.toContain('spoofed')
  })

  it.each([
    ['absent', {}],
    ['empty', { tenant: '' }],
    ['an object', { tenant: { id: 'x' } }],
    ['null', { tenant: null }],
    ['an empty list', { tenant: [] }],
  ])('CVE-2026-44087: are gone also when the claim is %s', async (_, claims) => {
    await target.ask('GET /orders/1 HTTP/1.1', await target.bearer(claims), 'X-Tenant: spoofed', 'X_Tenant: spoofed')
    expect(target.upstream.taken).toHaveLength(1)
    expect(target.upstream.text()).not.toMatch(/tenant/i)
  })

  it.each(['X-User-Id', 'x-user-id, X-Scopes', 'close, x-user-id', 'X-User-Id\r\nConnection: X-Scopes'])(
    'GHSA-w9mr-28mw-j8hg: are set although Connection names %j',
    async (option) => {
      await target.ask('GET /orders/1 HTTP/1.1', await target.bearer({ sub: 'u-1' }), `Connection: ${option}`)
      expect(target.upstream.lastField('x-user-id')).toEqual(['u-1'])
      expect(target.upstream.lastField('x-scopes')).toEqual(['orders:read orders:write'])
    },
  )

  it.each([
    ['CVE-2026-39998', 'a line break', 'root\r\nX-User-Id: admin', 'root%0D%0AX-User-Id: admin'],
    ['CVE-2026-39998', 'a bare line feed', 'a\nX-Admin: 1', 'a%0AX-Admin: 1'],
    ['CVE-2026-31908', 'letters beyond Latin-1', '用户', '%E7%94%A8%E6%88%B7'],
    ['CVE-2026-31908', 'a NUL', 'a\0b', 'a%00b'],
    ['CVE-2026-31908', 'outer blanks', ' a ', '%20a%20'],
    ['CVE-2026-31908', 'a percent sign', '%41', '%2541'],
  ])('%s: carry %s in a claim without becoming another field', async (_, _what, name, value) => {
    expect((await target.ask('GET /orders/1 HTTP/1.1', await target.bearer({ name }))).status).toBe(200)
    expect(target.upstream.lastField('x-name')).toEqual([value])
    expect(target.upstream.lastField('x-admin')).toEqual([])
    expect(target.upstream.taken[0]?.fields.filter(([field]) => /x-user-id/i.test(field))).toHaveLength(1)
  })
})

describe('identity fields of a route', () => {
  it('are its own, also for a token that was seen on another route before', async () => {
    const token = await target.bearer({ sub: 'u-1', azp: 'spa' })
    for (const [path, user, account] of [
      ['/orders/1', ['u-1'], []],
      ['/named/1', [], ['spa']],
      ['/orders/1', ['u-1'], []],
    ] as const) {
      await target.ask(`GET ${path} HTTP/1.1`, token)
      expect(target.upstream.lastField('x-user-id')).toEqual(user)
      expect(target.upstream.lastField('x-account')).toEqual(account)
    }
  })
})

describe('the token', () => {
  it('stays at the gateway unless the route passes it on', async () => {
    const token = await target.bearer()
    await target.ask('GET /orders/1 HTTP/1.1', token, 'Proxy-Authorization: Basic c2VjcmV0', 'AUTHORIZATION_: x')
    expect(target.upstream.text()).not.toContain(token.slice(-20))
    expect(target.upstream.lastField('authorization')).toEqual([])
    expect(target.upstream.lastField('proxy-authorization')).toEqual([])
    await target.ask('GET /token/1 HTTP/1.1', token, 'Connection: authorization', 'X_Authorization: y')
    expect(target.upstream.lastField('authorization')).toEqual([token.slice('Authorization: '.length)])
  })

  it('is stripped from a public route, whatever it is', async () => {
    await target.ask('GET /public/a HTTP/1.1', 'Authorization: Basic cm9vdDpyb290', 'Connection: authorization')
    expect(target.upstream.lastField('authorization')).toEqual([])
  })
})

describe('fields by which an upstream would take the request for another one', () => {
  it.each([
    'X-Forwarded-Host: evil',
    'X-Forwarded-Proto: evil',
    'X-Forwarded-Port: evil',
    'X-Forwarded-Server: evil',
    'X-Forwarded-Prefix: /evil',
    'X-Forwarded-Uri: /evil',
    'X-Forwarded-User: evil',
    'X-Forwarded-Email: evil',
    'X-Forwarded-Access-Token: evil',
    'X-Forwarded-Ssl: evil',
    'X_Forwarded_Proto: evil',
    'X_Forwarded_For: evil',
    'Forwarded: for=evil',
    'X-Real-IP: evil',
    'X_Real_IP: evil',
    'X-Client-IP: evil',
    'True-Client-IP: evil',
    'X-Original-URL: /evil',
    'X-Original-Host: evil',
    'X-Rewrite-URL: /evil',
    'X-Host: evil',
    'X-HTTP-Method: evil',
    'X-HTTP-Method-Override: evil',
    'X-Method-Override: evil',
    'X_HTTP_Method_Override: evil',
    'Proxy-Connection: evil',
    'Proxy-Authorization: evil',
    'Keep-Alive: evil',
    'TE: evil',
    'Trailer: evil',
    'Upgrade: evil',
    'HTTP2-Settings: evil',
    'tracestate: evil=1',
    'traceparent: evil',
    'X-Request-Id: evil one',
  ])('leaves %s behind', async (field) => {
    expect((await target.ask('GET /public/a HTTP/1.1', field)).status).toBe(200)
    expect(target.upstream.taken).toHaveLength(1)
    expect(target.upstream.text()).not.toContain('evil')
  })

  it('believes no X-Forwarded-For without trusted proxies', async () => {
    await target.ask('GET /public/a HTTP/1.1', 'X-Forwarded-For: 6.6.6.6', 'X-Forwarded-Proto: https')
    expect(target.upstream.lastField('x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(target.upstream.lastField('x-forwarded-proto')).toEqual(['http'])
    expect(target.upstream.lastField('forwarded')).toEqual([`for=127.0.0.1;proto=http;host="${target.host}"`])
  })

  it('passes what Connection does not name, and drops what it names', async () => {
    await target.ask('GET /public/a HTTP/1.1', 'X-Hop: 1', 'X-End: 2', 'Cookie: a=b', 'Connection: X-Hop, COOKIE')
    expect(target.upstream.text()).not.toMatch(/x-hop|cookie/i)
    expect(target.upstream.lastField('x-end')).toEqual(['2'])
    expect(target.upstream.lastField('connection')).not.toContain('X-Hop')
  })
})

describe('a chain of proxies (trustedProxies)', () => {
  it.each([
    ['the one hop before the proxy', ['203.0.113.7'], '203.0.113.7'],
    ['the last untrusted hop', ['6.6.6.6, 203.0.113.7'], '203.0.113.7'],
    ['through trusted hops', ['6.6.6.6, 203.0.113.7, 127.0.0.9'], '203.0.113.7'],
    ['over several fields', ['6.6.6.6', '203.0.113.7', '127.0.0.9, 127.0.0.8'], '203.0.113.7'],
    ['an IPv6 hop', ['6.6.6.6, 2001:DB8:0:1::7, 2001:db8:aaaa::1'], '"[2001:db8:0:1::7]"'],
    ['an IPv6 hop with brackets and port', ['[2001:db8:0:1::7]:4711'], '"[2001:db8:0:1::7]"'],
    ['a mapped IPv4 hop', ['::ffff:203.0.113.7'], '203.0.113.7'],
    ['a mapped IPv4 hop in hexadecimal', ['::ffff:cb00:7107'], '203.0.113.7'],
    ['a trusted proxy in mapped form', ['203.0.113.7, ::ffff:127.0.0.9'], '203.0.113.7'],
    ['an IPv4 hop with a port', ['203.0.113.7:4711'], '203.0.113.7'],
    ['nothing before rubbish', ['203.0.113.7, unknown'], '127.0.0.1'],
    ['nothing before an octal address', ['203.0.113.7, 0177.0.0.1'], '127.0.0.1'],
    ['nothing in an empty field', [''], '127.0.0.1'],
    ['nothing before an empty entry', ['203.0.113.7,'], '127.0.0.1'],
    ['nothing with a quote', ['1.2.3.4";for=6.6.6.6'], '127.0.0.1'],
  ])('believes %s', async (_, values, client) => {
    const fields = values.map((value) => `X-Forwarded-For: ${value}`)
    expect((await behindProxy.ask('GET /public/a HTTP/1.1', ...fields)).status).toBe(200)
    expect(behindProxy.upstream.lastField('forwarded')[0]).toMatch(
      new RegExp(`^for=${client.replaceAll(/[[\]."]/g, '\\$&')};`),
    )
  })

  it.each(['X_Forwarded_For', 'X-Forwarded_For', 'X.Forwarded.For'])('believes nothing of %s', async (name) => {
    await behindProxy.ask('GET /public/a HTTP/1.1', `${name}: 203.0.113.7`)
    expect(behindProxy.upstream.lastField('x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(behindProxy.upstream.text()).not.toContain('203.0.113.7')
  })

  it('takes the scheme from a trusted proxy, and nothing but http or https', async () => {
    for (const [sent, told] of [
      ['https', 'https'],
      ['HTTPS', 'https'],
      ['javascript', 'http'],
      ['https;x', 'http'],
    ]) {
      await behindProxy.ask('GET /public/a HTTP/1.1', `X-Forwarded-Proto: ${sent}`)
      expect(behindProxy.upstream.lastField('x-forwarded-proto')).toEqual([told])
    }
  })
})
