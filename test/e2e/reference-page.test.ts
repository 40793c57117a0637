/** The API reference page with a real Keycloak, in a real browser. */
import { readFileSync } from 'node:fs'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { type DemoUpstream, startDemoUpstream } from '../../src/dev/demo-upstreams.ts'
import { moved } from '../../src/dev/move-client.ts'
import type { RealmClient } from '../../src/dev/realm.ts'
import { describeWithBrowser, launchBrowser } from '../support/browser.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { createRealm, sharedKeycloak } from '../support/keycloak.ts'
import type { RealmAdmin } from '../support/keycloak-admin.ts'
import { PASSWORDS } from '../support/oidc-client.ts'
import { openReference } from '../support/reference-page.ts'
import { keptBy, type Traces, traceOf } from '../support/shop-page.ts'

const keycloak = sharedKeycloak()
const FILE = parse(readFileSync(new URL('../../scopegate.yaml', import.meta.url), 'utf8'))
vi.setConfig({ testTimeout: 120_000 })

describe.skipIf(keycloak === undefined)('the API reference page', () => {
  describeWithBrowser('with Keycloak', () => {
    let browser: Browser
    let realm: RealmAdmin
    let orders: DemoUpstream
    let gateway: TestGateway
    let context: BrowserContext
    let traces: Traces

    beforeAll(async () => {
      if (keycloak === undefined) return
      browser = await launchBrowser()
      realm = await createRealm(keycloak, 'docs')
      orders = await startDemoUpstream('orders', '127.0.0.1', 0)
      const env = { ISSUER: realm.issuer, ORDERS_URL: orders.url, CATALOG_URL: orders.url }
      gateway = await startGateway({ ...FILE, listen: { host: '127.0.0.1', port: 0 } }, env)
      await change(await client(), gateway.url)
    })

    afterAll(async () => {
      await browser?.close()
      await gateway?.close()
      await orders?.close()
      await realm?.delete()
    })

    beforeEach(async () => {
      context = await browser.newContext()
      traces = traceOf(context)
    })
    afterEach(() => context.close())

    async function client(): Promise<RealmClient & { id: string }> {
      const [found] = await realm.get<(RealmClient & { id: string })[]>('/clients?clientId=shop-docs')
      if (found === undefined) throw new Error('the realm has no shop-docs')
      return found
    }

    const change = (it: RealmClient & { id: string }, origin: string) =>
      realm.request('PUT', `/clients/${it.id}`, moved(it, origin))

    it('takes a person through the login to a 200, and shows what a missing scope is refused with', async () => {
      const reference = await openReference(context, `${gateway.url}/docs`)
      expect(await reference.notice()).toBe('')
      expect((await reference.call('GET', '/orders')).status).toBe('401')
      await reference.login('alice', PASSWORDS.alice, ['orders:read'])
      const allowed = await reference.call('GET', '/orders')
      expect(allowed.status).toBe('200')
      expect(allowed.body).toMatch(/"x-client-id": "shop-docs"/)
      const refused = await reference.call('POST', '/orders')
      expect(refused.status).toBe('403')
      expect(refused.body).toContain('"scope": "orders:write"')
    })

    it('logs in with an authorization code, PKCE and no secret, and with another state each time', async () => {
      const forms: string[] = []
      context.on('request', (request) => {
        if (request.url().endsWith('/token')) forms.push(request.postData() ?? '')
      })
      const states: (string | null)[] = []
      for (let round = 1; round <= 2; round++) {
        const reference = await openReference(context, `${gateway.url}/docs`)
        const window = await reference.beginLogin(['orders:read'])
        await window.waitForURL(/\/auth\?|oauth2-redirect/)
        await window.close()
        await reference.page.close()
      }
      for (const url of traces.urls.filter((it) => it.includes('/protocol/openid-connect/auth?'))) {
        const query = new URL(url).searchParams
        expect(query.get('response_type')).toBe('code')
        expect(query.get('code_challenge_method')).toBe('S256')
        expect(query.get('code_challenge')).toMatch(/^[\w-]{43}$/)
        expect(query.get('redirect_uri')).toBe(`${gateway.url}/docs/oauth2-redirect.html`)
        expect(query.get('scope')).toBe('orders:read')
        states.push(query.get('state'))
      }
      expect(new Set(states).size).toBe(2)
      for (const state of states) expect(state).toMatch(/^[\w+/]{32}$/)
      const reference = await openReference(context, `${gateway.url}/docs`)
      await reference.login('alice', PASSWORDS.alice, ['orders:read'])
      expect(forms).toHaveLength(1)
      const form = new URLSearchParams(forms[0])
      expect([...form.keys()].toSorted()).toEqual(['client_id', 'code', 'code_verifier', 'grant_type', 'redirect_uri'])
      expect(form.get('code_verifier')).toMatch(/^[\w-]{43}$/)
    })

    it('asks nobody but the gateway and the issuer, and keeps the token to its memory', async () => {
      const reference = await openReference(context, `${gateway.url}/docs`)
      await reference.login('alice', PASSWORDS.alice, ['orders:read', 'orders:write'])
      expect((await reference.call('POST', '/orders')).status).toBe('201')
      const kept = await keptBy(reference)
      expect(traces.tokens.size).toBeGreaterThan(0)
      for (const token of traces.tokens) {
        const secret = token.split('.').at(-1) ?? token
        for (const place of [...traces.urls, ...traces.console, kept]) expect(place).not.toContain(secret)
      }
      expect(new Set(traces.urls.map((url) => new URL(url).origin))).toEqual(
        new Set([gateway.url, new URL(realm.issuer).origin]),
      )
      expect([...traces.authorized]).toEqual([gateway.url])
      expect(traces.console.join('\n')).not.toMatch(/Content.Security.Policy|Refused to/i)
      // Gone with the page.
      await reference.page.reload()
      await reference.page.locator('.opblock').first().waitFor()
      expect((await reference.call('GET', '/orders')).status).toBe('401')
    })

    it('repeats what Keycloak says when it refuses the login', async () => {
      const reference = await openReference(context, `${gateway.url}/docs`)
      await context.route('**/protocol/openid-connect/auth?**', (route) =>
        route.continue({ url: route.request().url().replace('scope=orders%3Aread', 'scope=no-such-scope') }),
      )
      const window = await reference.beginLogin(['orders:read'])
      await window.waitForEvent('close')
      expect(await reference.loginError()).toContain('The login server refused: Invalid scopes: no-such-scope')
    })
  })
})
