import { describe, expect, it } from 'vitest'
import { importKeySet } from '../../../src/authentication/key-set.ts'
import type { Algorithm } from '../../../src/config/token-kinds.ts'
import { generateSigningKey } from '../../support/tokens.ts'

const rsa = (await generateSigningKey('RS256', { kid: 'rsa' })).publicJwk
const ec = (await generateSigningKey('ES256', { kid: 'ec' })).publicJwk
const ed = (await generateSigningKey('EdDSA', { kid: 'ed' })).publicJwk
const weak = (await generateSigningKey('RS256', { kid: 'weak', modulusLength: 1024 })).publicJwk
const { alg: _alg, ...bareRsa } = rsa

const ALL: Algorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA']
const load = (keys: unknown[], algorithms = ALL) => importKeySet({ keys }, algorithms)
const failure = (reason: string) => expect.objectContaining({ name: 'KeyFetchError', reason })

describe('importKeySet (RFC 7517)', () => {
  it('finds keys by kid and algorithm', async () => {
    const set = await load([rsa, ec, ed])
    expect(set.size).toBe(3)
    expect(set.candidates('rsa', 'RS256')).toHaveLength(1)
    expect(set.candidates('ec', 'ES256')).toHaveLength(1)
    expect(set.candidates('ed', 'EdDSA')).toHaveLength(1)
    for (const [kid, alg] of [
      ['rsa', 'PS256'],
      ['rsa', 'ES256'],
      ['ec', 'RS256'],
      ['other', 'RS256'],
      ['', 'RS256'],
    ]) {
      expect(set.candidates(kid, alg as string)).toEqual([])
    }
  })

  it('takes the name Ed25519 of RFC 9864 for EdDSA', async () => {
    expect((await load([{ ...ed, alg: 'Ed25519' }])).candidates('ed', 'EdDSA')).toHaveLength(1)
  })

  it('binds a key without alg to the first listed algorithm that fits, and to no other', async () => {
    const set = await load([bareRsa], ['ES256', 'PS256', 'RS256'])
    expect(set.candidates('rsa', 'PS256')).toHaveLength(1)
    expect(set.candidates('rsa', 'RS256')).toEqual([])
  })

  it('offers all keys of the algorithm where the token has no kid, at most 8', async () => {
    const keys = Array.from({ length: 12 }, (_, n) => ({ ...rsa, kid: `k${n}` }))
    const set = await load([ec, ...keys])
    expect(set.candidates(undefined, 'RS256')).toHaveLength(8)
    expect(set.candidates(undefined, 'ES256')).toHaveLength(1)
  })

  it('offers both keys that share a kid', async () => {
    const { publicJwk } = await generateSigningKey('RS256', { kid: 'rsa' })
    expect((await load([rsa, publicJwk])).candidates('rsa', 'RS256')).toHaveLength(2)
  })

  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 7],
    ['a list', [rsa]],
    ['an empty object', {}],
    ['a key for encryption', { ...rsa, use: 'enc' }],
    ['a key whose use is no string', { ...rsa, use: ['sig'] }],
    ['an algorithm for encryption', { ...rsa, alg: 'RSA-OAEP' }],
    ['an algorithm that is not accepted', { ...rsa, alg: 'RS512' }],
    ['an algorithm of another type', { ...rsa, alg: 'ES256' }],
    ['an algorithm that is no string', { ...rsa, alg: ['RS256'] }],
    ['key_ops without verify', { ...rsa, key_ops: ['encrypt'] }],
    ['key_ops that is no list', { ...rsa, key_ops: 'verify' }],
    ['a kid that is no string', { ...rsa, kid: 7 }],
    ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0c2VjcmV0c2VjcmV0', alg: 'HS256', kid: 'rsa' }],
    ['a private key', { ...rsa, d: 'AQAB' }],
    ['a modulus of 1024 bits', weak],
    ['a short modulus with leading zeros', { ...weak, n: `${'A'.repeat(172)}${weak.n}` }],
    ['an exponent of 1', { ...rsa, e: 'AQ' }],
    ['an exponent of 3', { ...rsa, e: 'Aw' }],
    ['an even exponent', { ...rsa, e: 'AQAC' }],
    ['an exponent as long as the modulus', { ...rsa, e: rsa.n }],
    ['no modulus', { ...rsa, n: undefined }],
    ['a modulus that is no base64url', { ...rsa, n: '!!!' }],
    ['a modulus that is no string', { ...rsa, n: 7 }],
    ['a modulus of 16384 bits', { ...rsa, n: Buffer.alloc(2048, 0xa5).toString('base64url') }],
    ['a modulus of 375,000 bytes', { ...rsa, n: Buffer.alloc(375_000, 0xa5).toString('base64url') }],
    ['a certificate and no key', { kty: 'RSA', kid: 'rsa', alg: 'RS256', x5c: ['MIIB'] }],
    ['a point off the curve', { ...ec, x: ec.y }],
    ['another curve', { ...ec, crv: 'P-384' }],
    ['X25519', { ...ed, crv: 'X25519' }],
    ['a type from Object.prototype', { kty: 'constructor', crv: 'P-256' }],
  ])('leaves out %s, and that alone', async (_what, member) => {
    expect((await load([member, rsa])).size).toBe(1)
    await expect(load([member])).rejects.toThrow(failure('no_usable_key'))
  })

  it('ignores members that say nothing against verification', async () => {
    const set = await load([{ ...rsa, ext: false, key_ops: ['verify'], x5c: ['!'], x5u: 'http://evil', note: {} }])
    expect(set.size).toBe(1)
  })

  it.each([null, [], 'keys', {}, { keys: {} }, { keys: 'x' }, { keys: null }])(
    'refuses the document %j',
    async (document) => {
      await expect(importKeySet(document, ALL)).rejects.toThrow(failure('malformed'))
    },
  )

  it('refuses more than 500 members, whatever they are, before it looks at any', async () => {
    const nulls = Array.from({ length: 499 }, () => null)
    expect((await load([...nulls, rsa])).size).toBe(1)
    await expect(load([...nulls, rsa, null])).rejects.toThrow(failure('too_large'))
    await expect(load(Array.from({ length: 10_000 }, () => rsa))).rejects.toThrow(failure('too_large'))
  })

  it('refuses a set without a usable key', async () => {
    await expect(load([])).rejects.toThrow(failure('no_usable_key'))
  })

  it('has the same fingerprint for the same keys in any order, and another for others', async () => {
    const { fingerprint } = await load([rsa, ec])
    expect((await load([ec, { ...rsa, x5c: ['new'] }])).fingerprint).toBe(fingerprint)
    expect((await load([rsa])).fingerprint).not.toBe(fingerprint)
    expect((await load([{ ...rsa, kid: 'new' }, ec])).fingerprint).not.toBe(fingerprint)
  })
})
