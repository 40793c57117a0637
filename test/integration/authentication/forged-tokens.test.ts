import { exportSPKI, importJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Authenticator, createAuthenticator } from '../../../src/authentication/authenticate.ts'
import { createTestClock } from '../../support/clock.ts'
import { sha256 } from '../../support/sha256.ts'
import { createTestIssuer, type TestIssuer, toIssuerConfig } from '../../support/test-issuer.ts'
import {
  decodeToken,
  encode,
  generateSigningKey,
  type SigningKey,
  signHmac,
  signText,
  signToken,
  withBrokenSignature,
  withParts,
} from '../../support/tokens.ts'

const clock = createTestClock()
let issuer: TestIssuer
let on: Authenticator
let good: string
let weak: SigningKey

beforeAll(async () => {
  issuer = await createTestIssuer({ now: clock.now })
  // A set as an attacker would like it: a weak key, one with e = 1, one without alg.
  weak = await generateSigningKey('RS256', { kid: 'weak', modulusLength: 1024 })
  const { alg: _alg, ...noAlg } = (await generateSigningKey('RS256', { kid: 'no-alg' })).publicJwk
  issuer.extraKeys = [weak.publicJwk, { ...issuer.keys[0]?.publicJwk, kid: 'e1', e: 'AQ' }, noAlg, null]
  on = createAuthenticator({ issuers: new Map([['main', toIssuerConfig(issuer)]]), sha256, clock })
  good = await issuer.mint()
  expect(await on.authenticate(good)).toMatchObject({ issuer: 'main' })
})

afterAll(async () => {
  await on.close()
  await issuer.close()
})

const refusal = (reason: string) => expect.objectContaining({ name: 'GatewayError', code: 'invalid_token', reason })
const authenticate = async (token: string) => on.authenticate(token)
const key = () => issuer.keys[0] as NonNullable<(typeof issuer.keys)[0]>

describe('algorithm confusion (RFC 8725 sections 2.1 and 3.1, CVE-2026-22817)', () => {
  it.each(['HS256', 'HS384', 'HS512'])('refuses %s with the public key as the secret, in any form', async (alg) => {
    const { header, claims } = decodeToken(good)
    const pem = await exportSPKI((await importJWK(key().publicJwk, 'RS256', { extractable: true })) as CryptoKey)
    const secrets = [pem, pem.trim(), JSON.stringify(key().publicJwk), key().publicJwk.n as string, '\0']
    for (const secret of secrets) {
      const forged = await signHmac({ ...header, alg }, claims, secret)
      await expect(authenticate(forged)).rejects.toThrow(refusal('token_algorithm'))
    }
  })

  it.each([
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'RS256 ',
    'rs256',
    'RS512',
    'PS256',
    'ES256',
    'RSA-OAEP',
    'constructor',
    '__proto__',
  ])('refuses the algorithm %j', async (alg) => {
    const header = encode(JSON.stringify({ ...decodeToken(good).header, alg }))
    await expect(authenticate(withParts(good, { header }))).rejects.toThrow(refusal('token_algorithm'))
    await expect(authenticate(withParts(good, { header, signature: '' }))).rejects.toThrow(refusal('token_malformed'))
  })
})

describe('keys that a token brings along (RFC 8725 section 3.10)', () => {
  it.each(['jwk', 'x5c', 'jku', 'x5u'])('are not used: %s', async (name) => {
    const own = await generateSigningKey('RS256', { kid: key().kid })
    const before = { ...issuer.fetches }
    const value = { jwk: own.publicJwk, x5c: ['AAAA'], jku: issuer.jwksUrl, x5u: issuer.jwksUrl }[name]
    const forged = await issuer.mint({}, { key: own, header: { [name]: value } })
    await expect(authenticate(forged)).rejects.toThrow(refusal('token_signature'))
    expect(issuer.fetches).toEqual(before)
  })
})

describe('signatures', () => {
  it.each<[string, (token: string) => string]>([
    ['with a flipped bit', withBrokenSignature],
    ['of other claims', (token) => withParts(token, { payload: encode('{"sub":"bob"}') })],
    ['of zeros', (token) => withParts(token, { signature: encode(new Uint8Array(256)) })],
    ['of one byte', (token) => withParts(token, { signature: 'AA' })],
    ['that is longer', (token) => withParts(token, { signature: encode(new Uint8Array(512)) })],
  ])('refuses one %s', async (_what, spoil) => {
    await expect(authenticate(spoil(good))).rejects.toThrow(
      expect.objectContaining({ code: 'invalid_token', reason: expect.stringMatching(/^token_(signature|issuer)$/) }),
    )
  })

  it('refuses a header changed after signing', async () => {
    const header = encode(JSON.stringify({ ...decodeToken(good).header, typ: 'at+jwt' }))
    await expect(authenticate(withParts(good, { header }))).rejects.toThrow(refusal('token_signature'))
  })

  it('refuses what anyone can make for a key with e = 1', async () => {
    const { header, claims } = decodeToken(good)
    const input = `${encode(JSON.stringify({ ...header, kid: 'e1' }))}.${encode(JSON.stringify(claims))}`
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(input)))
    const prefix = Buffer.from('003031300d060960864801650304020105000420', 'hex')
    const padding = new Uint8Array(256 - 2 - prefix.length - digest.length).fill(0xff)
    const forged = `${input}.${encode(new Uint8Array([0, 1, ...padding, ...prefix, ...digest]))}`
    await expect(authenticate(forged)).rejects.toThrow(refusal('token_key'))
  })

  it('refuses a published key of 1024 bits', async () => {
    const { header, claims } = decodeToken(good)
    const forged = await signText(JSON.stringify({ ...header, kid: 'weak' }), JSON.stringify(claims), weak)
    await expect(authenticate(forged)).rejects.toThrow(refusal('token_key'))
  })
})

describe('texts that parsers read differently', () => {
  const signed = async (change: (header: string, payload: string) => [string, string]) => {
    const { header, claims } = decodeToken(good)
    return signText(...change(JSON.stringify(header), JSON.stringify(claims)), key())
  }

  it.each<[string, string, (h: string, p: string) => [string, string]]>([
    ['a repeated sub', 'token_malformed', (h, p) => [h, `{"sub":"bob",${p.slice(1)}`]],
    ['a repeated alg', 'token_malformed', (h, p) => [`{"alg":"none",${h.slice(1)}`, p]],
    ['a repeated claim inside', 'token_malformed', (h, p) => [h, p.replace('"roles":', '"roles":["admin"],"roles":')]],
    ['an escaped repetition', 'token_malformed', (h, p) => [h, `{"\\u0073ub":"bob",${p.slice(1)}`]],
    ['crit', 'token_critical', (h, p) => [`{"crit":["exp"],"exp":1,${h.slice(1)}`, p]],
    ['b64', 'token_critical', (h, p) => [`{"crit":["b64"],"b64":false,${h.slice(1)}`, p]],
    ['exp: 1e400', 'token_claims', (h, p) => [h, p.replace(/"exp":\d+/, '"exp":1e400')]],
    ['exp as text', 'token_claims', (h, p) => [h, p.replace(/"exp":(\d+)/, '"exp":"$1"')]],
    ['no exp', 'token_claims', (h, p) => [h, p.replace(/"exp":\d+,/, '')]],
    ['claims under __proto__', 'token_issuer', (h, p) => [h, `{"__proto__":${p}}`]],
    ['an exponent of a date', 'token_too_old', (h, p) => [h, p.replace(/"exp":\d+/, '"exp":1e300')]],
  ])('refuses %s (%s), correctly signed', async (_what, reason, change) => {
    await expect(authenticate(await signed(change))).rejects.toThrow(refusal(reason))
  })

  it('accepts what differs in blanks and escapes alone', async () => {
    const token = await signed((h, p) => [` ${h}\n`, p.replace('"alice"', '"\\u0061lice"')])
    expect(await authenticate(token)).toMatchObject({ claims: { preferred_username: 'alice' } })
  })

  it.each(['', '.', '..', '...', 'a', 'a.b.c', '\0.\0.\0', 'é.é.é', `${'A'.repeat(16_000)}.A.A`])(
    'refuses %j',
    async (text) => {
      await expect(authenticate(text)).rejects.toThrow(refusal('token_malformed'))
    },
  )

  it('refuses claims that are no object', async () => {
    for (const claims of ['[]', 'null', '7', '"x"', 'true']) {
      await expect(authenticate(await signText('{"alg":"RS256"}', claims, key()))).rejects.toThrow(
        refusal('token_malformed'),
      )
    }
  })

  it('refuses a token signed by a stranger under a kid that the issuer has not', async () => {
    const stranger = await generateSigningKey('RS256', { kid: '../../etc/passwd' })
    const claims = decodeToken(good).claims
    await expect(authenticate(await signToken(claims, stranger))).rejects.toThrow(refusal('token_key'))
  })
})
