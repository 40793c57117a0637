import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DevIssuer, startDevIssuer } from '../../src/dev/dev-issuer.ts'
import {
  jwtPart,
  PASSWORDS,
  passwordTokens,
  refreshTokens,
  SERVICE_SECRET,
  serviceTokens,
  tokenRequest,
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

describe('startDevIssuer', () => {
  it.each(['0.0.0.0', '::', '192.0.2.1', 'localhost', 'example.com', ''])('refuses to bind %j', async (host) => {
    await expect(startDevIssuer({ realm, host, port: 0 })).rejects.toThrow('loopback addresses only')
  })

  it.each(['127.0.0.1', '127.0.0.2'])('binds %s', async (host) => {
    const other = await startDevIssuer({ realm, host, port: 0 })
    expect(other.issuer).toMatch(`http://${host}:`)
    await other.close()
    await expect(fetch(other.issuer)).rejects.toThrow()
  })

  it('rejects when the port is taken', async () => {
    const { port } = new URL(issuer)
    await expect(startDevIssuer({ realm, port: Number(port) })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  it('answers under the names of this machine only', async () => {
    const status = (host: string) =>
      new Promise((resolve, reject) => {
        const { port } = new URL(issuer)
        const path = '/realms/shop/.well-known/openid-configuration'
        request({ host: '127.0.0.1', port, path, headers: { Host: host } }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
          .on('error', reject)
          .end()
      })
    expect(await status('localhost:18080')).toBe(200)
    expect(await status('rebound.example')).toBe(421)
  })

  it('is discovered at the addresses of Keycloak', async () => {
    const response = await fetch(`${issuer}/.well-known/openid-configuration`)
    const base = `${issuer}/protocol/openid-connect`
    expect(await response.json()).toMatchObject({
      issuer,
      authorization_endpoint: `${base}/auth`,
      token_endpoint: `${base}/token`,
      jwks_uri: `${base}/certs`,
      userinfo_endpoint: `${base}/userinfo`,
      end_session_endpoint: `${base}/logout`,
      revocation_endpoint: `${base}/revoke`,
      code_challenge_methods_supported: ['S256'],
    })
  })
})

describe('access tokens', () => {
  it('are RS256 JWTs in the shape of Keycloak', async () => {
    const { access_token: token, scope } = await passwordTokens(issuer, {
      username: 'bob',
      scope: 'openid orders:read',
    })
    const { payload, protectedHeader } = await jwtVerify(token, jwks(), { issuer, audience: 'shop-api' })
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: expect.any(String) })
    expect(payload).toMatchObject({
      jti: expect.stringMatching(/^onrtro:/),
      aud: ['shop-api', 'account'],
      typ: 'Bearer',
      azp: 'shop-cli',
      sub: realm.users[1].id,
      sid: expect.any(String),
      acr: '1',
      realm_access: { roles: expect.arrayContaining(['admin', 'support', 'default-roles-shop']) },
      resource_access: { 'shop-api': { roles: ['manager'] } },
      scope: 'openid profile email orders:read',
      preferred_username: 'bob',
      email_verified: true,
    })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300)
    expect(payload).not.toHaveProperty('nbf')
    expect(scope).toBe(payload.scope)
  })

  it('of a service account have one audience as a string, no session and no roles', async () => {
    const tokens = await serviceTokens(issuer, 'orders:read')
    const payload = jwtPart(tokens.access_token, 1)
    expect(payload).toMatchObject({
      aud: 'shop-api',
      azp: 'shop-service',
      client_id: 'shop-service',
      scope: 'orders:read',
    })
    expect(payload.sub).toBe(realm.users[2].id)
    expect(Object.keys(payload)).not.toEqual(expect.arrayContaining(['sid']))
    expect(payload).not.toHaveProperty('realm_access')
    expect(tokens.refresh_token).toBeUndefined()
  })

  it('can be told from ID and refresh tokens as in Keycloak', async () => {
    const tokens = await passwordTokens(issuer)
    expect(jwtPart(tokens.id_token ?? '', 0)).toMatchObject({ alg: 'RS256', kid: jwtPart(tokens.access_token, 0).kid })
    expect(jwtPart(tokens.id_token ?? '', 1)).toMatchObject({ typ: 'ID', aud: 'shop-cli', azp: 'shop-cli' })
    expect(jwtPart(tokens.refresh_token ?? '', 0)).toMatchObject({ alg: 'HS512', typ: 'JWT' })
    expect(jwtPart(tokens.refresh_token ?? '', 1)).toMatchObject({ typ: 'Refresh', aud: issuer, iss: issuer })
    await expect(jwtVerify(tokens.refresh_token ?? '', jwks())).rejects.toThrow()
  })

  it('carry an optional scope only when it is asked for', async () => {
    expect((await passwordTokens(issuer)).scope).toBe('openid profile email')
  })
})

describe('the token endpoint', () => {
  const refused = async (fields: Record<string, string>) => {
    const response = await tokenRequest(issuer, fields)
    return [response.status, ((await response.json()) as { error: string }).error]
  }
  const alice = { grant_type: 'password', client_id: 'shop-cli', username: 'alice', password: PASSWORDS.alice }
  const service = { grant_type: 'client_credentials', client_id: 'shop-service', client_secret: SERVICE_SECRET }

  it.each([
    ['a wrong password', { ...alice, password: 'x' }, 400, 'invalid_grant'],
    ['an unknown user', { ...alice, username: 'eve' }, 400, 'invalid_grant'],
    ['an unknown scope for a user', { ...alice, scope: 'nope' }, 400, 'invalid_scope'],
    ['an unknown scope for a service', { ...service, scope: 'nope' }, 400, 'invalid_scope'],
    ['a wrong secret', { ...service, client_secret: 'x' }, 401, 'invalid_client'],
    ['an unknown client', { ...alice, client_id: 'nobody' }, 401, 'invalid_client'],
    ['the password grant for the app', { ...alice, client_id: 'shop-spa' }, 400, 'invalid_request'],
    ['client credentials for the command line', { ...service, client_id: 'shop-cli' }, 401, 'invalid_client'],
    ['another resource', { ...service, resource: 'urn:other' }, 400, 'invalid_target'],
  ])('refuses %s', async (_, fields, status, error) => {
    const [actualStatus, actualError] = await refused(fields)
    expect(actualError).toBe(error)
    expect(actualStatus).toBe(status)
  })

  it('rotates refresh tokens, and revokes the family when an old one comes back', async () => {
    const first = await passwordTokens(issuer, { scope: 'openid orders:read' })
    const second = await refreshTokens(issuer, first.refresh_token ?? '')
    expect(second.scope).toBe(first.scope)
    expect(jwtPart(second.access_token, 1)).toMatchObject({
      sid: jwtPart(first.access_token, 1).sid,
      jti: expect.stringMatching(/^onrtrt:/),
    })
    await expect(refreshTokens(issuer, first.refresh_token ?? '')).rejects.toThrow('invalid_grant')
    await expect(refreshTokens(issuer, second.refresh_token ?? '')).rejects.toThrow('invalid_grant')
  })

  it('forgets a refresh token that was revoked', async () => {
    const { refresh_token: token = '' } = await passwordTokens(issuer)
    const revoke = async (client: string) => {
      const body = new URLSearchParams({ client_id: client, token })
      return (await fetch(`${issuer}/protocol/openid-connect/revoke`, { method: 'POST', body })).status
    }
    expect(await revoke('shop-service')).toBe(401)
    expect(await revoke('shop-spa')).toBe(200)
    const { refresh_token: next } = await refreshTokens(issuer, token)
    expect(next).toBeDefined()
    expect(await revoke('shop-cli')).toBe(200)
    await expect(refreshTokens(issuer, next ?? '')).rejects.toThrow('invalid_grant')
    await expect(refreshTokens(issuer, token)).rejects.toThrow('invalid_grant')
  })

  it.each([
    [SPA_ORIGIN, SPA_ORIGIN],
    ['http://evil.example', null],
  ])('shows its answer to a page of %s: %s', async (origin, allowed) => {
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'shop-spa', refresh_token: 'x' })
    const response = await fetch(`${issuer}/protocol/openid-connect/token`, {
      method: 'POST',
      body,
      headers: { Origin: origin },
    })
    expect(response.headers.get('access-control-allow-origin')).toBe(allowed)
  })
})

it('leaves other paths alone', async () => {
  const { origin } = new URL(issuer)
  expect((await fetch(`${origin}/`)).status).toBe(404)
  expect((await fetch(`${origin}/realms/other/.well-known/openid-configuration`)).status).toBe(404)
  expect((await fetch(`${issuer}/interaction/x`)).status).toBe(404)
})
