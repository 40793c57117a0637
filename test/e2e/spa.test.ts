/** The example page with a real Keycloak, through a real gateway, in a real browser. */
import { readFileSync } from 'node:fs'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { systemClock } from '../../src/authentication/clock.ts'
import { type DemoUpstream, startDemoUpstream } from '../../src/dev/demo-upstreams.ts'
import { type ExamplePage, startExamplePage } from '../../src/dev/example-page.ts'
import { describeWithBrowser, launchBrowser } from '../support/browser.ts'
import { freePort } from '../support/free-port.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { createRealm, sharedKeycloak } from '../support/keycloak.ts'
import type { RealmAdmin } from '../support/keycloak-admin.ts'
import { PASSWORDS } from '../support/oidc-client.ts'
import { allowPage, eventually, keptBy, openShop, type Traces, traceOf } from '../support/shop-page.ts'

vi.setConfig({ testTimeout: 120_000 })

const keycloak = sharedKeycloak()
const FILE = parse(readFileSync(new URL('../../scopegate.yaml', import.meta.url), 'utf8'))
const ON_LOOPBACK = { ...FILE, listen: { host: '127.0.0.1', port: 0 } }
const [PRODUCT, ORDER, BUY, REFUND] = ['GET /catalog/tea-pot', 'GET /orders/7', 'POST /orders', 'POST /refunds']

describe.skipIf(keycloak === undefined)('the example page', () => {
  describeWithBrowser('with Keycloak', () => {
    let browser: Browser
    let realm: RealmAdmin
    let site: ExamplePage
    let orders: DemoUpstream
    let catalog: DemoUpstream
    let gateway: TestGateway
    let context: BrowserContext
    let traces: Traces
    /** How far the gateway is ahead of everybody else. */
    let aheadMs = 0
    /** The same for its rate limits, which go by a clock that never goes back. */
    let windowsAheadMs = 0

    const settings = () => ({
      gateway: gateway.url,
      issuer: realm.issuer,
      clientId: 'shop-spa',
      scope: 'openid orders:read',
    })

    beforeAll(async () => {
      if (keycloak === undefined) return
      const monotonic = performance.now.bind(performance)
      vi.spyOn(performance, 'now').mockImplementation(() => monotonic() + windowsAheadMs)
      browser = await launchBrowser()
      realm = await createRealm(keycloak, 'page')
      site = await startExamplePage(0)
      await allowPage(realm, site.origin)
      orders = await startDemoUpstream('orders', '127.0.0.1', 0)
      catalog = await startDemoUpstream('catalog', '127.0.0.1', 0)
      const env = { ISSUER: realm.issuer, ORDERS_URL: orders.url, CATALOG_URL: catalog.url, SPA_ORIGIN: site.origin }
      const clock = { ...systemClock, now: () => Date.now() + aheadMs }
      gateway = await startGateway(ON_LOOPBACK, env, { clock })
    })
    afterAll(async () => {
      await browser?.close()
      for (const part of [gateway, site, orders, catalog]) await part?.close()
      await realm?.delete()
      vi.restoreAllMocks()
    })
    beforeEach(async () => {
      aheadMs = 0
      site.show(settings())
      context = await browser.newContext()
      traces = traceOf(context)
    })
    afterEach(() => context.close())

    const open = () => openShop(context, site.origin)
    async function openLoggedIn() {
      const shop = await open()
      await shop.login('alice', PASSWORDS.alice)
      return shop
    }

    it('logs in by the form of Keycloak, after a wrong password too, and says who that is', async () => {
      const shop = await open()
      expect(await shop.session()).toBe('Not logged in.')
      await shop.call(PRODUCT)
      expect(await shop.summary()).toBe('200: Done.')
      await shop.page.getByRole('button', { name: 'Log in', exact: true }).click()
      await shop.fillIn('alice', 'a wrong password')
      await shop.page.getByText('Invalid username or password').waitFor()
      await shop.fillIn('alice', PASSWORDS.alice)
      await eventually(shop.session).toMatch(/^Logged in as Alice Archer, with openid .*orders:read/)
      expect(shop.page.url()).toBe(`${site.origin}/`)
      await shop.call(ORDER)
      expect(await shop.summary()).toBe('200: Done.')
      expect(await shop.page.locator('#body').textContent()).toContain('"tea pot"')
      expect(await shop.page.locator('#details').textContent()).toMatch(/Left of per-user\d+.*Request id\w/)
    })

    it('shows which scope a 403 is about, gets it without another form, and repeats the call', async () => {
      const shop = await openLoggedIn()
      await shop.call(BUY)
      expect(await shop.summary()).toBe('403: The access token does not allow this request. It lacks orders:write.')
      expect(await shop.action.textContent()).toBe('Ask for orders:write and try again')
      await shop.action.click()
      await eventually(shop.summary).toBe('201: Done.')
      expect(await shop.session()).toContain('orders:write')
      expect(await shop.page.evaluate('document.activeElement.id')).toBe('answer-heading')
    })

    it('asks once only for a scope that Keycloak does not give', async () => {
      // Alice is no admin, so from now on Keycloak leaves the scope out without a word.
      const scopes = await realm.get<{ id: string; name: string }[]>('/client-scopes')
      const path = `/client-scopes/${scopes.find(({ name }) => name === 'orders:write')?.id}/scope-mappings/realm`
      const roles = [await realm.get('/roles/admin')]
      await realm.request('POST', path, roles)
      try {
        const shop = await openLoggedIn()
        await shop.call(BUY)
        await shop.action.click()
        await eventually(shop.summary).toBe('The login server gave no orders:write, so this call stays refused.')
        expect(await shop.action.isVisible()).toBe(false)
      } finally {
        await realm.request('DELETE', path, roles)
      }
    })

    it('repeats what Keycloak says when it refuses the login', async () => {
      site.show({ ...settings(), scope: 'openid no-such-scope' })
      const shop = await open()
      await shop.page.getByRole('button', { name: 'Log in', exact: true }).click()
      await eventually(shop.summary).toBe('The login server refused: Invalid scopes: openid no-such-scope.')
    })

    it('counts a 429 down by Retry-After, and then lets the call be tried again', async () => {
      await context.clock.install()
      const shop = await openLoggedIn()
      await shop.call(REFUND)
      await shop.action.click()
      await eventually(shop.summary).toBe('201: Done.')
      await shop.call(REFUND)
      await shop.call(REFUND)
      await shop.call(REFUND)
      expect(await shop.summary()).toBe('429: Too many requests.')
      expect(await shop.action.isDisabled()).toBe(true)
      expect(await shop.countdown.textContent()).toMatch(/^in (60|5\d) seconds$/)
      await context.clock.fastForward(30_000)
      await eventually(() => shop.countdown.textContent()).toMatch(/^in [123]\d seconds$/)
      expect(await shop.action.isDisabled()).toBe(true)
      await context.clock.fastForward(31_000)
      await eventually(shop.summary).toBe('You can try again now.')
      expect(await shop.countdown.textContent()).toBe('')
      windowsAheadMs += 61_000
      await shop.action.click()
      await eventually(shop.summary).toBe('201: Done.')
    })

    it('offers a login for a 401, and goes on with the call after it', async () => {
      const shop = await open()
      await shop.call(ORDER)
      expect(await shop.summary()).toBe('401: An access token is required.')
      await shop.action.click()
      await shop.fillIn('alice', PASSWORDS.alice)
      await eventually(shop.summary).toBe('200: Done.')
      await shop.page.getByLabel('without the token').check()
      await shop.call(ORDER)
      expect(await shop.summary()).toBe('401: An access token is required.')
    })

    it('renews a token once that the gateway refuses, then asks for a login', async () => {
      const shop = await openLoggedIn()
      aheadMs = 3_600_000
      await shop.call(ORDER)
      expect(await shop.summary()).toBe('401: The access token expired.')
      expect(await shop.action.textContent()).toBe('Log in and try again')
      expect(traces.grants.filter((grant) => grant === 'refresh_token')).toHaveLength(1)
    })

    it('renews a token before it ends, in each of two tabs, while refresh tokens are good for one use', async () => {
      await context.clock.install()
      const first = await openLoggedIn()
      const second = await open()
      expect(await second.session()).toContain('Logged in as Alice Archer')
      for (let round = 1; round <= 2; round++) {
        await context.clock.fastForward(280_000)
        for (const shop of [first, second]) {
          await shop.call(ORDER)
          expect(await shop.summary()).toBe('200: Done.')
        }
        expect(traces.grants.filter((grant) => grant === 'refresh_token')).toHaveLength(2 * round)
      }
    })

    it('logs out in every tab, and Keycloak asks for the password again', async () => {
      const first = await openLoggedIn()
      const second = await open()
      await first.page.getByRole('button', { name: 'Log out' }).click()
      for (const shop of [first, second]) await eventually(shop.session).toBe('Not logged in.')
      await second.call(ORDER)
      expect(await second.summary()).toBe('401: An access token is required.')
      await first.page.getByRole('button', { name: 'Log in', exact: true }).click()
      await first.page.locator('#password').waitFor()
    })

    it('leaves no token in an address, the console, a storage or a cookie, and sends it to the gateway alone', async () => {
      const shop = await openLoggedIn()
      await shop.call(BUY)
      await shop.action.click()
      await eventually(shop.summary).toBe('201: Done.')
      const kept = [await keptBy(shop)]
      await shop.page.getByRole('button', { name: 'Log out' }).click()
      await eventually(shop.session).toBe('Not logged in.')
      kept.push(await keptBy(shop))
      expect(traces.tokens.size).toBeGreaterThanOrEqual(6)
      for (const token of traces.tokens) {
        const secret = token.split('.').at(-1) ?? token
        for (const place of [...traces.urls, ...traces.console, ...kept]) expect(place).not.toContain(secret)
      }
      expect([...traces.authorized]).toEqual([gateway.url])
      expect(traces.console.join('\n')).not.toMatch(/Content Security Policy|TrustedScript/)
      expect(kept.join('\n')).not.toMatch(/kc-callback|code_verifier/i)
    })

    it('says so when this computer is offline, the gateway is gone or does not know the page', async () => {
      const shop = await openLoggedIn()
      await context.setOffline(true)
      await shop.call(ORDER)
      expect(await shop.summary()).toBe('No answer: This computer is offline.')
      await context.setOffline(false)
      await shop.action.click()
      await eventually(shop.summary).toBe('200: Done.')
      for (const gone of [`http://127.0.0.1:${await freePort()}`, orders.url]) {
        site.show({ ...settings(), gateway: gone })
        const other = await open()
        await other.call(ORDER)
        expect(await other.summary()).toBe(
          `No answer: ${gone} cannot be reached, or does not let this page read its answers.`,
        )
        expect(await other.violations()).toEqual([])
      }
    })

    it('says so when the login server is gone, and calls what needs no token', async () => {
      const gone = `http://127.0.0.1:${await freePort()}/realms/shop`
      site.show({ ...settings(), issuer: gone })
      const shop = await open()
      await eventually(shop.summary).toBe(`The login server ${gone} cannot be reached.`)
      expect(await shop.violations()).toEqual([])
      await shop.call(PRODUCT)
      expect(await shop.summary()).toBe('200: Done.')
    })

    it('breaks no rule of axe in any state, light or dark', async () => {
      const shop = await open()
      const broken: Record<string, string[]> = { 'logged out': await shop.violations() }
      await shop.call(ORDER)
      broken['401'] = await shop.violations()
      await shop.login('alice', PASSWORDS.alice)
      broken['logged in'] = await shop.violations()
      await shop.call(ORDER)
      broken['200'] = await shop.violations()
      await shop.call(REFUND)
      broken['403'] = await shop.violations()
      await shop.action.click()
      await eventually(shop.summary).toMatch(/^(201|429)/)
      for (let calls = 0; !(await shop.summary()).startsWith('429'); calls++) {
        expect(calls).toBeLessThan(4)
        await shop.call(REFUND)
      }
      broken['429'] = await shop.violations()
      expect(Object.values(broken).flat(), JSON.stringify(broken, undefined, 1)).toEqual([])
    })

    it('is worked by the keyboard alone', async () => {
      const shop = await openLoggedIn()
      await shop.page.getByRole('button', { name: ORDER }).focus()
      await shop.page.keyboard.press('Tab')
      expect(await shop.page.evaluate('document.activeElement.textContent')).toBe(BUY)
      await shop.page.keyboard.press('Enter')
      await eventually(shop.summary).toMatch(/^403/)
      await shop.action.focus()
      await shop.page.keyboard.press('Space')
      await eventually(shop.summary).toBe('201: Done.')
      await shop.page.keyboard.press('Tab')
      const next = await shop.page.evaluate<string>('document.activeElement.id || document.activeElement.tagName')
      expect(['login', 'logout', 'BODY']).toContain(next)
    })
  })
})
