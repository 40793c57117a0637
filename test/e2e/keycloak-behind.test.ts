/** examples/keycloak-behind: one realm's login through the gateway, and guessing that ends there. */
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { describeWithBrowser, launchBrowser } from '../support/browser.ts'
import { cookieField } from '../support/cookies.ts'
import { startGateway } from '../support/gateway.ts'
import { sharedKeycloak } from '../support/keycloak.ts'
import { pkceLogin, SERVICE_SECRET } from '../support/oidc-client.ts'
import type { RawAnswer } from '../support/raw-http.ts'
import { eventually, openShop } from '../support/shop-page.ts'
import { AMBIGUOUS, HIDDEN, TAKEN } from './behind-cases.ts'
import { BehindStage, credentials, FILE, PASSWORD, TOKEN } from './behind-stage.ts'

vi.setConfig({ testTimeout: 120_000 })

const { guesses, logins, tokens } = FILE.rateLimits as Record<'guesses' | 'logins' | 'tokens', { limit: number }>

describe.skipIf(sharedKeycloak()?.logFile === undefined)('examples/keycloak-behind', () => {
  const stage = new BehindStage()
  beforeAll(async () => {
    // No window ever ends, however long a test takes.
    vi.spyOn(performance, 'now').mockReturnValue(performance.now())
    await stage.start()
  })
  afterAll(async () => {
    await stage.close()
    vi.restoreAllMocks()
  })

  const withToken = (path: string, token: string) => stage.get(path, `Authorization: Bearer ${token}`)
  function expectLimited(answer: RawAnswer, ...limits: readonly string[]): void {
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after')?.[0])).toBeGreaterThan(0)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'rate_limited', 'violated-policies': limits })
  }

  describe('a login', () => {
    it('gives tokens that are good for the gateway they came through, and can be renewed as often as one likes', async () => {
      const logged = await pkceLogin(stage.issuer, { scope: 'openid orders:read' })
      expect((await withToken('/orders/7', logged.access_token)).status).toBe(200)
      let { refresh_token: refresh = '', access_token: access } = logged
      for (let n = 0; n < guesses.limit + 5; n++) {
        const body = `grant_type=refresh_token&client_id=shop-spa&refresh_token=${refresh}`
        const renewed = await stage.post(TOKEN, { body })
        expect(renewed.status).toBe(200)
        const next: Record<string, string> = JSON.parse(renewed.body)
        refresh = next.refresh_token ?? ''
        access = next.access_token ?? ''
      }
      expect((await withToken('/orders/7', access)).status).toBe(200)
      expect((await withToken('/realms/shop/protocol/openid-connect/userinfo', access)).status).toBe(200)
    })

    it('goes on where somebody has to choose another password', async () => {
      const username = await stage.newUser()
      const id = await stage.realm.userId(username)
      await stage.realm.request('PUT', `/users/${id}`, { requiredActions: ['UPDATE_PASSWORD'] })
      const form = await stage.openForm()
      const { status, headers } = await stage.submit({ body: credentials(username, PASSWORD) }, { form })
      expect(status).toBe(302)
      const location = new URL(headers.get('location')?.[0] ?? '')
      expect(location.href).toMatch(`${stage.issuer}/login-actions/required-action`)
      const page = await stage.get(location.pathname + location.search, `Cookie: ${cookieField(form.cookies)}`)
      expect(page.status).toBe(200)
      expect(page.body).toContain('password-new')
    })

    it('lets a client send its secret in the Authorization field', async () => {
      const basic = Buffer.from(`shop-service:${SERVICE_SECRET}`).toString('base64')
      const fields = [`Authorization: Basic ${basic}`]
      expect((await stage.post(TOKEN, { body: 'grant_type=client_credentials', fields })).status).toBe(200)
    })

    it('shows the public address alone, whatever the client says of itself', async () => {
      const lies = ['Host', 'Port', 'Prefix', 'Server'].map((name) => `X-Forwarded-${name}: evil.example`)
      const answer = await stage.get(
        '/realms/shop/.well-known/openid-configuration',
        ...lies,
        'Forwarded: host=evil.example',
      )
      expect(answer.body).not.toContain('evil')
      const metadata: Record<string, unknown> = JSON.parse(answer.body)
      const addresses = Object.entries(metadata).filter(([name]) => /^issuer$|_endpoint$|_uri$/.test(name))
      expect(addresses.length).toBeGreaterThan(8)
      for (const [name, address] of addresses) expect(address, name).toMatch(new RegExp(`^${stage.issuer}(/|$)`))
    })

    it('is told to Keycloak with the address that the gateway believes, and with no other', async () => {
      const addressOf = async (name: string) => (await stage.eventsOf(name)).map(({ ipAddress }) => ipAddress)
      const username = await stage.newUser()
      const from = stage.newAddress()
      await stage.grant(username, 'wrong', { from: `10.66.66.66, ${from}`, fields: ['Forwarded: for=10.66.66.66'] })
      await eventually(() => addressOf(username)).toEqual([from])

      const other = await stage.newUser()
      const env = stage.env(stage.gateway.url)
      const believesNobody = await startGateway({ ...FILE, listen: { host: '127.0.0.1', port: 0 } }, env)
      await stage.grant(other, 'wrong', { from, to: believesNobody.url, fields: ['Forwarded: for=10.66.66.66'] })
      await believesNobody.close()
      await eventually(() => addressOf(other)).toEqual(['127.0.0.1'])
    })
  })

  describe('guessing passwords', () => {
    it('of one name ends before Keycloak sees it, from however many addresses, here and at the login form', async () => {
      const [victim, other] = [await stage.newUser(), await stage.newUser()]
      for (let n = 0; n < guesses.limit / 2; n++) {
        expect((await stage.grant(victim, 'wrong')).body).toContain('invalid_grant')
        expect((await stage.submit({ body: credentials(victim, 'wrong') })).status).toBe(200)
      }
      expectLimited(await stage.grant(victim, PASSWORD), 'guesses')
      expectLimited(await stage.submit({ body: credentials(victim, PASSWORD) }), 'guesses')
      expect((await stage.eventsOf(victim)).map(({ type }) => type)).toEqual(Array(guesses.limit).fill('LOGIN_ERROR'))
      expect((await stage.grant(other, PASSWORD)).status).toBe(200)
      expect((await stage.submit({ body: credentials(other, PASSWORD) })).status).toBe(302)
    })

    it('of many names from one address ends, too, and others still log in', async () => {
      const from = stage.newAddress()
      for (let n = 0; n < logins.limit; n++) {
        expect((await stage.submit({ from, body: credentials(`nobody${n}`, 'a') })).status).toBe(200)
      }
      const user = await stage.newUser()
      expectLimited(await stage.submit({ from, body: credentials(user, PASSWORD) }), 'logins')
      expect((await stage.submit({ body: credentials(user, PASSWORD) })).status).toBe(302)
    })

    it('of many names from one address ends at the token endpoint as well', async () => {
      const from = stage.newAddress()
      // Of a client that is none: Keycloak hashes no password for it.
      const body = (n: number) => `grant_type=password&client_id=none&${credentials(`nobody${n}`, 'a')}`
      const tries = Array.from({ length: tokens.limit }, (_, n) => stage.post(TOKEN, { from, body: body(n) }))
      expect(new Set((await Promise.all(tries)).map(({ status }) => status))).toEqual(new Set([401]))
      const user = await stage.newUser()
      expectLimited(await stage.grant(user, PASSWORD, { from }), 'tokens')
      expect((await stage.grant(user, PASSWORD)).status).toBe(200)
    })

    it('is counted in every spelling that Keycloak takes for the name, in chunks, and with a slash at the end', async () => {
      const user = await stage.newUser()
      const upper = user.toUpperCase()
      const around = [`+${user}`, `${user}%20%09`, `%00${user}`, `${user}%1f`, `%0a${upper}`]
      for (const name of around) {
        expect((await stage.submit({ body: credentials(name, PASSWORD) })).status, name).toBe(302)
      }
      const slash = ({ pathname, search }: URL) => `${pathname}/${search}`
      const inChunks = { body: credentials(upper, PASSWORD), chunks: 5 }
      expect((await stage.submit(inChunks, { target: slash })).status).toBe(302)
      for (const name of [upper, `%75${user.slice(1)}`]) expect((await stage.grant(name, PASSWORD)).status).toBe(200)
      for (const other of [{ chunks: 3 }, { target: `${TOKEN}/` }]) {
        expect((await stage.grant(user, PASSWORD, other)).status).toBe(200)
      }
      expect(around.length + 5).toBe(guesses.limit)
      expectLimited(await stage.grant(user, PASSWORD), 'guesses')
    })

    it.each(Object.entries(TAKEN))(
      'is no more possible with a name %s, which Keycloak itself takes',
      async (_, send) => {
        const user = await stage.newUser()
        expect((await stage.submitDirectly(send(user))).status).toBe(302)
        expect([400, 415]).toContain((await stage.submit(send(user))).status)
        expect(await stage.eventsOf(user)).toHaveLength(1)
      },
    )

    it('finds no other way in: gzip, JSON, a large body, a query, no name at all', async () => {
      const user = await stage.newUser()
      const body = credentials(user, PASSWORD)
      const gzip = { body: gzipSync(body), fields: ['Content-Encoding: gzip'] }
      expect((await stage.submit(gzip)).status).toBe(415)
      expect((await stage.submit({ body: JSON.stringify({ username: user }), type: 'application/json' })).status).toBe(
        415,
      )
      const large = `${body}&a=${'a'.repeat(65_536)}`
      for (const sent of [{ body: large }, { body: large, chunks: 30_000 }]) {
        expect((await stage.submit(sent)).status).toBe(413)
      }
      const inQuery = ({ pathname, search }: URL) => `${pathname}${search}&${body}`
      expect((await stage.submit({ body: '' }, { target: inQuery })).status).toBe(200)
      expect((await stage.submit({ body: `password=${PASSWORD}` }, { target: inQuery })).status).toBe(200)
      expect((await stage.post(`${TOKEN}?${body}`, { body: 'grant_type=password&client_id=shop-cli' })).status).toBe(
        401,
      )
      for (const page of ['required-action', 'authenticate']) {
        const sameForm = ({ search }: URL) => `/realms/shop/login-actions/${page}${search}`
        const { status } = await stage.submit({ body: page === 'authenticate' ? '' : body }, { target: sameForm })
        expect(status, page).toBe(200)
      }
    })
  })

  describe('what a login does not need', () => {
    let token: string
    beforeAll(async () => {
      token = JSON.parse((await stage.grant(await stage.newUser(), PASSWORD)).body).access_token
    })

    it.each(HIDDEN)('%s is nowhere, with a token and without', async (path) => {
      expect((await stage.get(path)).status).toBe(401)
      const { status, body } = await withToken(path, token)
      expect(status).toBe(404)
      expect(JSON.parse(body).code).toBe('not_found')
    })

    it.each(AMBIGUOUS)('%s is no path', async (path) => {
      expect((await stage.get(path)).status).toBe(400)
    })
  })

  describeWithBrowser('in a browser', () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await launchBrowser()
    })
    afterAll(() => browser?.close())

    it('a page logs in, calls and logs out, and never speaks to Keycloak itself; nothing that it asks for is missing', async () => {
      const context = await browser.newContext()
      const origins = new Set<string>()
      const failed: string[] = []
      context.on('request', (sent) => void origins.add(new URL(sent.url()).origin))
      context.on('response', (got) => void (got.status() >= 400 && failed.push(`${got.status()} ${got.url()}`)))
      stage.site.show({
        gateway: stage.gateway.url,
        issuer: stage.issuer,
        clientId: 'shop-spa',
        scope: 'openid orders:read',
      })
      const shop = await openShop(context, stage.site.origin)
      await shop.login(await stage.newUser(), PASSWORD)
      await shop.call('GET /orders/7')
      expect(await shop.summary()).toBe('200: Done.')
      await shop.page.getByRole('button', { name: 'Log out' }).click()
      await eventually(shop.session).toBe('Not logged in.')
      expect([...origins].sort()).toEqual([stage.site.origin, stage.gateway.url].sort())
      expect(failed).toEqual([])
      await context.close()
    })
  })
})
