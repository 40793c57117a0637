import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { createRealm, sharedKeycloak } from '../support/keycloak.ts'
import type { RealmAdmin } from '../support/keycloak-admin.ts'
import { pkceLogin, refreshTokens, type Tokens } from '../support/oidc-client.ts'
import { type RawAnswer, request } from '../support/raw-http.ts'
import { shopFile } from '../support/shop-file.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

const keycloak = sharedKeycloak()
const ORIGIN = 'http://127.0.0.1:18083'
/** What Chromium adds to a request of a page to another origin. */
const BROWSER = ['Accept: */*', 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Site: same-site', 'Sec-Fetch-Dest: empty']

describe.skipIf(keycloak === undefined)(
  'a single-page app that logs in at Keycloak and calls through the gateway',
  () => {
    let realm: RealmAdmin
    let upstream: TestUpstream
    let gateway: TestGateway
    let tokens: Tokens

    beforeAll(async () => {
      if (keycloak === undefined) return
      realm = await createRealm(keycloak, 'spa')
      // An upstream with a CORS opinion of its own must not add a second one.
      upstream = await startUpstream((_, outgoing) =>
        outgoing.setHeader('Access-Control-Allow-Origin', '*').setHeader('Content-Type', 'text/plain').end('order 7'),
      )
      const file = shopFile(realm.issuer, upstream.url)
      gateway = await startGateway({
        ...file,
        cors: { spa: { origins: [ORIGIN], maxAge: '10m' } },
        defaults: { rateLimits: ['per-user'], cors: 'spa' },
      })
      tokens = await pkceLogin(realm.issuer, { scope: 'openid orders:read' })
    })

    afterAll(async () => {
      await gateway?.close()
      await upstream?.close()
      await realm?.delete()
    })

    const one = (answer: RawAnswer, name: string) => answer.headers.get(name)
    const preflight = (path: string, method: string, origin = ORIGIN) =>
      request(gateway.url, [
        `OPTIONS ${path} HTTP/1.1`,
        `Origin: ${origin}`,
        `Access-Control-Request-Method: ${method}`,
        'Access-Control-Request-Headers: authorization,content-type',
        ...BROWSER,
      ])
    const call = (path: string, { method = 'GET', token = tokens.access_token, origin = ORIGIN } = {}) =>
      request(gateway.url, [
        `${method} ${path} HTTP/1.1`,
        `Origin: ${origin}`,
        ...(token === '' ? [] : [`Authorization: Bearer ${token}`]),
        'Content-Length: 0',
        ...BROWSER,
      ])

    /** By the CORS check of the Fetch standard the page sees the answer, and these fields of it. */
    function expectReadable(answer: RawAnswer, ...fields: string[]): void {
      expect(one(answer, 'access-control-allow-origin')).toEqual([ORIGIN])
      expect(one(answer, 'vary')?.join()).toContain('Origin')
      const exposed = one(answer, 'access-control-expose-headers')?.join().toLowerCase().split(', ')
      for (const field of fields) {
        expect(answer.headers.has(field)).toBe(true)
        expect(exposed).toContain(field)
      }
    }

    it.each(['/orders/7', '/nowhere', '/any'])(
      'passes the preflight for %s without a token and without a trace upstream',
      async (path) => {
        const answer = await preflight(path, 'GET')
        expect(answer.status).toBe(204)
        expect(one(answer, 'access-control-allow-origin')).toEqual([ORIGIN])
        expect(one(answer, 'access-control-allow-methods')?.join()).toContain('GET')
        expect(one(answer, 'access-control-allow-headers')).toEqual(['authorization, content-type'])
        expect(one(answer, 'access-control-max-age')).toEqual(['600'])
        expect(answer.headers.has('www-authenticate')).toBe(false)
      },
    )

    it('reads the answer of the upstream, with what is left of the limit', async () => {
      const answer = await call('/orders/7')
      expect(answer.status).toBe(200)
      expect(answer.body).toBe('order 7')
      expectReadable(answer, 'ratelimit', 'ratelimit-policy', 'x-request-id')
    })

    it('can act on each refusal', async () => {
      const unauthenticated = await call('/orders/7', { token: '' })
      expect(unauthenticated.status).toBe(401)
      expectReadable(unauthenticated, 'www-authenticate')
      const idToken = await call('/orders/7', { token: tokens.id_token ?? '' })
      expect(idToken.status).toBe(401)
      expectReadable(idToken, 'www-authenticate')
      const forbidden = await call('/orders', { method: 'POST' })
      expect(forbidden.status).toBe(403)
      expectReadable(forbidden, 'www-authenticate')
      expect(one(forbidden, 'www-authenticate')?.[0]).toContain('scope="orders:write"')
      const unknown = await call('/nowhere')
      expect(unknown.status).toBe(404)
      expectReadable(unknown)
      const answers = [await call('/tight'), await call('/tight'), await call('/tight')]
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
      expectReadable(answers[2] as RawAnswer, 'retry-after', 'ratelimit', 'ratelimit-policy')
    })

    it('finds its authorization server from a challenge', async () => {
      const refused = await call('/orders/7', { token: '' })
      const url = /resource_metadata="([^"]+)"/.exec(one(refused, 'www-authenticate')?.[0] ?? '')?.[1] ?? ''
      const metadata = await fetch(url, { headers: { Origin: ORIGIN } })
      expect(metadata.headers.get('access-control-allow-origin')).toBe('*')
      const { authorization_servers: servers } = (await metadata.json()) as { authorization_servers: string[] }
      expect(servers).toEqual([realm.issuer])
    })

    it('goes on with a refreshed token, and gets the missing scope by a new login', async () => {
      const refreshed = await refreshTokens(realm.issuer, tokens.refresh_token ?? '', 'shop-spa')
      expect((await call('/orders/7', { token: refreshed.access_token })).status).toBe(200)
      const stepped = await pkceLogin(realm.issuer, { scope: 'openid orders:read orders:write' })
      expect((await call('/orders', { method: 'POST', token: stepped.access_token })).status).toBe(200)
    })

    it.each(['https://evil.example', 'http://127.0.0.1:18084', 'http://127.0.0.1:18083.evil.example', 'null'])(
      'is not readable for a page from %s',
      async (origin) => {
        for (const answer of [await preflight('/orders/7', 'GET', origin), await call('/orders/7', { origin })]) {
          expect(answer.headers.has('access-control-allow-origin')).toBe(false)
          expect(answer.headers.has('access-control-allow-credentials')).toBe(false)
        }
      },
    )
  },
)
