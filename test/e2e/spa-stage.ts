/** The example page with a real Keycloak, through a real gateway, in a real browser: what its tests need, before each of them. */
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, vi } from 'vitest'
import { parse } from 'yaml'
import { systemClock } from '../../src/authentication/clock.ts'
import { type DemoUpstream, startDemoUpstream } from '../../src/dev/demo-upstreams.ts'
import { type ExamplePage, startExamplePage } from '../../src/dev/example-page.ts'
import { describeWithBrowser, launchBrowser } from '../support/browser.ts'
import { readProjectFile } from '../support/documents.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { createRealm, sharedKeycloak } from '../support/keycloak.ts'
import type { RealmAdmin } from '../support/keycloak-admin.ts'
import { PASSWORDS } from '../support/oidc-client.ts'
import { allowPage, openShop, type Traces, traceOf } from '../support/shop-page.ts'

const keycloak = sharedKeycloak()
const FILE = parse(readProjectFile('scopegate.yaml'))

/** Parts of one file of tests; the context, which is a person with cookies, is another one for each test. */
class Stage {
  browser!: Browser
  realm!: RealmAdmin
  site!: ExamplePage
  orders!: DemoUpstream
  catalog!: DemoUpstream
  gateway!: TestGateway
  context!: BrowserContext
  traces!: Traces
  /** How far the gateway is ahead of everybody else. */
  aheadMs = 0
  /** The same for its rate limits, which go by a clock that never goes back. */
  windowsAheadMs = 0

  settings() {
    return { gateway: this.gateway.url, issuer: this.realm.issuer, clientId: 'shop-spa', scope: 'openid orders:read' }
  }

  open() {
    return openShop(this.context, this.site.origin)
  }

  async openLoggedIn() {
    const shop = await this.open()
    await shop.login('alice', PASSWORDS.alice)
    return shop
  }

  async start(): Promise<void> {
    if (keycloak === undefined) return
    const monotonic = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => monotonic() + this.windowsAheadMs)
    this.browser = await launchBrowser()
    this.realm = await createRealm(keycloak, 'page')
    this.site = await startExamplePage(0)
    await allowPage(this.realm, this.site.origin)
    this.orders = await startDemoUpstream('orders', '127.0.0.1', 0)
    this.catalog = await startDemoUpstream('catalog', '127.0.0.1', 0)
    const env = {
      ISSUER: this.realm.issuer,
      ORDERS_URL: this.orders.url,
      CATALOG_URL: this.catalog.url,
      SPA_ORIGIN: this.site.origin,
    }
    const clock = { ...systemClock, now: () => Date.now() + this.aheadMs }
    this.gateway = await startGateway({ ...FILE, listen: { host: '127.0.0.1', port: 0 } }, env, { clock })
  }

  async close(): Promise<void> {
    await this.browser?.close()
    for (const part of [this.gateway, this.site, this.orders, this.catalog]) await part?.close()
    await this.realm?.delete()
    vi.restoreAllMocks()
  }
}

/** `describe` with a stage; skipped, or failed when CI=true, where a part is missing. */
export function describeWithSpa(name: string, body: (stage: Stage) => void): void {
  vi.setConfig({ testTimeout: 120_000 })
  describe.skipIf(keycloak === undefined)('the example page', () => {
    describeWithBrowser(name, () => {
      const stage = new Stage()
      beforeAll(() => stage.start())
      afterAll(() => stage.close())
      beforeEach(async () => {
        stage.aheadMs = 0
        stage.site.show(stage.settings())
        stage.context = await stage.browser.newContext()
        stage.traces = traceOf(stage.context)
      })
      afterEach(() => stage.context.close())
      body(stage)
    })
  })
}
