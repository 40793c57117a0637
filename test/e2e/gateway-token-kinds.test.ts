import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { createRealm, sharedKeycloak } from '../support/keycloak.ts'
import type { RealmAdmin } from '../support/keycloak-admin.ts'
import { dpopToken, logoutToken } from '../support/keycloak-tokens.ts'
import { jwtPart, passwordTokens, pkceLogin } from '../support/oidc-client.ts'
import { type RawAnswer, request } from '../support/raw-http.ts'
import { shopFile } from '../support/shop-file.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'

const keycloak = sharedKeycloak()
const API = 'openid orders:read'

describe.skipIf(keycloak === undefined)('kinds of tokens that Keycloak signs', () => {
  let realm: RealmAdmin
  let otherRealm: RealmAdmin
  let upstream: TestUpstream
  let gateway: TestGateway
  /** As misconfigured as one can be: the audience of clients and realm is accepted, any JWT will do. */
  let lax: TestGateway
  let strict: TestGateway

  beforeAll(async () => {
    if (keycloak === undefined) return
    realm = await createRealm(keycloak, 'kinds')
    otherRealm = await createRealm(keycloak, 'other')
    upstream = await startUpstream()
    gateway = await startGateway(shopFile(realm.issuer, upstream.url, { clockSkew: '0s' }))
    const everyAudience = ['shop-api', 'shop-cli', 'shop-spa', 'account', realm.issuer]
    lax = await startGateway(
      shopFile(realm.issuer, upstream.url, { audience: everyAudience, tokenTypes: ['jwt', 'keycloak', 'at+jwt'] }),
    )
    strict = await startGateway(shopFile(realm.issuer, upstream.url, { tokenTypes: ['at+jwt'] }))
  })

  afterAll(async () => {
    for (const one of [gateway, lax, strict]) await one?.close()
    await upstream?.close()
    await realm?.delete()
    await otherRealm?.delete()
  })

  const call = (token: string, { path = '/any', scheme = 'Bearer', to = gateway } = {}): Promise<RawAnswer> =>
    request(to.url, [`GET ${path} HTTP/1.1`, `Authorization: ${scheme} ${token}`])

  /** Refused with `invalid_token` and one public text, for this reason in the log, and never forwarded. */
  async function expectRefused(token: string, reason: string, to: TestGateway = gateway): Promise<void> {
    const before = upstream.received.length
    const answer = await call(token, { to })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')?.[0]).toMatch(/^Bearer error="invalid_token", error_description="/)
    expect(JSON.parse(answer.body)).toMatchObject({ status: 401, code: 'invalid_token' })
    expect(upstream.received).toHaveLength(before)
    await expect.poll(() => to.logs().at(-1)).toMatchObject({ status: 401, reason })
  }

  const withAttribute = async <T>(name: string, value: string, use: () => Promise<T>): Promise<T> => {
    await realm.setClientAttributes('shop-cli', { [name]: value })
    try {
      return await use()
    } finally {
      await realm.setClientAttributes('shop-cli', { [name]: undefined })
    }
  }

  it('refuses an ID token, by its kind even where its audience is accepted', async () => {
    const { id_token: ofCli = '' } = await passwordTokens(realm.issuer, { scope: API })
    const { id_token: ofSpa = '' } = await pkceLogin(realm.issuer, { scope: API })
    for (const token of [ofCli, ofSpa]) {
      await expectRefused(token, 'token_type')
      await expectRefused(token, 'token_type', lax)
    }
  })

  it('refuses refresh and offline tokens', async () => {
    const { refresh_token: refresh = '' } = await passwordTokens(realm.issuer)
    const { refresh_token: offline = '' } = await passwordTokens(realm.issuer, { scope: 'openid offline_access' })
    expect(jwtPart(offline, 1).typ).toBe('Offline')
    for (const token of [refresh, offline]) {
      await expectRefused(token, 'token_algorithm')
      await expectRefused(token, 'token_algorithm', lax)
    }
  })

  it('refuses a back-channel logout token', async () => {
    const token = await logoutToken(realm)
    expect(jwtPart(token, 0)).toMatchObject({ typ: 'logout+jwt', alg: 'RS256' })
    await expectRefused(token, 'token_type')
    await expectRefused(token, 'token_type', lax)
  })

  it('refuses a DPoP-bound token that comes as a bearer token, and does not know the scheme DPoP', async () => {
    const { token, thumbprint } = await dpopToken(realm.issuer)
    expect(jwtPart(token, 1)).toMatchObject({ typ: 'DPoP', cnf: { jkt: thumbprint } })
    await expectRefused(token, 'token_bound')
    await expectRefused(token, 'token_bound', lax)
    expect((await call(token, { scheme: 'DPoP' })).status).toBe(401)
  })

  it('accepts an RFC 9068 token, and where only those count no other', async () => {
    const plain = (await passwordTokens(realm.issuer, { scope: API })).access_token
    const typed = await withAttribute('access.token.header.type.rfc9068', 'true', () =>
      passwordTokens(realm.issuer, { scope: API }),
    )
    expect(jwtPart(typed.access_token, 0).typ).toBe('at+jwt')
    for (const to of [gateway, lax, strict]) {
      expect((await call(typed.access_token, { path: '/orders/7', to })).status).toBe(200)
    }
    await expectRefused(plain, 'token_type', strict)
    await expectRefused(typed.id_token ?? '', 'token_type', strict)
  })

  it('grants a lightweight token what it says and no more: scopes, but no subject and no roles', async () => {
    const { access_token: token } = await withAttribute('client.use.lightweight.access.token.enabled', 'true', () =>
      passwordTokens(realm.issuer, { username: 'bob', scope: API }),
    )
    expect(jwtPart(token, 1)).not.toHaveProperty('sub')
    const bob = await realm.userId('bob')
    expect((await call(token, { path: '/orders/7' })).status).toBe(200)
    expect(upstream.lastField('x-user-id')).toEqual([])
    expect(upstream.lastField('x-client-id')).toEqual(['shop-cli'])
    expect((await call(token, { path: '/manage' })).status).toBe(403)
    expect((await call(token, { path: `/users/${bob}/orders` })).status).toBe(403)
    expect((await call(token, { path: '/users/undefined/orders' })).status).toBe(403)
  })

  it('refuses a token of another realm of the same Keycloak, same client and audience', async () => {
    const { access_token: token } = await passwordTokens(otherRealm.issuer, { scope: API })
    await expectRefused(token, 'token_issuer')
    await expectRefused(token, 'token_issuer', lax)
  })

  it('refuses a token that is not addressed to the API', async () => {
    const body = new URLSearchParams({
      grant_type: 'password',
      client_id: 'admin-cli',
      username: 'alice',
      password: 'alice-development-password',
      scope: 'openid',
    })
    const response = await fetch(`${realm.issuer}/protocol/openid-connect/token`, { method: 'POST', body })
    const { access_token: token } = (await response.json()) as { access_token: string }
    expect([jwtPart(token, 1).aud].flat()).not.toContain('shop-api')
    await expectRefused(token, 'token_audience')
  })

  it('lets a token through until it expires, and not one request longer', async () => {
    await realm.setTokenLifespan('shop-cli', 2)
    const { access_token: token } = await passwordTokens(realm.issuer, { scope: API })
    await realm.setTokenLifespan('shop-cli', undefined)
    const expiresAtMs = Number(jwtPart(token, 1).exp) * 1000
    let accepted = 0
    const refused = await waitFor('the end of the token', async () => {
      const sentAtMs = Date.now()
      const answer = await call(token)
      if (answer.status !== 200) return { answer, atMs: Date.now() }
      accepted++
      expect(sentAtMs).toBeLessThan(expiresAtMs)
      return undefined
    })
    expect(accepted).toBeGreaterThan(0)
    expect(refused.atMs).toBeGreaterThanOrEqual(expiresAtMs)
    expect(refused.answer.headers.get('www-authenticate')?.[0]).toContain('"The access token expired"')
    await expectRefused(token, 'token_expired')
    expect((await call(token, { to: lax })).status, 'within the default skew of 30 s').toBe(200)
  })

  describe('where the keys come from', () => {
    const startWith = (settings: Record<string, unknown>) =>
      startGateway(shopFile(realm.issuer, upstream.url, settings))
    const inside = () => realm.issuer.replace('127.0.0.1', 'localhost')

    it.skipIf(!keycloak?.url.includes('127.0.0.1'))(
      'fetches them from another address than the issuer has',
      async () => {
        const { access_token: token } = await passwordTokens(realm.issuer, { scope: API })
        const internal = await startWith({ jwks: `${inside()}/protocol/openid-connect/certs` })
        expect((await call(token, { to: internal })).status).toBe(200)
        await internal.close()
      },
    )

    it.skipIf(!keycloak?.url.includes('127.0.0.1'))(
      'compares the issuer byte for byte, in tokens and in discovery',
      async () => {
        const { access_token: token } = await passwordTokens(realm.issuer, { scope: API })
        const explicit = await startWith({ issuer: inside(), jwks: `${realm.issuer}/protocol/openid-connect/certs` })
        await expectRefused(token, 'token_issuer', explicit)
        await explicit.close()
        const discovered = await startWith({ issuer: inside() })
        await waitFor('the failed discovery', () => discovered.logText().includes('keys could not be fetched'))
        expect((await fetch(`${discovered.adminUrl}/readyz`)).status).toBe(503)
        await expectRefused(token, 'token_issuer', discovered)
        await discovered.close()
      },
    )

    it('serves two realms side by side, each with its own keys and routes', async () => {
      const both = shopFile(realm.issuer, upstream.url)
      const two = await startGateway({
        ...both,
        issuers: {
          main: { issuer: realm.issuer, audience: 'shop-api' },
          staff: { issuer: otherRealm.issuer, audience: 'shop-api' },
        },
        defaults: {},
        routes: [
          { path: '/main', to: 'shop', issuer: 'main', allow: [{ methods: 'any', token: 'any' }] },
          { path: '/staff', to: 'shop', issuer: 'staff', allow: [{ methods: 'any', token: 'any' }] },
        ],
      })
      const ofMain = (await passwordTokens(realm.issuer)).access_token
      const ofStaff = (await passwordTokens(otherRealm.issuer)).access_token
      const statuses = async (token: string) =>
        Promise.all(['/main', '/staff'].map(async (path) => (await call(token, { path, to: two })).status))
      expect(await statuses(ofMain)).toEqual([200, 401])
      expect(await statuses(ofStaff)).toEqual([401, 200])
      await two.close()
    })
  })
})
