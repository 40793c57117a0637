import { describe, expect, it } from 'vitest'
import { hasValidSignature, readJws } from '../../../src/authentication/jws.ts'
import { importKeySet } from '../../../src/authentication/key-set.ts'
import {
  encode,
  generateSigningKey,
  signText,
  signToken,
  withBrokenSignature,
  withParts,
} from '../../support/tokens.ts'

const key = await generateSigningKey('ES256', { kid: 'one' })
const token = await signToken({ iss: 'https://id.example' }, key)
const refusal = (reason: string) => expect.objectContaining({ code: 'invalid_token', reason })
const header = '{"alg":"ES256","kid":"one"}'

describe('readJws (RFC 7515 section 5.2)', () => {
  it('reads header and claims', () => {
    expect(readJws(token)).toEqual({
      header: { alg: 'ES256', kid: 'one', typ: 'JWT' },
      claims: { iss: 'https://id.example' },
    })
  })

  const [h = '', p = '', s = ''] = token.split('.')
  it.each([
    ['nothing', ''],
    ['one part', h],
    ['two parts', `${h}.${p}`],
    ['an empty header', `.${p}.${s}`],
    ['an empty payload', `${h}..${s}`],
    ['an empty signature', `${h}.${p}.`],
    ['four parts', `${token}.${s}`],
    ['five parts, a JWE', `${h}.${s}.${s}.${s}.${s}`],
    ['padding after the signature', `${token}==`],
    ['padding after the payload', `${h}.${p}=.${s}`],
    ['a line break at the end', `${token}\n`],
    ['a blank in the signature', `${h}.${p}.${s.slice(0, 4)} ${s.slice(4)}`],
    ['a line break in the payload', `${h}.${p.slice(0, 4)}\r\n${p.slice(4)}.${s}`],
    ['the alphabet of plain base64', `${h}.${p}.${s.slice(0, -2)}+/`],
    ['a part of impossible length', `${h}.${p}.${s.slice(0, -1)}`],
    ['unused bits in the signature', `${h}.${p}.${s.slice(0, -1)}${s.endsWith('B') ? 'D' : 'B'}`],
    ['unused bits in the header', `${encode('{"alg":"ES256"} ').slice(0, -1)}B.${p}.${s}`],
    ['a NUL', `${token}\0`],
  ])('refuses %s', (_what, text) => {
    expect(() => readJws(text)).toThrow(refusal('token_malformed'))
  })

  it.each([
    ['no JSON', 'hello', '{}'],
    ['an array', '[]', '{}'],
    ['null', 'null', '{}'],
    ['a repeated member', '{"alg":"ES256","alg":"ES256"}', '{}'],
    ['a kid that is a number', '{"alg":"ES256","kid":1}', '{}'],
    ['a kid that is null', '{"alg":"ES256","kid":null}', '{}'],
    ['a kid of 257 characters', `{"alg":"ES256","kid":"${'k'.repeat(257)}"}`, '{}'],
    ['enc', '{"alg":"ES256","enc":"A256GCM"}', '{}'],
    ['a payload that is no JSON', header, 'foo'],
    ['a payload that is a string', header, '"{}"'],
    ['a payload that is an array', header, '[{}]'],
    ['a payload with a repeated claim', header, '{"sub":"alice","sub":"bob"}'],
    ['a payload with a repeated claim inside', header, '{"realm_access":{"roles":[],"roles":["admin"]}}'],
    ['a payload with a byte order mark', header, '\uFEFF{}'],
  ])('refuses %s, correctly signed', async (_what, headerText, payload) => {
    const signed = await signText(headerText, payload, key)
    expect(() => readJws(signed)).toThrow(refusal('token_malformed'))
  })

  it('refuses a payload that is not UTF-8', async () => {
    const bytes = new Uint8Array([...new TextEncoder().encode('{"sub":"'), 0xff, 0x22, 0x7d])
    const signed = await signText(header, bytes, key)
    expect(() => readJws(signed)).toThrow(refusal('token_malformed'))
  })

  it.each([
    '{"alg":"ES256","crit":["b64"],"b64":false}',
    '{"alg":"ES256","crit":["exp"],"exp":1}',
    '{"alg":"ES256","crit":[]}',
    '{"alg":"ES256","crit":null}',
    '{"alg":"ES256","b64":true}',
    '{"alg":"ES256","b64":false}',
  ])('refuses the extensions of %s', async (headerText) => {
    const signed = await signText(headerText, '{}', key)
    expect(() => readJws(signed)).toThrow(refusal('token_critical'))
  })

  it.each(['{}', '{"alg":null}', '{"alg":["ES256"]}', '{"alg":1}'])(
    'refuses the algorithm of %s',
    async (headerText) => {
      const signed = await signText(headerText, '{}', key)
      expect(() => readJws(signed)).toThrow(refusal('token_algorithm'))
    },
  )

  it('refuses a header typ that is no string', async () => {
    const signed = await signText('{"alg":"ES256","typ":["at+jwt"]}', '{}', key)
    expect(() => readJws(signed)).toThrow(refusal('token_type'))
  })

  it('accepts a kid of 256 characters', async () => {
    const signed = await signText(`{"alg":"ES256","kid":"${'k'.repeat(256)}"}`, '{}', key)
    expect(readJws(signed).header.kid).toHaveLength(256)
  })
})

describe('hasValidSignature (RFC 7515 section 5.2)', async () => {
  const set = await importKeySet({ keys: [key.publicJwk] }, ['ES256'])
  const keys = set.candidates('one', 'ES256')

  it('tells a good signature from a broken one', async () => {
    expect(await hasValidSignature(token, 'ES256', keys)).toBe(true)
    expect(await hasValidSignature(withBrokenSignature(token), 'ES256', keys)).toBe(false)
    expect(await hasValidSignature(withParts(token, { payload: encode('{"iss":"x"}') }), 'ES256', keys)).toBe(false)
  })

  it('tries each key', async () => {
    const other = await generateSigningKey('ES256', { kid: 'one' })
    const both = await importKeySet({ keys: [other.publicJwk, key.publicJwk] }, ['ES256'])
    expect(await hasValidSignature(token, 'ES256', both.candidates('one', 'ES256'))).toBe(true)
  })

  it('refuses a signature in DER, which is no JWS signature', async () => {
    const der = withParts(token, { signature: encode(new Uint8Array([0x30, 0x44, ...new Uint8Array(68)])) })
    expect(await hasValidSignature(der, 'ES256', keys)).toBe(false)
  })

  it('never lets a key verify another algorithm than its own', async () => {
    await expect(hasValidSignature(token, 'RS256', keys)).rejects.toThrow(refusal('token_signature'))
  })
})
