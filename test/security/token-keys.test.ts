import { CompactEncrypt, exportJWK, importJWK, type JWK } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { encode, generateSigningKey, type SigningKey, signHmac, signText, signToken } from '../support/tokens.ts'
import { startTarget, type Target } from './target.ts'
import { secretsOf } from './wycheproof-transplant.ts'

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const

let target: Target
let issuer: TestIssuer
/** One for each algorithm, by its name, which is the kid as well. */
let keys: ReadonlyMap<string, SigningKey>
/** Published, but not for signatures that this gateway takes. By kid. */
let unfit: ReadonlyMap<string, SigningKey>

beforeAll(async () => {
  const make = async (alg: string, kid: string, change: (jwk: JWK, key: SigningKey) => unknown = (jwk) => jwk) => {
    const key = await generateSigningKey(alg, { kid, ...(kid === 'weak' && { modulusLength: 1024 }) })
    return { ...key, publicJwk: (await change(key.publicJwk, key)) as JWK }
  }
  const pairs = await Promise.all(ALGORITHMS.map(async (alg) => [alg, await make(alg, alg)] as const))
  keys = new Map(pairs)
  const all = [
    make('RS256', 'for encryption', (jwk) => ({ ...jwk, use: 'enc' })),
    make('RS256', 'use of a stranger', (jwk) => ({ ...jwk, use: 'tls' })),
    make('RS256', 'use no text', (jwk) => ({ ...jwk, use: ['sig'] })),
    make('RS256', 'to sign with', (jwk) => ({ ...jwk, key_ops: ['sign'] })),
    make('RS256', 'no operation', (jwk) => ({ ...jwk, key_ops: [] })),
    make('RS256', 'operations no list', (jwk) => ({ ...jwk, key_ops: 'verify' })),
    make('RS256', 'of RSA-OAEP', (jwk) => ({ ...jwk, alg: 'RSA-OAEP' })),
    make('RS256', 'of RS512', (jwk) => ({ ...jwk, alg: 'RS512' })),
    make('RS256', 'of no alg that is text', (jwk) => ({ ...jwk, alg: ['RS256'] })),
    make('RS256', 'of HS256', (jwk) => ({ ...jwk, alg: 'HS256' })),
    make('RS256', 'private', async (jwk, { privateKey }) => ({ ...(await exportJWK(privateKey)), ...jwk })),
    make('RS256', 'weak'),
    make('RS256', 'said to be EC', (jwk) => ({ ...jwk, kty: 'EC', crv: 'P-256' })),
    make('RS256', 'in lower case', (jwk) => ({ ...jwk, kty: 'rsa' })),
    make('ES256', 'said to be RSA', (jwk) => ({ ...jwk, kty: 'RSA', alg: 'RS256' })),
    make('ES256', 'said to be OKP', (jwk) => ({ ...jwk, kty: 'OKP', alg: 'EdDSA', crv: 'Ed25519' })),
    make('ES256', 'of another curve', (jwk) => ({ ...jwk, crv: 'P-384' })),
    make('ES256', 'off the curve', (jwk) => ({ ...jwk, y: jwk.x })),
    make('EdDSA', 'for key agreement', (jwk) => ({ ...jwk, crv: 'X25519' })),
  ]
  unfit = new Map((await Promise.all(all)).map((key) => [key.kid as string, key]))
  issuer = await createTestIssuer({ key: keys.get('RS256') as SigningKey, realm: 'mixed' })
  issuer.keys = [...keys.values(), ...unfit.values()]
  issuer.extraKeys = [{ kty: 'oct', kid: 'oct', k: encode('secret'), use: 'sig', alg: 'HS256' }]
  target = await startTarget(() => ({
    issuers: { main: { issuer: issuer.issuer, audience: 'shop-api', algorithms: [...ALGORITHMS] } },
    defaults: { issuer: 'main' },
    routes: [{ path: '/**', to: 'app', allow: [{ methods: 'any', token: 'any' }] }],
  }))
})

afterAll(async () => {
  await target.close()
  await issuer.close()
})

beforeEach(() => target.upstream.clear())

const send = (token: string) => target.ask('GET /orders/1 HTTP/1.1', `Authorization: Bearer ${token}`)
const keyOf = (alg: string) => keys.get(alg) as SigningKey
const claims = () =>
  issuer.mint().then((token) => JSON.parse(String(Buffer.from(token.split('.')[1] ?? '', 'base64url'))))

async function expectInvalid(token: string, detail?: string): Promise<void> {
  const answer = await send(token)
  const problem = JSON.parse(answer.body)
  expect([answer.status, problem.code]).toEqual([401, 'invalid_token'])
  if (detail !== undefined) expect(problem.detail).toBe(detail)
  expect(target.upstream.text()).toBe('')
}

describe('keys of several kinds in one set (RFC 8725 section 3.1)', () => {
  it.each(ALGORITHMS)('%s verifies what it signed, with kid and without', async (alg) => {
    const body = await claims()
    expect((await send(await signToken(body, keyOf(alg)))).status).toBe(200)
    expect((await send(await signToken(body, keyOf(alg), { kid: undefined }))).status).toBe(200)
  })

  const pairs = ALGORITHMS.flatMap((kid) => ALGORITHMS.filter((alg) => alg !== kid).map((alg) => [kid, alg] as const))
  it.each(pairs)('the key of %s is no key for %s', async (kid, alg) => {
    const body = await claims()
    // Right for its algorithm, and under the name of the other one.
    await expectInvalid(await signToken(body, keyOf(alg), { kid }))
    await expectInvalid(await signToken(body, await generateSigningKey(alg, { kid })))
    // Made by the key, and said to be of the other algorithm.
    const header = JSON.stringify({ alg, kid, typ: 'JWT' })
    await expectInvalid(await signText(header, JSON.stringify(body), keyOf(kid)))
    await expectInvalid(await signText(JSON.stringify({ alg, typ: 'JWT' }), JSON.stringify(body), keyOf(kid)))
  })

  it('an RSA key stays with its padding: no PS256 by the key of RS256, nor the other way round', async () => {
    const { privateKey, publicJwk } = keyOf('RS256')
    const jwk = await exportJWK(privateKey)
    const asPss = (await importJWK({ ...jwk, alg: 'PS256' }, 'PS256')) as CryptoKey
    const pss = { alg: 'PS256', kid: 'RS256', privateKey: asPss, publicJwk }
    await expectInvalid(await signToken(await claims(), pss))
    await expectInvalid(
      await signToken(await claims(), pss, { kid: undefined }),
      'The signature of the access token is not valid',
    )
    await expectInvalid(await signText('{"alg":"RS256","kid":"RS256"}', JSON.stringify(await claims()), pss))
  })

  it.each(ALGORITHMS)('the public key of %s is no secret, in any form of it', async (kid) => {
    const body = await claims()
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      for (const secret of secretsOf({ public: { ...keyOf(kid).publicJwk, kid, alg: kid } })) {
        await expectInvalid(await signHmac({ alg, kid, typ: 'JWT' }, body, new Uint8Array(secret)))
      }
    }
  })

  it('a published secret is none', async () => {
    for (const alg of ['HS256', 'RS256', 'ES256']) {
      const token = await signHmac({ alg: 'HS256', kid: 'oct' }, await claims(), 'secret')
      const [, payload, signature] = token.split('.')
      await expectInvalid([encode(JSON.stringify({ alg, kid: 'oct' })), payload, signature].join('.'))
    }
  })

  it('refuses tokens of published keys that are unfit to verify them', async () => {
    expect(unfit.size).toBe(19)
    for (const [kid, key] of unfit) {
      // jose refuses to sign with so short a key.
      const header = JSON.stringify({ alg: key.alg, kid, typ: 'JWT' })
      const token = await signText(header, JSON.stringify(await claims()), key)
      await expectInvalid(token, 'The access token is signed with an unknown key')
    }
  })
})

describe('encrypted tokens (RFC 7516)', () => {
  it.each(['RSA-OAEP', 'RSA-OAEP-256', 'ECDH-ES', 'dir'])(
    'refuses a JWE of %s, made for a published key',
    async (alg) => {
      const kid = alg.startsWith('EC') ? 'ES256' : 'RS256'
      const { alg: _alg, use: _use, ...jwk } = keyOf(kid).publicJwk
      const key = alg === 'dir' ? new Uint8Array(32) : await importJWK(jwk, alg)
      const token = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(await claims())))
        .setProtectedHeader({ alg, enc: 'A256GCM', kid, typ: 'JWT' })
        .encrypt(key)
      await expectInvalid(token, 'The access token is malformed')
      // Cut to the number of parts that a JWS has, and one with a signed token inside.
      await expectInvalid(token.split('.').slice(0, 3).join('.'))
      await expectInvalid(
        token
          .split('.')
          .filter((part) => part !== '')
          .slice(-3)
          .join('.'),
      )
    },
  )

  it.each(['"A256GCM"', 'null', '""', '[]'])('refuses a signed token whose header has enc: %s', async (enc) => {
    const header = `{"alg":"RS256","kid":"RS256","enc":${enc}}`
    await expectInvalid(await signText(header, JSON.stringify(await claims()), keyOf('RS256')))
  })

  it('refuses a token in a token', async () => {
    const inner = await issuer.mint()
    await expectInvalid(await signText('{"alg":"RS256","kid":"RS256","cty":"JWT"}', inner, keyOf('RS256')))
    await expectInvalid(await signText('{"alg":"RS256","kid":"RS256"}', JSON.stringify(inner), keyOf('RS256')))
  })
})
