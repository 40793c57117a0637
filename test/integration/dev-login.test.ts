import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DevIssuer, startDevIssuer } from '../../src/dev/dev-issuer.ts'
import {
  authorizationUrl,
  createBrowser,
  followToClient,
  jwtPart,
  loginAction,
  PASSWORDS,
  passwordTokens,
  pkceLogin,
  refreshTokens,
  SPA_REDIRECT_URI,
} from '../support/oidc-client.ts'

const realm = JSON.parse(readFileSync(new URL('../../keycloak-realm.json', import.meta.url), 'utf8'))
const SPA_ORIGIN = 'http://127.0.0.1:18083'
const failures: string[] = []
let running: DevIssuer
let issuer: string

beforeAll(async () => {
  running = await startDevIssuer({ realm, port: 0, log: (line) => failures.push(line) })
  issuer = running.issuer
})

afterAll(async () => {
  await running.close()
  expect(failures).toEqual([])
})

const jwks = () => createRemoteJWKSet(new URL(`${issuer}/protocol/openid-connect/certs`))
const challenge = createHash('sha256').update(randomBytes(32)).digest('base64url')
const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }

describe('the login page', () => {
  it('ends in tokens by authorization code with PKCE', async () => {
    const tokens = await pkceLogin(issuer, { scope: 'openid orders:read' })
    const { payload } = await jwtVerify(tokens.access_token, jwks(), { issuer, audience: 'shop-api' })
    expect(payload).toMatchObject({
      azp: 'shop-spa',
      typ: 'Bearer',
      jti: expect.stringMatching(/^onrtac:/),
      'allowed-origins': [SPA_ORIGIN],
      scope: 'openid profile email orders:read',
    })
    expect(jwtPart(tokens.id_token ?? '', 1)).toMatchObject({ typ: 'ID', aud: 'shop-spa', sid: payload.sid })
    await refreshTokens(issuer, tokens.refresh_token ?? '', 'shop-spa')
  })

  it('asks again after a wrong password, and shows what was typed as text', async () => {
    const browse = createBrowser()
    const start = await browse(authorizationUrl(issuer, pkce))
    const address = new URL(start.headers.get('location') ?? '', issuer).href
    const page = await browse(address)
    expect(page.headers.get('content-security-policy')).toContain(`form-action 'self' ${SPA_ORIGIN}`)
    const action = loginAction(await page.text(), address)
    const again = await browse(action, { username: '"><script>', password: 'x' })
    expect(again.status).toBe(200)
    const html = await again.text()
    expect(html).toContain('Invalid username or password.')
    expect(html).not.toContain('<script>')
    const done = await browse(action, { username: 'alice', password: PASSWORDS.alice })
    expect((await followToClient(browse, issuer, done)).searchParams.get('code')).not.toBeNull()
  })

  it('takes no form from a browser that did not start the login', async () => {
    const browse = createBrowser()
    const start = await browse(authorizationUrl(issuer, pkce))
    const address = new URL(start.headers.get('location') ?? '', issuer).href
    const response = await createBrowser()(address, { username: 'alice', password: PASSWORDS.alice })
    expect(response.status).toBe(400)
    const other = await browse(address.replace(/[^/]+$/, 'another'), { username: 'alice', password: PASSWORDS.alice })
    expect(other.status).toBe(400)
  })

  it.each([
    ['no PKCE', {}],
    ['PKCE plain', { code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' }],
  ])('is not shown with %s', async (_, parameters) => {
    const response = await createBrowser()(authorizationUrl(issuer, parameters))
    const target = new URL(response.headers.get('location') ?? '')
    expect(target.origin + target.pathname).toBe(SPA_REDIRECT_URI)
    expect(target.searchParams.get('error')).toBe('invalid_request')
  })

  it('reports an unknown scope to the client', async () => {
    const response = await createBrowser()(authorizationUrl(issuer, { ...pkce, scope: 'openid nope' }))
    expect(new URL(response.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_scope')
  })

  it.each(['http://127.0.0.1:18083/other', 'http://127.0.0.1:18084/callback', 'https://evil.example/'])(
    'never leads to %s',
    async (redirectUri) => {
      const response = await createBrowser()(authorizationUrl(issuer, { ...pkce, redirect_uri: redirectUri }))
      expect(response.status).toBe(400)
      expect(response.headers.get('location')).toBeNull()
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    },
  )
})

describe('logout', () => {
  it('ends the session: refresh tokens of the login stop working', async () => {
    const browse = createBrowser()
    const tokens = await pkceLogin(issuer, { browse })
    const back = `${SPA_ORIGIN}/`
    const hint = new URLSearchParams({ id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: back })
    const page = await browse(`${issuer}/protocol/openid-connect/logout?${hint}`)
    const html = await page.text()
    expect(html).not.toContain('<script')
    const [, action = '', xsrf = ''] = /action="([^"]+)".*name="xsrf" value="([^"]+)"/.exec(html) ?? []
    const done = await browse(action, { xsrf, logout: 'yes' })
    expect(done.headers.get('location')).toBe(back)
    await expect(refreshTokens(issuer, tokens.refresh_token ?? '', 'shop-spa')).rejects.toThrow('invalid_grant')
  })

  it('leads to registered addresses only', async () => {
    const query = new URLSearchParams({ client_id: 'shop-spa', post_logout_redirect_uri: 'https://evil.example/' })
    const response = await createBrowser()(`${issuer}/protocol/openid-connect/logout?${query}`)
    expect(response.status).toBe(400)
  })
})

describe('userinfo (OpenID Connect Core section 5.3)', () => {
  const ask = (token: string) =>
    fetch(`${issuer}/protocol/openid-connect/userinfo`, { headers: { Authorization: `Bearer ${token}` } })

  it('answers what the scopes of the token allow', async () => {
    const { access_token: token } = await passwordTokens(issuer)
    const response = await ask(token)
    expect(await response.json()).toMatchObject({ sub: realm.users[0].id, preferred_username: 'alice' })
  })

  it('refuses an ID token, nonsense, and a token without openid', async () => {
    const { id_token: id = '' } = await passwordTokens(issuer)
    expect((await ask(id)).status).toBe(401)
    expect((await ask('x.y.z')).status).toBe(401)
    const { access_token: token } = await passwordTokens(issuer, { scope: 'orders:read' })
    expect((await ask(token)).status).toBe(403)
  })
})
