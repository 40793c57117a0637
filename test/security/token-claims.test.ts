import { describe, expect, it } from 'vitest'
import { keycloakHeader, type SigningKey, signText, signToken, type TokenKind } from '../support/tokens.ts'
import { askWith, claims, expectInvalid, key, nowSeconds, other, sign, target, useTokenTarget } from './token-target.ts'

useTokenTarget()

describe('issuers', () => {
  it('GHSA-27xw-p8v6-9jjr: refuses a key of issuer A for a token that says B, and takes its own', async () => {
    const otherKey = other.keys[0] as SigningKey
    expectInvalid(await askWith(await signToken(claims(), otherKey), '/both/1'))
    expectInvalid(await askWith(await signToken(claims(), otherKey, { kid: key.kid }), '/both/1'))
    expectInvalid(await askWith(await sign({ iss: other.issuer }), '/both/1'))
    expectInvalid(await askWith(await sign({ iss: other.issuer }, { kid: otherKey.kid }), '/both/1'))
    expect((await askWith(await other.mint(), '/both/1')).status).toBe(200)
  })

  it('refuses a token of an issuer that does not count on this route, also when it is cached', async () => {
    const token = await other.mint()
    expect((await askWith(token, '/both/1')).status).toBe(200)
    target.upstream.clear()
    expectInvalid(await askWith(token, '/orders/1'))
  })

  it.each(['/', '#', '%20', ' ', '\0'])('compares iss byte for byte: refuses it with %j at its end', async (tail) => {
    expectInvalid(await askWith(await sign({ iss: target.issuer.issuer + tail })))
  })

  it('refuses iss in other cases and shapes', async () => {
    const { issuer } = target.issuer
    const shapes = [issuer.toUpperCase(), issuer.replace('http:', 'https:'), [issuer], { url: issuer }, null, 5, '']
    for (const iss of [...shapes, undefined]) expectInvalid(await askWith(await sign({ iss })))
  })
})

describe('claims of the wrong kind', () => {
  it.each<[string, Record<string, unknown>]>([
    ['exp in the past', { exp: 1 }],
    ['exp 31 s ago, over the skew', { exp: Math.floor(Date.now() / 1000) - 31 }],
    ['exp as text', { exp: '9999999999' }],
    ['exp missing', { exp: undefined }],
    ['exp null', { exp: null }],
    ['exp true', { exp: true }],
    ['exp as a list', { exp: [9999999999] }],
    ['exp negative', { exp: -1 }],
    ['exp zero', { exp: 0 }],
    ['exp in milliseconds', { exp: Date.now() + 300_000 }],
    ['exp in a hundred years', { exp: 4_900_000_000 }],
    ['nbf in the future', { nbf: Math.floor(Date.now() / 1000) + 3600 }],
    ['nbf as text', { nbf: '0' }],
    ['nbf null', { nbf: null }],
    ['iat in the future', { iat: Math.floor(Date.now() / 1000) + 3600 }],
    ['iat as text', { iat: '0' }],
    ['iat long ago', { iat: 1 }],
    ['no audience', { aud: undefined }],
    ['the audience account', { aud: 'account' }],
    ['an empty audience', { aud: '' }],
    ['no audience in the list', { aud: [] }],
    ['others in the list', { aud: ['account', 'SHOP-API', 'shop-api '] }],
    ['a list in the list', { aud: [['shop-api']] }],
    ['a number in the list', { aud: ['shop-api', 5] }],
    ['an audience object', { aud: { 'shop-api': true } }],
    ['a suffix as audience', { aud: 'evil-shop-api' }],
    ['several in one text', { aud: 'shop-api account' }],
    ['sub as a number', { sub: 5 }],
    ['sub as a list', { sub: ['alice'] }],
    ['sub empty', { sub: '' }],
    ['sub null', { sub: null }],
    ['azp as an object', { azp: {} }],
    ['typ ID', { typ: 'ID' }],
    ['typ Refresh', { typ: 'Refresh' }],
    ['typ Offline', { typ: 'Offline' }],
    ['typ Logout', { typ: 'Logout' }],
    ['typ bearer in lower case', { typ: 'bearer' }],
    ['typ missing', { typ: undefined }],
    ['typ as a list', { typ: ['Bearer'] }],
    ['typ DPoP', { typ: 'DPoP' }],
    ['events', { events: {} }],
    ['cnf.jkt', { cnf: { jkt: 'x' } }],
    ['cnf.x5t#S256', { cnf: { 'x5t#S256': 'x' } }],
    ['an empty cnf', { cnf: {} }],
    ['cnf null', { cnf: null }],
  ])('refuses %s', async (_, changes) => {
    expectInvalid(await askWith(await sign(changes)))
  })

  it.each(['1e400', '9'.repeat(400), '-1e400', '0x7fffffff00', '"Infinity"', 'NaN'])(
    'refuses exp written as %s',
    async (exp) => {
      const payload = JSON.stringify(claims({ exp: 'EXP' })).replace('"EXP"', exp)
      const header = JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: key.kid })
      expectInvalid(await askWith(await signText(header, payload, key)))
    },
  )

  it.each<[string, Record<string, unknown>]>([
    ['a list of audiences', { aud: ['account', 'shop-api'] }],
    ['a fractional exp', { exp: nowSeconds() + 60.5 }],
    ['exp within the skew', { exp: nowSeconds() - 10 }],
    ['no iat', { iat: undefined }],
    ['no sub, as in a lightweight token', { sub: undefined }],
    ['scope as a list', { scope: ['orders:read'] }],
    ['roles as text', { realm_access: { roles: 'admin' }, resource_access: 'x' }],
    ['realm_access null', { realm_access: null, resource_access: null }],
    ['members of the prototype', JSON.parse('{"__proto__":{"typ":"ID"},"constructor":1,"toString":2}')],
  ])('takes %s without failing', async (_, changes) => {
    expect((await askWith(await sign(changes))).status).toBe(200)
  })

  it.each<[TokenKind, number]>([
    ['access', 200],
    ['rfc9068', 200],
    ['service', 200],
    ['lightweight', 200],
    ['id', 401],
    ['refresh', 401],
    ['offline', 401],
    ['logout', 401],
    ['dpop', 401],
  ])('answers to a token of the kind %s, made for this audience: %i', async (kind, status) => {
    const body = claims({ aud: 'shop-api', exp: nowSeconds() + 60 }, kind)
    expect((await askWith(await signToken(body, key, keycloakHeader(kind)))).status).toBe(status)
  })

  it.each(['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'application/logout+jwt', 'JWS', 'JWT ', 5, null])(
    'refuses the header typ %j',
    async (typ) => {
      const header = JSON.stringify({ alg: 'RS256', typ, kid: key.kid })
      expectInvalid(await askWith(await signText(header, JSON.stringify(claims()), key)))
    },
  )

  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt'])('takes the header typ %s (RFC 9068 section 4)', async (typ) => {
    expect((await askWith(await sign({ typ: undefined }, { typ }))).status).toBe(200)
  })
})

describe('members that stand twice (RFC 7515 section 4, RFC 7519 section 4)', () => {
  it.each([
    ['alg', '{"alg":"none","alg":"RS256","typ":"JWT"}', undefined],
    ['kid', '{"alg":"RS256","kid":"a","kid":"b"}', undefined],
    ['escaped alg', '{"alg":"RS256","\\u0061lg":"none"}', undefined],
    ['exp', undefined, (body: string) => body.replace('{', '{"exp":1,')],
    ['escaped sub', undefined, (body: string) => body.replace('{', '{"s\\u0075b":"root",')],
    ['aud at the end', undefined, (body: string) => body.replace(/\}$/, ',"aud":"shop-api"}')],
    [
      'nested roles',
      undefined,
      (body: string) => body.replace('"realm_access":{', '"realm_access":{"roles":["admin"],'),
    ],
  ])('refuses a token whose %s does', async (_, header, change) => {
    const head = header ?? JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: key.kid })
    const body = JSON.stringify(claims())
    expectInvalid(await askWith(await signText(head, change?.(body) ?? body, key)))
  })

  it.each([
    ['a byte order mark', (body: string) => `\ufeff${body}`],
    ['something behind', (body: string) => `${body}{}`],
    ['a comment', (body: string) => `${body}// x`],
    ['a list', (body: string) => `[${body}]`],
    ['a text', (body: string) => JSON.stringify(body)],
    ['null', () => 'null'],
    ['nothing', () => ' '],
    ['bad UTF-8', (body: string) => new Uint8Array([...Buffer.from(body.slice(0, -2)), 0xff, 0x22, 0x7d])],
    ['a thousand brackets', (body: string) => body.replace('{', `{"x":${'['.repeat(1000)}${']'.repeat(1000)},`)],
  ])('refuses a signed payload with %s', async (_, change) => {
    const header = JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: key.kid })
    expectInvalid(await askWith(await signText(header, change(JSON.stringify(claims())), key)))
  })
})
