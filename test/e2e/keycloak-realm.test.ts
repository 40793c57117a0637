import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRealm, realmAdmin, sharedKeycloak } from '../support/keycloak.ts'
import type { RealmAdmin } from '../support/keycloak-admin.ts'
import {
  authorizationUrl,
  createBrowser,
  jwtPart,
  passwordTokens,
  pkceLogin,
  refreshTokens,
  serviceTokens,
  tokenRequest,
} from '../support/oidc-client.ts'

const keycloak = sharedKeycloak()

describe.skipIf(keycloak === undefined)('keycloak-realm.json in a real Keycloak', () => {
  let realm: RealmAdmin
  let issuer: string

  beforeAll(async () => {
    if (keycloak === undefined) return
    realm = await createRealm(keycloak, 'shop')
    issuer = realm.issuer
  })

  afterAll(() => realm?.delete())

  it.skipIf(keycloak?.logFile === undefined)('imports at start without a warning about what it refers to', () => {
    // What comes after the start is about other tests.
    const [start = ''] = readFileSync(keycloak?.logFile ?? '', 'utf8').split(/ started in [\d.]+s\./)
    expect(start).toContain("Realm 'shop' imported")
    expect(start).not.toMatch(/doesn't exist|ERROR/)
  })

  describe('access tokens', () => {
    it('are addressed to shop-api and name the user, the client and the roles', async () => {
      const { access_token: token } = await passwordTokens(issuer, { username: 'bob', scope: 'openid orders:read' })
      expect(jwtPart(token, 0)).toMatchObject({ alg: 'RS256', typ: 'JWT', kid: expect.any(String) })
      const claims = jwtPart(token, 1)
      expect(claims).toMatchObject({
        iss: issuer,
        typ: 'Bearer',
        azp: 'shop-cli',
        acr: '1',
        sub: expect.any(String),
        sid: expect.any(String),
        preferred_username: 'bob',
        aud: expect.arrayContaining(['shop-api', 'account']),
        realm_access: { roles: expect.arrayContaining(['admin', 'support']) },
        resource_access: { 'shop-api': { roles: ['manager'] } },
      })
      expect(String(claims.scope).split(' ').sort()).toEqual(['email', 'openid', 'orders:read', 'profile'])
    })

    it('of alice carry the role customer and no other role of the shop', async () => {
      const { access_token: token } = await passwordTokens(issuer)
      const { realm_access: access, resource_access: clients } = jwtPart(token, 1) as {
        realm_access: { roles: string[] }
        resource_access: object
      }
      expect(access.roles).toContain('customer')
      expect(access.roles).not.toEqual(expect.arrayContaining(['admin']))
      expect(access.roles).not.toEqual(expect.arrayContaining(['support']))
      expect(clients).not.toHaveProperty('shop-api')
    })

    it('live for 5 minutes', async () => {
      const tokens = await passwordTokens(issuer)
      const { exp, iat } = jwtPart(tokens.access_token, 1) as { exp: number; iat: number }
      expect(exp - iat).toBe(300)
    })

    it('carry an API scope only when it is asked for', async () => {
      const { scope } = await passwordTokens(issuer)
      expect(scope).not.toMatch(/orders|refunds|catalog/)
    })

    it('of the service account have one audience, no session and no roles', async () => {
      const tokens = await serviceTokens(issuer, 'orders:read orders:write')
      const claims = jwtPart(tokens.access_token, 1)
      expect(claims).toMatchObject({ aud: 'shop-api', typ: 'Bearer', azp: 'shop-service', client_id: 'shop-service' })
      expect(claims).not.toHaveProperty('sid')
      expect(claims).not.toHaveProperty('realm_access')
      expect(tokens.refresh_token).toBeUndefined()
      expect(String(claims.scope).split(' ').sort()).toEqual(['orders:read', 'orders:write'])
    })

    it('of the app come by authorization code with PKCE and carry its origin', async () => {
      const tokens = await pkceLogin(issuer, { scope: 'openid orders:read' })
      expect(jwtPart(tokens.access_token, 1)).toMatchObject({
        azp: 'shop-spa',
        typ: 'Bearer',
        aud: expect.arrayContaining(['shop-api']),
        'allowed-origins': ['http://127.0.0.1:18083'],
      })
      expect(jwtPart(tokens.id_token ?? '', 1)).toMatchObject({ typ: 'ID', aud: 'shop-spa' })
      expect(jwtPart(tokens.refresh_token ?? '', 1)).toMatchObject({ typ: 'Refresh', aud: issuer })
    })
  })

  it('refuses a scope that the client does not have', async () => {
    const fields = { grant_type: 'client_credentials', client_id: 'shop-service', scope: 'orders:delete' }
    const response = await tokenRequest(issuer, { ...fields, client_secret: 'development-only-shop-service-secret' })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: 'invalid_scope' })
  })

  it('stores passwords with argon2id', async () => {
    const id = await realm.userId('alice')
    const [credential] = await realm.get<{ credentialData: string }[]>(`/users/${id}/credentials`)
    expect(JSON.parse(credential?.credentialData ?? '{}')).toMatchObject({
      algorithm: 'argon2',
      additionalParameters: { type: ['id'], version: ['1.3'] },
    })
  })

  it('rotates refresh tokens, and ends the session when an old one comes back', async () => {
    const first = await passwordTokens(issuer)
    const second = await refreshTokens(issuer, first.refresh_token ?? '')
    expect(second.refresh_token).not.toBe(first.refresh_token)
    await expect(refreshTokens(issuer, first.refresh_token ?? '')).rejects.toThrow('400')
    await expect(refreshTokens(issuer, second.refresh_token ?? '')).rejects.toThrow('400')
  })

  it('locks a user after repeated wrong passwords', async () => {
    const password = 'a-good-password-for-mallory'
    const id = await realm.createUser({ username: 'mallory', password })
    await passwordTokens(issuer, { username: 'mallory', password })
    for (let attempt = 0; attempt < 5; attempt++) {
      await passwordTokens(issuer, { username: 'mallory', password: 'wrong-password' }).catch(() => undefined)
    }
    await expect.poll(() => realm.get(`/attack-detection/brute-force/users/${id}`)).toMatchObject({ disabled: true })
    await expect(passwordTokens(issuer, { username: 'mallory', password })).rejects.toThrow('invalid_grant')
    await realm.unlock(id)
    await expect(passwordTokens(issuer, { username: 'mallory', password })).resolves.toHaveProperty('access_token')
  })

  describe('the client shop-spa', () => {
    const challenge = createHash('sha256').update(randomBytes(32)).digest('base64url')

    it.each([
      ['no PKCE', {}],
      ['PKCE plain', { code_challenge: challenge, code_challenge_method: 'plain' }],
    ])('is refused with %s', async (_, parameters) => {
      const response = await createBrowser()(authorizationUrl(issuer, parameters))
      const target = new URL(response.headers.get('location') ?? '')
      expect(target.searchParams.get('error')).toBe('invalid_request')
      expect(target.searchParams.get('code')).toBeNull()
    })

    it.each([
      'http://127.0.0.1:18083/other',
      'http://127.0.0.1:18083/callback/',
      'http://127.0.0.1:18084/callback',
      'http://localhost:18083/callback',
      'https://evil.example/callback',
    ])('is not sent to %s', async (redirectUri) => {
      const parameters = { redirect_uri: redirectUri, code_challenge: challenge, code_challenge_method: 'S256' }
      const response = await createBrowser()(authorizationUrl(issuer, parameters))
      expect(response.status).toBe(400)
      expect(response.headers.get('location')).toBeNull()
    })

    it('has no password grant', async () => {
      const answer = passwordTokens(issuer, { clientId: 'shop-spa' })
      await expect(answer).rejects.toThrow('unauthorized_client')
    })
  })

  describe('the realm as tests change it', () => {
    it('signs with a new key after a rotation, and drops the old one from the JWKS', async () => {
      const kids = async () => {
        const response = await fetch(`${issuer}/protocol/openid-connect/certs`)
        const { keys } = (await response.json()) as { keys: { kid: string; use: string }[] }
        return keys.filter(({ use }) => use === 'sig').map(({ kid }) => kid)
      }
      const before = jwtPart((await passwordTokens(issuer)).access_token, 0).kid
      await realm.addSigningKey()
      const after = jwtPart((await passwordTokens(issuer)).access_token, 0).kid
      expect(after).not.toBe(before)
      expect(await kids()).toEqual(expect.arrayContaining([before, after]))
      await realm.dropOldSigningKeys()
      expect(await kids()).toEqual([after])
    })

    it('gives one client shorter tokens', async () => {
      // `expires_in` is what is left of it when Keycloak answers: less on a busy machine.
      const lifespan = async () => {
        const { exp, iat } = jwtPart((await passwordTokens(issuer)).access_token, 1)
        return Number(exp) - Number(iat)
      }
      await realm.setTokenLifespan('shop-cli', 2)
      expect(await lifespan()).toBe(2)
      await realm.setTokenLifespan('shop-cli', undefined)
      expect(await lifespan()).toBe(300)
    })
  })

  it.skipIf(keycloak?.logFile === undefined)('is the realm that the shared Keycloak imported as shop', async () => {
    if (keycloak === undefined) return
    const shop = realmAdmin(keycloak, 'shop')
    expect(await shop.get('')).toMatchObject({
      accessTokenLifespan: 300,
      revokeRefreshToken: true,
      refreshTokenMaxReuse: 0,
    })
  })
})
