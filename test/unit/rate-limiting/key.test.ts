import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AccessToken, Claims } from '../../../src/authentication/access-token.ts'
import type { KeyPart, RateLimitPolicy } from '../../../src/config/gateway-config.ts'
import { toClientNetwork } from '../../../src/rate-limiting/client-network.ts'
import { type LimitSubject, toWindowKey } from '../../../src/rate-limiting/key.ts'
import { holds } from '../../support/cases.ts'

function policy(...key: KeyPart[]): RateLimitPolicy {
  return { name: 'p', limit: 1, windowMs: 1000, key, when: 'after-auth', onStoreError: 'local' }
}

function token(claims: Claims, issuer = 'main'): AccessToken {
  const subject = typeof claims.sub === 'string' ? claims.sub : undefined
  return {
    issuer,
    subject,
    clientId: undefined,
    subjectHash: '',
    scopes: new Set(),
    roles: new Set(),
    claims,
    expiresAtMs: 0,
  }
}

function subject(parts: Partial<LimitSubject> & { headers?: Record<string, string>; fields?: Record<string, string> }) {
  const { headers = {}, fields = {}, ...rest } = parts
  return {
    clientIp: '192.0.2.1',
    routePath: '/orders/**',
    header: (name: string) => headers[name],
    form: (name: string) => fields[name],
    ...rest,
  }
}

const SUB: KeyPart = { from: 'token', claim: ['sub'] }
const IP: KeyPart = { from: 'client.ip' }
const HEADER: KeyPart = { from: 'header', name: 'x-tenant' }
const FORM: KeyPart = { from: 'form', name: 'username' }

describe('toClientNetwork (RFC 4291)', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:c000:0201', '192.0.2.1'],
    ['0000:0000::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ])('takes %s as %s', (address, network) => {
    expect(toClientNetwork(address)).toBe(network)
  })

  it.each([
    '',
    'unknown',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.01',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::1',
    '::ffff:192.0.2.256',
    '192.0.2.1::',
    '1:::2',
    ':1:2:3:4:5:6:7',
    '[::1]',
  ])('takes "%s" for no address', (text) => {
    expect(toClientNetwork(text)).toBeUndefined()
  })
})

describe('toWindowKey', () => {
  it('has a fixed size and shows nothing of the request', () => {
    for (const value of ['a', 'alice@example.com', '{tag}', 'nul\0nul', 'x'.repeat(100_000), '\ud800']) {
      const key = toWindowKey(policy(HEADER), subject({ headers: { 'x-tenant': value } }))
      expect(key).toMatch(/^p:[\w-]{22}$/)
    }
  })

  it('is stable, so that processes of different versions share windows', () => {
    expect(toWindowKey(policy(IP), subject({}))).toBe('p:o_67wTOn4xuuyS6eM5Mf5c')
  })

  it('keeps clients apart by network alone', () => {
    const key = (clientIp: string) => toWindowKey(policy(IP), subject({ clientIp }))
    expect(key('2001:db8::1')).toBe(key('2001:db8::ffff'))
    expect(key('2001:db8::1')).not.toBe(key('2001:db8:0:1::1'))
    expect(key('::ffff:192.0.2.1')).toBe(key('192.0.2.1'))
    expect(key('192.0.2.1')).not.toBe(key('192.0.2.2'))
  })

  it('skips a policy that counts tokens when there is none', () => {
    expect(toWindowKey(policy(IP, SUB), subject({}))).toBeUndefined()
  })

  it('puts all requests without a part into one window, apart from every value', () => {
    const key = (value?: string) =>
      toWindowKey(policy(HEADER), subject(value === undefined ? {} : { headers: { 'x-tenant': value } }))
    expect(key()).toBe(key())
    for (const value of ['', 'null', 'undefined', '[]', '"null"']) expect(key(value)).not.toBe(key())
    const unknown = (clientIp: string) => toWindowKey(policy(IP), subject({ clientIp }))
    expect(unknown('')).toBe(unknown('nonsense'))
  })

  it('does not count a request without a part, where the policy skips those', () => {
    const key = (parts: readonly KeyPart[], of: Parameters<typeof subject>[0]) =>
      toWindowKey({ ...policy(...parts), whenMissing: 'skip' }, subject(of))
    expect(key([FORM], {})).toBeUndefined()
    expect(key([IP, FORM], { headers: { username: 'alice' } })).toBeUndefined()
    expect(key([FORM, HEADER], { fields: { username: 'alice' } })).toBeUndefined()
    expect(key([SUB], { token: token({}) })).toBeUndefined()
    expect(key([FORM], { fields: { username: '' } })).toBe(
      toWindowKey(policy(FORM), subject({ fields: { username: '' } })),
    )
    expect(key([SUB], { token: token({ sub: 1 }) })).toBe(
      toWindowKey(policy(SUB), subject({ token: token({ sub: 1 }) })),
    )
  })

  it('counts a request whose address is nonsense, even so', () => {
    const key = toWindowKey(
      { ...policy(IP, FORM), whenMissing: 'skip' },
      subject({ clientIp: '', fields: { username: 'a' } }),
    )
    expect(key).toBe(toWindowKey(policy(IP, FORM), subject({ clientIp: '?', fields: { username: 'a' } })))
  })

  it('takes strings, numbers and booleans of a token, each as its own, and nothing else', () => {
    const key = (sub: unknown) => toWindowKey(policy(SUB), subject({ token: token({ sub }) }))
    const absent = toWindowKey(policy(SUB), subject({ token: token({}) }))
    const keys = ['1', 1, true, 'true', '', 'null'].map(key)
    expect(new Set([...keys, absent]).size).toBe(7)
    for (const sub of [null, {}, [], ['1'], { toString: 1 }, undefined]) expect(key(sub)).toBe(absent)
  })

  it('reads nested claims, and nothing that the claims inherit', () => {
    const key = (claim: string[], claims: Claims) =>
      toWindowKey(policy({ from: 'token', claim }), subject({ token: token(claims) }))
    expect(key(['a', 'b'], { a: { b: 'x' } })).toBe(key(['a', 'b'], { a: { b: 'x', c: 1 } }))
    expect(key(['a', 'b'], { a: { b: 'x' } })).not.toBe(key(['a', 'b'], { a: { b: 'y' } }))
    expect(key(['constructor', 'name'], {})).toBe(key(['a', 'b'], { a: 'text' }))
  })

  it('keeps the same subject of two issuers apart', () => {
    const key = (issuer: string) => toWindowKey(policy(SUB), subject({ token: token({ sub: 'alice' }, issuer) }))
    expect(key('one')).not.toBe(key('other'))
  })

  it('never lets two different lists of parts share a key', () => {
    const value = fc.option(fc.string({ unit: fc.constantFrom('a', '"', ',', '\0', '[', ']', '\\', ':') }))
    const list = fc.tuple(value, value)
    const key = ([tenant, user]: [string | null, string | null]) =>
      toWindowKey(
        policy(HEADER, FORM),
        subject({
          headers: tenant === null ? {} : { 'x-tenant': tenant },
          fields: user === null ? {} : { username: user },
        }),
      )
    holds(
      fc.property(list, list, (one, other) => {
        expect(key(one) === key(other)).toBe(one[0] === other[0] && one[1] === other[1])
      }),
    )
  })

  it('counts routes apart when it is asked to', () => {
    const key = (routePath: string) => toWindowKey(policy({ from: 'route' }, IP), subject({ routePath }))
    expect(key('/a')).not.toBe(key('/b'))
  })
})
