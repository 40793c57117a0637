/** The API reference page in a browser, with what a hostile service or a page of another service does to it. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { describeWithBrowser, launchBrowser } from '../support/browser.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { referenceFile } from '../support/reference-file.ts'
import { openReference } from '../support/reference-page.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

vi.setConfig({ testTimeout: 120_000 })

const HOSTILE = `
<script>window.taken = 1</script><img src=x onerror="window.taken = 1"><svg onload="window.taken = 1"></svg>
<a href="javascript:window.taken = 1" id="trap">here</a> <iframe srcdoc="<script>parent.taken = 1</script>"></iframe>
<form action="https://evil.example/"><button>Log in</button></form> ![](https://evil.example/pixel.png)
<style>@import url(https://evil.example/x.css);</style>`

const DOCUMENT = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: {
    '/orders': {
      get: {
        tags: [`<img src=x onerror="window.taken = 1">`],
        summary: HOSTILE,
        description: HOSTILE,
        externalDocs: { url: 'javascript:window.taken = 1', description: HOSTILE },
        responses: { 200: { description: HOSTILE } },
      },
    },
  },
})

describeWithBrowser('the API reference page in a browser', () => {
  let browser: Browser
  let context: BrowserContext
  let upstream: TestUpstream
  let gateway: TestGateway

  beforeAll(async () => {
    browser = await launchBrowser()
    upstream = await startUpstream((_, outgoing) =>
      outgoing.setHeader('Content-Type', 'text/html').end('<p>a page</p>'),
    )
    gateway = await startGateway(
      referenceFile({
        upstreams: { up: { urls: [upstream.url], openapi: 'orders.json' } },
        routes: [
          { path: '/orders', to: 'up', allow: [{ methods: ['GET'], scopes: 'orders:read' }] },
          { path: '/pages/**', to: 'up', methods: ['GET'], public: 'for a test' },
        ],
        docs: { clientId: 'shop-docs' },
      }),
      {},
      { files: { 'orders.json': DOCUMENT } },
    )
  })
  afterAll(async () => {
    await browser?.close()
    await gateway?.close()
    await upstream?.close()
  })
  beforeEach(async () => {
    context = await browser.newContext()
    // Nobody answers for the issuer, and everybody else would be a leak.
    await context.route('https://**', (route) => route.abort())
  })
  afterEach(() => context.close())

  const hosts = (page: Page): Set<string> => {
    const seen = new Set<string>()
    page.context().on('request', (request) => seen.add(new URL(request.url()).host))
    return seen
  }

  it('runs nothing, frames nothing and asks nobody for what the document of a service holds', async () => {
    const page = await context.newPage()
    const asked = hosts(page)
    const reference = await openReference(context, `${gateway.url}/docs`)
    await reference.page.locator('.opblock-summary-control').first().click()
    const text = reference.page.locator('.opblock-description')
    await text.waitFor()
    await text.getByText('here').first().click({ noWaitAfter: true })
    expect(await reference.page.evaluate('window.taken')).toBeUndefined()
    expect(await reference.page.locator('iframe').count()).toBe(0)
    expect(asked).toEqual(new Set([new URL(gateway.url).host, 'id.example.com']))
  })

  it('lets no script in that stands in the page', async () => {
    const { page } = await openReference(context, `${gateway.url}/docs`)
    const violated = page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective))
      const script = document.createElement('script')
      script.textContent = 'window.taken = 1'
      document.body.append(script)
      // An inline script that may run has run by now.
      if (window.taken === 1) resolve('nothing')
    })`)
    expect(await violated).toBe('script-src-elem')
    expect(await page.evaluate('window.taken')).toBeUndefined()
  })

  it('is out of reach for a page of the same origin that opens it', async () => {
    const page = await context.newPage()
    await page.goto(`${gateway.url}/pages/one`)
    const opened = context.waitForEvent('page')
    await page.evaluate(`window.opened = window.open('/docs')`)
    await (await opened).locator('.opblock').first().waitFor()
    expect(await page.evaluate('window.opened.closed')).toBe(true)
  })

  it('is in no frame, also of the same origin', async () => {
    const page = await context.newPage()
    await page.goto(`${gateway.url}/pages/one`)
    const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'))
    await page.evaluate(`document.body.append(Object.assign(document.createElement('iframe'), { src: '/docs' }))`)
    await refused
    expect(await page.frames()[1]?.locator('.opblock').count()).toBe(0)
  })
})
