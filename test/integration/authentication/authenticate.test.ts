import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AccessToken } from '../../../src/authentication/access-token.ts'
import { type Authenticator, createAuthenticator } from '../../../src/authentication/authenticate.ts'
import { createKeySources, type KeySources } from '../../../src/authentication/key-sources.ts'
import type { IssuerConfig } from '../../../src/config/gateway-config.ts'
import { createTestClock, type TestClock } from '../../support/clock.ts'
import { createTestIssuer, type TestIssuer, toIssuerConfig } from '../../support/test-issuer.ts'

let clock: TestClock
let issuer: TestIssuer
let keySources: KeySources

beforeEach(async () => {
  clock = createTestClock()
  issuer = await createTestIssuer({ now: clock.now })
  keySources = createKeySources({ clock })
})

afterEach(async () => {
  await keySources.close()
  await issuer.close()
})

function start(...configs: Partial<IssuerConfig>[]): Authenticator {
  const list = configs.length === 0 ? [{}] : configs
  const issuers = new Map(list.map((config) => toIssuerConfig(issuer, config)).map((config) => [config.name, config]))
  return createAuthenticator({ issuers, keySources, clock })
}

const authenticate = async (on: Authenticator, token: string, accepted?: readonly string[]) =>
  on.authenticate(token, accepted)
const refusal = (reason: string) => expect.objectContaining({ code: 'invalid_token', reason })

describe('authenticate', () => {
  it('returns who may be asking', async () => {
    const token = await issuer.mint({ scope: 'orders:read profile', scp: ['orders:write'] })
    const { claims, ...caller } = await authenticate(start(), token)
    const subject = claims.sub as string
    expect(caller).toEqual({
      issuer: 'main',
      subject,
      clientId: 'spa',
      subjectHash: createHash('sha256')
        .update(JSON.stringify([issuer.issuer, subject]))
        .digest('base64url')
        .slice(0, 22),
      scopes: new Set(['orders:read', 'profile', 'orders:write']),
      roles: new Set(['offline_access', 'default-roles-shop', 'customer', 'shop-api:reader', 'account:manage-account']),
      expiresAtMs: clock.now() + 330_000,
    })
    expect(claims).toMatchObject({ preferred_username: 'alice', iss: issuer.issuer })
  })

  it('knows a token without subject and client', async () => {
    const token = await issuer.mint({ azp: undefined }, { kind: 'lightweight' })
    const caller = await authenticate(start(), token)
    expect(caller).toMatchObject({ subject: undefined, clientId: undefined, subjectHash: '' })
  })

  it('takes client_id where there is no azp', async () => {
    const token = await issuer.mint({ azp: undefined, client_id: 'billing' })
    expect(await authenticate(start(), token)).toMatchObject({ clientId: 'billing' })
  })

  it.each(['access', 'rfc9068', 'service', 'lightweight'] as const)('accepts a %s token', async (kind) => {
    expect(await authenticate(start(), await issuer.mint({}, { kind }))).toMatchObject({ issuer: 'main' })
  })

  it.each(['id', 'refresh', 'offline', 'logout', 'dpop'] as const)(
    'refuses a %s token that the issuer signed for this audience',
    async (kind) => {
      const token = await issuer.mint({ aud: 'shop-api', exp: Math.floor(clock.now() / 1000) + 60 }, { kind })
      await expect(authenticate(start(), token)).rejects.toThrow(
        refusal(kind === 'dpop' ? 'token_bound' : 'token_type'),
      )
    },
  )

  it.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const)(
    'verifies %s where it is listed, and refuses it where it is not',
    async (alg) => {
      await issuer.rotate({ alg })
      const token = await issuer.mint()
      expect(await authenticate(start({ algorithms: [alg] }), token)).toMatchObject({ issuer: 'main' })
      const other = alg === 'RS256' ? 'ES256' : 'RS256'
      await expect(authenticate(start({ algorithms: [other] }), token)).rejects.toThrow(refusal('token_algorithm'))
    },
  )

  it('verifies a token without kid by whichever key of its algorithm made it', async () => {
    await issuer.rotate()
    await issuer.rotate()
    const token = await issuer.mint({}, { key: issuer.keys[2], header: { kid: undefined } })
    expect(await authenticate(start(), token)).toMatchObject({ issuer: 'main' })
  })

  it('refuses with 503, never 401, while no keys can be had, and serves when they can', async () => {
    issuer.behave('discovery', 'error')
    const on = start()
    expect(on.ready()).toBe(false)
    const token = await issuer.mint()
    await expect(authenticate(on, token)).rejects.toThrow(
      expect.objectContaining({ code: 'keys_unavailable', details: { retryAfterSeconds: 1 } }),
    )
    expect(on.status()).toEqual([
      { issuer: 'main', keys: 0, everLoaded: false, fetchedAtMs: undefined, lastError: 'status' },
    ])
    issuer.behave('discovery', 'ok')
    clock.advance(1000)
    expect(await authenticate(on, token)).toMatchObject({ issuer: 'main' })
    expect(on.ready()).toBe(true)
  })

  it('is ready when the keys of every issuer have been had once, and stays so', async () => {
    const on = start({}, { name: 'down', issuer: 'http://127.0.0.1:1/realms/shop' })
    await authenticate(on, await issuer.mint())
    expect(on.ready()).toBe(false)
    const single = start()
    issuer.behave('jwks', 'error')
    clock.advance(600_000)
    expect(single.ready()).toBe(true)
  })

  it('closes the sources that it made itself', async () => {
    const on = createAuthenticator({ issuers: new Map([['main', toIssuerConfig(issuer)]]), clock })
    await authenticate(on, await issuer.mint())
    expect(clock.pending).toBe(1)
    await on.close()
    expect(clock.pending).toBe(0)
  })
})

describe('authenticate: several issuers', () => {
  let other: TestIssuer
  beforeEach(async () => {
    other = await createTestIssuer({ realm: 'partners', now: clock.now })
  })
  afterEach(() => other.close())

  it('accepts each on its own routes only', async () => {
    const on = start({}, { name: 'partners', issuer: other.issuer })
    const token = await other.mint()
    for (const _round of ['verified', 'cached']) {
      expect(await authenticate(on, token)).toMatchObject({ issuer: 'partners' })
      expect(await authenticate(on, token, ['main', 'partners'])).toMatchObject({ issuer: 'partners' })
      await expect(authenticate(on, token, ['main'])).rejects.toThrow(refusal('token_issuer'))
      await expect(authenticate(on, token, [])).rejects.toThrow(refusal('token_issuer'))
    }
  })

  it('refuses a token that claims one issuer and is signed by another, even with its kid', async () => {
    const on = start({}, { name: 'partners', issuer: other.issuer })
    await authenticate(on, await issuer.mint())
    await authenticate(on, await other.mint())
    const key = other.keys[0]
    const own = await issuer.mint({}, { key })
    await expect(authenticate(on, own)).rejects.toThrow(refusal('token_key'))
    const borrowed = await issuer.mint({}, { key, header: { kid: issuer.keys[0]?.kid } })
    await expect(authenticate(on, borrowed)).rejects.toThrow(refusal('token_signature'))
  })

  it.each([undefined, null, 7, ['x'], {}].map((iss) => [iss]))('refuses the iss %j', async (iss) => {
    await expect(authenticate(start(), await issuer.mint({ iss }))).rejects.toThrow(refusal('token_issuer'))
  })

  it('asks no issuer for a token of one that is not configured', async () => {
    const on = start()
    await authenticate(on, await issuer.mint())
    await expect(authenticate(on, await other.mint())).rejects.toThrow(refusal('token_issuer'))
    expect(other.fetches).toEqual({ discovery: 0, jwks: 0 })
    expect(issuer.fetches.jwks).toBe(1)
  })

  it('lets two configured issuers share an iss with an audience each', async () => {
    const on = start({ audience: ['shop-api'] }, { name: 'admin', audience: ['admin-api'] })
    const [shop, admin] = [await issuer.mint(), await issuer.mint({ aud: 'admin-api' })]
    for (const _round of ['verified', 'cached']) {
      expect(await authenticate(on, shop)).toMatchObject({ issuer: 'main' })
      expect(await authenticate(on, admin)).toMatchObject({ issuer: 'admin' })
      await expect(authenticate(on, shop, ['admin'])).rejects.toThrow(refusal('token_audience'))
      await expect(authenticate(on, admin, ['main'])).rejects.toThrow(refusal('token_audience'))
    }
    expect(issuer.fetches.jwks).toBe(1)
  })
})

describe('authenticate: tokens verified before', () => {
  let on: Authenticator
  let token: string
  let caller: AccessToken
  beforeEach(async () => {
    on = start()
    token = await issuer.mint()
    caller = await authenticate(on, token)
  })

  it('are answered at once, with the same object', () => {
    expect(on.authenticate(token)).toBe(caller)
  })

  it('are refused from the moment they expire, skew included', async () => {
    clock.advance(329_999)
    expect(on.authenticate(token)).toBe(caller)
    clock.advance(1)
    await expect(authenticate(on, token)).rejects.toThrow(refusal('token_expired'))
  })

  it('are refused when their key is gone from the set', async () => {
    const long = await issuer.mint({ exp: Math.floor(clock.now() / 1000) + 7200 })
    await authenticate(on, long)
    await issuer.rotate({ keepOld: false })
    clock.advance(600_000)
    await authenticate(on, await issuer.mint())
    await expect(authenticate(on, long)).rejects.toThrow(refusal('token_key'))
  })

  it('are verified again, and kept, when a key was added to the set', async () => {
    const { kid } = await issuer.rotate()
    await authenticate(on, await issuer.mint())
    expect(on.status()).toMatchObject([{ keys: 2 }])
    expect(kid).toBe(issuer.keys[0]?.kid)
    const again = on.authenticate(token)
    expect(again).toBeInstanceOf(Promise)
    expect(await again).toEqual(caller)
    expect(on.authenticate(token)).toBe(await again)
  })

  it('survive a refresh that brings the same keys', async () => {
    const long = await issuer.mint({ exp: Math.floor(clock.now() / 1000) + 7200 })
    const known = await authenticate(on, long)
    clock.advance(600_000)
    await keySources.acquire(toIssuerConfig(issuer)).settled()
    expect(issuer.fetches.jwks).toBe(2)
    expect(on.authenticate(long)).toBe(known)
  })

  it('are refused with 503 when the keys are older than staleFor', async () => {
    const long = await issuer.mint({ exp: Math.floor(clock.now() / 1000) + 86_400, iat: undefined })
    await authenticate(on, long)
    issuer.behave('discovery', 'error')
    clock.set(clock.now() + 86_400_000)
    await expect(authenticate(on, long)).rejects.toThrow(expect.objectContaining({ code: 'keys_unavailable' }))
  })

  it('do not vouch for a token with the same end', async () => {
    const [header, , signature] = token.split('.')
    const forged = `${header}.${Buffer.from(JSON.stringify({ ...caller.claims, sub: 'bob' })).toString('base64url')}.${signature}`
    await expect(authenticate(on, forged)).rejects.toThrow(refusal('token_signature'))
  })

  it('are forgotten at a reload, which keeps the keys though the issuer is down', async () => {
    issuer.behave('jwks', 'error')
    issuer.behave('discovery', 'error')
    const fetches = { ...issuer.fetches }
    const next = start({ audience: ['shop-api', 'new-api'] })
    await on.close()
    expect(next.ready()).toBe(true)
    const again = next.authenticate(token)
    expect(again).toBeInstanceOf(Promise)
    expect(await again).toEqual(caller)
    expect(issuer.fetches).toEqual(fetches)
  })

  it('are refused after a reload that wants another audience', async () => {
    const next = start({ audience: ['new-api'] })
    await expect(authenticate(next, token)).rejects.toThrow(refusal('token_audience'))
  })
})
