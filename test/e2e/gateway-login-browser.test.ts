/** A real browser that logs in through the gateway: only it can say which cookies it keeps and sends. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { describeWithBrowser, launchBrowser } from '../support/browser.ts'
import { freePort } from '../support/free-port.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { createRealm, sharedKeycloak } from '../support/keycloak.ts'
import type { RealmAdmin } from '../support/keycloak-admin.ts'
import { addWebClient, loginSection } from '../support/login.ts'
import { PASSWORDS } from '../support/oidc-client.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import { fetchFrom, startWebOrigin, type WebOrigin } from '../support/web-page.ts'

const keycloak = sharedKeycloak()
const TIMEOUT_MS = 90_000

const FORM = '<form method="post" action="/auth/logout"><button id="logout">Log out</button></form>'

describeWithBrowser('a browser with a session', () => {
  describe.skipIf(keycloak === undefined)('at a real Keycloak', () => {
    let realm: RealmAdmin
    let upstream: TestUpstream
    let gateway: TestGateway
    let other: WebOrigin
    let browser: Browser
    let context: BrowserContext
    let page: Page
    let origin: string

    beforeAll(async () => {
      if (keycloak === undefined) return
      const port = await freePort()
      origin = `http://localhost:${port}`
      realm = await createRealm(keycloak, 'browser-login')
      await addWebClient(realm, origin)
      upstream = await startUpstream((_, outgoing) =>
        outgoing.setHeader('Content-Type', 'text/html').end(`<!doctype html><title>the app</title>${FORM}`),
      )
      const allow = [{ methods: 'any', token: 'any' }]
      gateway = await startGateway({
        listen: { host: '127.0.0.1', port },
        issuers: { main: { issuer: realm.issuer, audience: 'shop-api' } },
        upstreams: { app: upstream.url },
        login: loginSection(origin),
        routes: [
          { path: '/app/**', to: 'app', session: true, allow },
          { path: '/', to: 'app', public: 'for tests' },
        ],
      })
      other = await startWebOrigin()
      browser = await launchBrowser()
    })

    afterAll(async () => {
      await browser?.close()
      await other?.close()
      await gateway?.close()
      await upstream?.close()
      await realm?.delete()
    })

    beforeEach(async () => {
      context = await browser.newContext()
      page = await context.newPage()
      await logIn()
    }, TIMEOUT_MS)
    afterEach(() => context.close())

    async function logIn(): Promise<void> {
      await page.goto(`${origin}/app/orders?page=2`, { timeout: TIMEOUT_MS })
      await page.fill('#username', 'alice')
      await page.fill('#password', PASSWORDS.alice)
      await Promise.all([
        page.waitForURL(`${origin}/app/orders?page=2`, { timeout: TIMEOUT_MS }),
        page.click('#kc-login'),
      ])
    }

    it(
      'comes back to its page, calls with its session, and shows no cookie to scripts',
      async () => {
        expect(await page.title()).toBe('the app')
        expect(await page.evaluate('document.cookie')).not.toContain('scopegate')
        const cookies = (await context.cookies()).filter(({ name }) => name.startsWith('__Host-scopegate-'))
        expect(cookies.length).toBeGreaterThan(0)
        for (const cookie of cookies)
          expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/', expires: -1 })
        expect(await fetchFrom(page, `${origin}/app/1`)).toMatchObject({ status: 200 })
        expect(await fetchFrom(page, `${origin}/app/1`, { method: 'POST', body: 'x' })).toMatchObject({ status: 200 })
        const me = await fetchFrom(page, `${origin}/auth/me`)
        expect(me).toMatchObject({ status: 200, body: expect.stringContaining('"preferred_username":"alice"') })
      },
      TIMEOUT_MS,
    )

    it(
      'does not act for a page of another port, which is of the same site',
      async () => {
        await page.goto(other.byName)
        const options = { method: 'POST', body: 'x', mode: 'no-cors', credentials: 'include' } as const
        await fetchFrom(page, `${origin}/app/changed-by-another-page`, options)
        await fetchFrom(page, `${origin}/auth/logout`, options)
        await page.goto(`${origin}/app/still-there`)
        expect(page.url()).toBe(`${origin}/app/still-there`)
        for (const word of ['session_of_another_page', 'logout_of_another_page']) {
          await waitFor(word, () => gateway.logs().some(({ reason }) => reason === word))
        }
      },
      TIMEOUT_MS,
    )

    it(
      'logs out by a form, at Keycloak as well',
      async () => {
        await Promise.all([page.waitForURL(`${origin}/`, { timeout: TIMEOUT_MS }), page.click('#logout')])
        expect((await context.cookies()).filter(({ name }) => name.startsWith('__Host-scopegate-'))).toEqual([])
        await page.goto(`${origin}/app/orders`)
        expect(page.url()).toContain(realm.issuer)
        expect(await page.locator('#kc-login').count()).toBe(1)
      },
      TIMEOUT_MS,
    )
  })
})
