import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../../src/authentication/authenticate.ts'
import { sha256 } from '../../support/sha256.ts'
import { createTestIssuer, type TestIssuer, toIssuerConfig } from '../../support/test-issuer.ts'
import { generateSigningKey } from '../../support/tokens.ts'
import { authenticate, key, refusal, useIssuer } from './authenticator-fixture.ts'

const given = useIssuer()
const partnerKey = await generateSigningKey()

describe('authenticate', () => {
  it('returns who may be asking', async () => {
    const token = await given.issuer.mint({ scope: 'orders:read profile', scp: ['orders:write'] })
    const { claims, ...caller } = await authenticate(given.start(), token)
    const subject = claims.sub as string
    expect(caller).toEqual({
      issuer: 'main',
      subject,
      clientId: 'spa',
      subjectHash: createHash('sha256')
        .update(JSON.stringify([given.issuer.issuer, subject]))
        .digest('base64url')
        .slice(0, 22),
      scopes: new Set(['orders:read', 'profile', 'orders:write']),
      roles: new Set(['offline_access', 'default-roles-shop', 'customer', 'shop-api:reader', 'account:manage-account']),
      expiresAtMs: given.clock.now() + 330_000,
    })
    expect(claims).toMatchObject({ preferred_username: 'alice', iss: given.issuer.issuer })
  })

  it('knows a token without subject and client', async () => {
    const token = await given.issuer.mint({ azp: undefined }, { kind: 'lightweight' })
    const caller = await authenticate(given.start(), token)
    expect(caller).toMatchObject({ subject: undefined, clientId: undefined, subjectHash: '' })
  })

  it('takes client_id where there is no azp', async () => {
    const token = await given.issuer.mint({ azp: undefined, client_id: 'billing' })
    expect(await authenticate(given.start(), token)).toMatchObject({ clientId: 'billing' })
  })

  it.each(['access', 'rfc9068', 'service', 'lightweight'] as const)('accepts a %s token', async (kind) => {
    expect(await authenticate(given.start(), await given.issuer.mint({}, { kind }))).toMatchObject({ issuer: 'main' })
  })

  it.each(['id', 'refresh', 'offline', 'logout', 'dpop'] as const)(
    'refuses a %s token that the issuer signed for this audience',
    async (kind) => {
      const token = await given.issuer.mint(
        { aud: 'shop-api', exp: Math.floor(given.clock.now() / 1000) + 60 },
        { kind },
      )
      await expect(authenticate(given.start(), token)).rejects.toThrow(
        refusal(kind === 'dpop' ? 'token_bound' : 'token_type'),
      )
    },
  )

  it.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const)(
    'verifies %s where it is listed, and refuses it where it is not',
    async (alg) => {
      await given.issuer.rotate({ alg })
      const token = await given.issuer.mint()
      expect(await authenticate(given.start({ algorithms: [alg] }), token)).toMatchObject({ issuer: 'main' })
      const other = alg === 'RS256' ? 'ES256' : 'RS256'
      await expect(authenticate(given.start({ algorithms: [other] }), token)).rejects.toThrow(
        refusal('token_algorithm'),
      )
    },
  )

  it('verifies a token without kid by whichever key of its algorithm made it', async () => {
    await given.issuer.rotate()
    await given.issuer.rotate()
    const token = await given.issuer.mint({}, { key: given.issuer.keys[2], header: { kid: undefined } })
    expect(await authenticate(given.start(), token)).toMatchObject({ issuer: 'main' })
  })

  it('refuses with 503, never 401, while no keys can be had, and serves when they can', async () => {
    given.issuer.behave('discovery', 'error')
    const on = given.start()
    expect(on.ready()).toBe(false)
    const token = await given.issuer.mint()
    await expect(authenticate(on, token)).rejects.toThrow(
      expect.objectContaining({ code: 'keys_unavailable', details: { retryAfterSeconds: 1 } }),
    )
    expect(on.status()).toEqual([
      { issuer: 'main', keys: 0, everLoaded: false, fetchedAtMs: undefined, lastError: 'status' },
    ])
    given.issuer.behave('discovery', 'ok')
    given.clock.advance(1000)
    expect(await authenticate(on, token)).toMatchObject({ issuer: 'main' })
    expect(on.ready()).toBe(true)
  })

  it('refuses a token that expires while the keys are on their way', async () => {
    const asked = given.issuer.nextRequest('jwks')
    let release = () => {}
    given.issuer.behave('jwks', (_request, response) => {
      release = () => response.end(JSON.stringify({ keys: [key.publicJwk] }))
    })
    const on = given.start({ clockSkewMs: 0 })
    const answer = authenticate(on, await given.issuer.mint({ exp: given.clock.now() / 1000 + 1 }))
    const refused = expect(answer).rejects.toThrow(refusal('token_expired'))
    await asked
    given.clock.advance(1000)
    release()
    await refused
  })

  it('is ready when the keys of every issuer have been had once, and stays so', async () => {
    const on = given.start({}, { name: 'down', issuer: 'http://127.0.0.1:1/realms/shop' })
    await authenticate(on, await given.issuer.mint())
    expect(on.ready()).toBe(false)
    const single = given.start()
    given.issuer.behave('jwks', 'error')
    given.clock.advance(600_000)
    expect(single.ready()).toBe(true)
  })

  it('closes the sources that it made itself', async () => {
    const on = createAuthenticator({
      issuers: new Map([['main', toIssuerConfig(given.issuer)]]),
      sha256,
      clock: given.clock,
    })
    await authenticate(on, await given.issuer.mint())
    expect(given.clock.pending).toBe(1)
    await on.close()
    expect(given.clock.pending).toBe(0)
  })
})

describe('authenticate: several issuers', () => {
  let other: TestIssuer
  beforeEach(async () => {
    other = await createTestIssuer({ key: partnerKey, realm: 'partners', now: given.clock.now })
  })
  afterEach(() => other.close())

  it('accepts each on its own routes only', async () => {
    const on = given.start({}, { name: 'partners', issuer: other.issuer })
    const token = await other.mint()
    for (const _round of ['verified', 'cached']) {
      expect(await authenticate(on, token)).toMatchObject({ issuer: 'partners' })
      expect(await authenticate(on, token, ['main', 'partners'])).toMatchObject({ issuer: 'partners' })
      await expect(authenticate(on, token, ['main'])).rejects.toThrow(refusal('token_issuer'))
      await expect(authenticate(on, token, [])).rejects.toThrow(refusal('token_issuer'))
    }
  })

  it('refuses a token that claims one issuer and is signed by another, even with its kid', async () => {
    const on = given.start({}, { name: 'partners', issuer: other.issuer })
    await authenticate(on, await given.issuer.mint())
    await authenticate(on, await other.mint())
    const own = await given.issuer.mint({}, { key: partnerKey })
    await expect(authenticate(on, own)).rejects.toThrow(refusal('token_key'))
    const borrowed = await given.issuer.mint({}, { key: partnerKey, header: { kid: key.kid } })
    await expect(authenticate(on, borrowed)).rejects.toThrow(refusal('token_signature'))
  })

  it.each([undefined, null, 7, ['x'], {}].map((iss) => [iss]))('refuses the iss %j', async (iss) => {
    await expect(authenticate(given.start(), await given.issuer.mint({ iss }))).rejects.toThrow(refusal('token_issuer'))
  })

  it('asks no issuer for a token of one that is not configured', async () => {
    const on = given.start()
    await authenticate(on, await given.issuer.mint())
    await expect(authenticate(on, await other.mint())).rejects.toThrow(refusal('token_issuer'))
    expect(other.fetches).toEqual({ discovery: 0, jwks: 0 })
    expect(given.issuer.fetches.jwks).toBe(1)
  })

  it('lets two configured issuers share an iss with an audience each', async () => {
    const on = given.start({ audience: ['shop-api'] }, { name: 'admin', audience: ['admin-api'] })
    const [shop, admin] = [await given.issuer.mint(), await given.issuer.mint({ aud: 'admin-api' })]
    for (const _round of ['verified', 'cached']) {
      expect(await authenticate(on, shop)).toMatchObject({ issuer: 'main' })
      expect(await authenticate(on, admin)).toMatchObject({ issuer: 'admin' })
      await expect(authenticate(on, shop, ['admin'])).rejects.toThrow(refusal('token_audience'))
      await expect(authenticate(on, admin, ['main'])).rejects.toThrow(refusal('token_audience'))
    }
    expect(given.issuer.fetches.jwks).toBe(1)
  })
})
