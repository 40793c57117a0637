import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { createRealm, sharedKeycloak } from '../support/keycloak.ts'
import type { RealmAdmin } from '../support/keycloak-admin.ts'
import { jwtPart, passwordTokens, pkceLogin, serviceTokens } from '../support/oidc-client.ts'
import { type RawAnswer, request } from '../support/raw-http.ts'
import { shopFile } from '../support/shop-file.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

const keycloak = sharedKeycloak()

describe.skipIf(keycloak === undefined)('a gateway before a real Keycloak', () => {
  let realm: RealmAdmin
  let upstream: TestUpstream
  let gateway: TestGateway
  const tokens = { alice: '', reader: '', writer: '', bob: '', spa: '', service: '' }

  beforeAll(async () => {
    if (keycloak === undefined) return
    realm = await createRealm(keycloak, 'tokens')
    const { issuer } = realm
    upstream = await startUpstream()
    gateway = await startGateway(shopFile(issuer, upstream.url))
    const access = async (answer: ReturnType<typeof passwordTokens>) => (await answer).access_token
    tokens.alice = await access(passwordTokens(issuer))
    tokens.reader = await access(passwordTokens(issuer, { scope: 'openid orders:read' }))
    tokens.writer = await access(passwordTokens(issuer, { scope: 'openid orders:write' }))
    tokens.bob = await access(passwordTokens(issuer, { username: 'bob' }))
    tokens.spa = await access(pkceLogin(issuer, { scope: 'openid orders:read' }))
    tokens.service = await access(serviceTokens(issuer, 'orders:read orders:write'))
  })

  afterAll(async () => {
    await gateway?.close()
    await upstream?.close()
    await realm?.delete()
  })

  type Owner = keyof typeof tokens
  const subject = (owner: Owner) => String(jwtPart(tokens[owner], 1).sub)
  const send = (owner: Owner, method: string, path: string, ...fields: string[]): Promise<RawAnswer> =>
    request(gateway.url, [
      `${method} ${path} HTTP/1.1`,
      `Authorization: Bearer ${tokens[owner]}`,
      'Content-Length: 0',
      ...fields,
    ])
  const challenge = (answer: RawAnswer) => answer.headers.get('www-authenticate')?.join() ?? ''

  it.each<[string, Owner, string, string, number]>([
    ['a scope that was asked for', 'reader', 'GET', '/orders/7', 200],
    ['HEAD with what allows GET', 'reader', 'HEAD', '/orders/7', 200],
    ['a scope for another method', 'reader', 'POST', '/orders', 403],
    ['the scope for that method', 'writer', 'POST', '/orders', 200],
    ['no scope of the API', 'alice', 'GET', '/orders/7', 403],
    ['a realm role instead of the scope', 'bob', 'DELETE', '/orders/7', 200],
    ['the scope, where only the role counts', 'reader', 'DELETE', '/orders/7', 403],
    ['a client role', 'bob', 'GET', '/manage', 200],
    ['another user without the client role', 'alice', 'GET', '/manage', 403],
    ['a login by PKCE', 'spa', 'GET', '/orders/7', 200],
    ['a service account with its scopes', 'service', 'POST', '/orders', 200],
    ['a service account without roles', 'service', 'DELETE', '/orders/7', 403],
    ['an acr that the file names', 'reader', 'GET', '/acr-1', 200],
    ['an unknown path', 'reader', 'GET', '/nowhere', 404],
    ['a known path outside the pattern', 'reader', 'GET', '/orderss', 404],
    ['a method in no line', 'reader', 'PUT', '/orders/7', 405],
    ['an ambiguous target', 'reader', 'GET', '/orders/%2e%2e/any', 400],
  ])('judges %s', async (_, owner, method, path, status) => {
    expect((await send(owner, method, path)).status).toBe(status)
  })

  it('tells the upstream who asks, by the real sub, and passes no token on', async () => {
    await send('reader', 'GET', '/orders/7', 'X-User-Id: mallory')
    expect(upstream.lastField('x-user-id')).toEqual([subject('reader')])
    expect(upstream.lastField('x-client-id')).toEqual(['shop-cli'])
    expect(upstream.lastField('x-scopes')[0]?.split(' ').toSorted()).toEqual([
      'email',
      'openid',
      'orders:read',
      'profile',
    ])
    expect(upstream.lastField('authorization')).toEqual([])
    await send('service', 'GET', '/orders/7')
    expect(upstream.lastField('x-user-id')).toEqual([subject('service')])
    expect(upstream.lastField('x-client-id')).toEqual(['shop-service'])
  })

  it('lets the owner in by the real sub, and nobody else', async () => {
    const own = `/users/${subject('reader')}/orders`
    expect((await send('reader', 'GET', own)).status).toBe(200)
    expect(upstream.received.at(-1)?.url).toBe(`/internal/${subject('reader')}/orders`)
    expect((await send('spa', 'GET', own)).status).toBe(200)
    expect((await send('reader', 'GET', `/users/${subject('bob')}/orders`)).status).toBe(403)
    expect((await send('service', 'GET', own)).status).toBe(403)
  })

  it('asks staff for a login that this one was not, and says so', async () => {
    const answer = await send('bob', 'GET', `/users/${subject('alice')}/orders`)
    expect(answer.status).toBe(403)
    expect(JSON.parse(answer.body)).toMatchObject({ because: ['support staff need a step-up login'] })
  })

  it('names the missing scope in the challenge and the methods in Allow', async () => {
    expect(challenge(await send('reader', 'POST', '/orders'))).toMatch(
      /^Bearer error="insufficient_scope", .*scope="orders:write", resource_metadata="/,
    )
    const allow = (await send('reader', 'PUT', '/orders/7')).headers.get('allow')?.join(', ')
    expect(allow?.split(', ').toSorted()).toEqual(['DELETE', 'GET', 'HEAD', 'POST'])
  })

  it.each(['/orders/7', '/nowhere', '/any', '/users/x/orders'])(
    'asks for a token on %s with a bare challenge',
    async (path) => {
      const answer = await request(gateway.url, [`GET ${path} HTTP/1.1`])
      expect(answer.status).toBe(401)
      expect(challenge(answer)).toBe(`Bearer resource_metadata="${gateway.url}/.well-known/oauth-protected-resource"`)
    },
  )

  it('answers 400 to a real token that is sent twice or in a malformed way', async () => {
    const own = `Authorization: Bearer ${tokens.reader}`
    const send400 = async (...lines: string[]) => {
      const answer = await request(gateway.url, lines)
      expect(answer.status).toBe(400)
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'invalid_request' })
      expect(challenge(answer)).toContain('error="invalid_request"')
    }
    await send400('GET /orders/7 HTTP/1.1', own, own)
    await send400(`GET /orders/7?access_token=${tokens.reader} HTTP/1.1`, own)
    await send400('GET /orders/7 HTTP/1.1', `Authorization: Bearer ${tokens.reader} ${tokens.reader}`)
  })

  it('does not take a token from the query, and shows it to nobody', async () => {
    const answer = await request(gateway.url, [`GET /orders/7?access_token=${tokens.reader} HTTP/1.1`])
    expect(answer.status).toBe(401)
    expect(answer.text).not.toContain(tokens.reader)
  })

  it('refuses a token with one changed character', async () => {
    const [head, payload, signature = ''] = tokens.reader.split('.')
    const claims = { ...jwtPart(tokens.reader, 1), realm_access: { roles: ['admin'] } }
    const forged = Buffer.from(JSON.stringify(claims)).toString('base64url')
    const first = signature.startsWith('A') ? 'B' : 'A'
    for (const token of [`${head}.${forged}.${signature}`, `${head}.${payload}.${first}${signature.slice(1)}`]) {
      const answer = await request(gateway.url, ['GET /orders/7 HTTP/1.1', `Authorization: Bearer ${token}`])
      expect(answer.status).toBe(401)
      expect(challenge(answer)).toContain('error_description="The signature of the access token is not valid"')
    }
  })

  it('answers 429 with Retry-After to the user who was too fast, and to no other', async () => {
    const ask = (owner: Owner) => send(owner, 'GET', '/tight', 'X-Round: 1')
    const answers = [await ask('reader'), await ask('spa'), await ask('writer')]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
    expect(answers[1]?.headers.get('ratelimit-policy')).toEqual(['"tight";q=2;w=60'])
    expect(Number(answers[2]?.headers.get('retry-after')?.[0])).toBeGreaterThan(0)
    expect((await ask('bob')).status).toBe(200)
  })

  it('opens a public route without a token', async () => {
    expect((await request(gateway.url, ['GET /catalog/shoes HTTP/1.1'])).status).toBe(200)
  })

  it('logs who was let in or refused and why, and no token', async () => {
    await send('bob', 'PUT', '/orders/7')
    await expect
      .poll(() => gateway.logs().at(-1))
      .toMatchObject({ status: 405, route: '/orders/**', issuer: 'main', clientId: 'shop-cli', decision: 'denied' })
    const text = gateway.logText()
    for (const token of Object.values(tokens)) expect(text).not.toContain(token.split('.')[2])
    expect(text).not.toContain('alice@shop.example')
  })
})
