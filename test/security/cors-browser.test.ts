/** CORS as a browser enforces it: what pages of several origins can read, send and find out. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeWithBrowser, launchBrowser } from '../support/browser.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { fetchFrom, type PageAnswer, startWebOrigin, type WebOrigin } from '../support/web-page.ts'

const ANY = { allow: [{ methods: 'any', token: 'any' }] }

describeWithBrowser('CORS in a browser', () => {
  let browser: Browser
  let context: BrowserContext
  let shop: WebOrigin
  let second: WebOrigin
  let foreign: WebOrigin
  let issuer: TestIssuer
  let upstream: TestUpstream
  let gateway: TestGateway
  let token: string

  beforeAll(async () => {
    browser = await launchBrowser()
    ;[shop, second, foreign] = [await startWebOrigin(), await startWebOrigin(), await startWebOrigin()]
    issuer = await createTestIssuer()
    upstream = await startUpstream()
    gateway = await startGateway({
      issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
      upstreams: { app: upstream.url },
      cors: {
        spa: { origins: [shop.origin, shop.byName, second.origin], maxAge: '10m' },
        brief: { origins: [shop.origin], maxAge: '0s' },
        cookies: { origins: [shop.origin], credentials: true },
        everyone: { origins: ['*'] },
      },
      defaults: { cors: 'spa' },
      routes: [
        { path: '/orders/**', to: 'app', ...ANY },
        { path: '/brief', to: 'app', cors: 'brief', ...ANY },
        { path: '/cookies', to: 'app', cors: 'cookies', public: 'for tests' },
        { path: '/everyone', to: 'app', cors: 'everyone', public: 'for tests' },
        { path: '/none', to: 'app', cors: false, public: 'for tests' },
      ],
    })
    token = await issuer.mint()
  })
  afterAll(async () => {
    await browser?.close()
    await Promise.all([gateway, upstream, issuer, shop, second, foreign].map((one) => one?.close()))
  })
  beforeEach(async () => {
    context = await browser.newContext()
  })
  afterEach(() => context.close())

  async function openPage(address: string): Promise<Page> {
    const page = await context.newPage()
    await page.goto(address)
    return page
  }
  const bearer = () => ({ headers: { Authorization: `Bearer ${token}` } })
  const arrived = (path: string) => upstream.received.filter(({ url }) => url === path)
  /** What the gateway said about each request for a path, in the order of their ends. */
  const reasons = (path: string) =>
    gateway
      .logs()
      .filter((line) => line.path === path)
      .map(({ reason }) => reason)

  it('lets pages of each allowed origin call with a token, by address and by name', async () => {
    for (const origin of [shop.origin, shop.byName]) {
      const answer = (await fetchFrom(await openPage(origin), `${gateway.url}/orders/1`, bearer())) as PageAnswer
      expect([answer.status, answer.type]).toEqual([200, 'cors'])
      expect(JSON.parse(answer.body).url).toBe('/orders/1')
      expect(answer.fields['x-request-id']).toMatch(/\S/)
    }
  })

  it('stops a foreign page that has a token at the preflight: the upstream sees nothing', async () => {
    for (const origin of [foreign.origin, foreign.byName]) {
      const page = await openPage(origin)
      expect(await fetchFrom(page, `${gateway.url}/orders/stolen`, bearer())).toBe('unreadable')
    }
    await expect.poll(() => reasons('/orders/stolen'), { timeout: 10_000 }).toEqual(['preflight', 'preflight'])
    expect(arrived('/orders/stolen')).toEqual([])
  })

  it('asks for a token in simple requests too, which no browser asks about first', async () => {
    const page = await openPage(foreign.origin)
    const form = { method: 'POST', body: 'a=b', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }
    const simple = [{}, form, { ...form, headers: { 'Content-Type': 'text/plain' } }, { method: 'HEAD' }]
    for (const options of simple) {
      expect(await fetchFrom(page, `${gateway.url}/orders/simple`, options)).toBe('unreadable')
      const opaque = await fetchFrom(page, `${gateway.url}/orders/simple`, { ...options, mode: 'no-cors' })
      expect(opaque).toMatchObject({ status: 0, type: 'opaque', body: '' })
    }
    await expect
      .poll(() => reasons('/orders/simple'), { timeout: 10_000 })
      .toEqual(Array(2 * simple.length).fill('token_missing'))
    expect(arrived('/orders/simple')).toEqual([])
  })

  it('gives a foreign page no data where it needs no token, unless the file says everyone', async () => {
    const page = await openPage(foreign.origin)
    expect(await fetchFrom(page, `${gateway.url}/cookies`)).toBe('unreadable')
    expect(await fetchFrom(page, `${gateway.url}/none`)).toBe('unreadable')
    expect(await fetchFrom(page, `${gateway.url}/everyone`)).toMatchObject({ status: 200, type: 'cors' })
  })

  /** How often it was asked for this path, once so many requests themselves stand in the log. */
  async function preflights(path: string, requests: number): Promise<number> {
    const others = () => reasons(path).filter((reason) => reason !== 'preflight').length
    await expect.poll(others, { timeout: 10_000 }).toBe(requests)
    return reasons(path).length - requests
  }

  it('asks before a request once for each path and field, as long as the file says', async () => {
    const page = await openPage(shop.origin)
    for (let n = 0; n < 4; n++) await fetchFrom(page, `${gateway.url}/orders/asked`, bearer())
    expect(await preflights('/orders/asked', 4)).toBe(1)
    await fetchFrom(page, `${gateway.url}/orders/asked`, { ...bearer(), method: 'PUT' })
    const other = { headers: { ...bearer().headers, 'X-Other': 'a' } }
    await fetchFrom(page, `${gateway.url}/orders/asked`, other)
    expect(await preflights('/orders/asked', 6)).toBe(2)
    for (let n = 0; n < 3; n++) await fetchFrom(page, `${gateway.url}/brief`, bearer())
    expect(await preflights('/brief', 3)).toBe(3)
  })

  it('keeps cookies for pages that the file names for it', async () => {
    const page = await openPage(shop.origin)
    await context.addCookies([{ name: 'a', value: 'b', url: gateway.url }])
    const read = await fetchFrom(page, `${gateway.url}/cookies`, { credentials: 'include' })
    expect(read).toMatchObject({ status: 200 })
    expect(upstream.lastField('cookie')).toEqual(['a=b'])
    for (const path of ['/orders/1', '/everyone']) {
      expect(await fetchFrom(page, gateway.url + path, { credentials: 'include' })).toBe('unreadable')
    }
    const elsewhere = await openPage(foreign.origin)
    expect(await fetchFrom(elsewhere, `${gateway.url}/cookies`, { credentials: 'include' })).toBe('unreadable')
  })

  it('gives nothing to pages without an origin: a frame in a sandbox and a data: URL', async () => {
    const page = await openPage(shop.origin)
    await page.setContent(
      '<iframe sandbox="allow-scripts" srcdoc="a frame"></iframe><iframe src="data:text/html,x"></iframe>',
    )
    const frames = page.frames().slice(1)
    expect(frames).toHaveLength(2)
    for (const frame of frames) {
      for (const path of ['/orders/1', '/everyone', '/cookies']) {
        expect(await fetchFrom(frame, gateway.url + path, path === '/orders/1' ? bearer() : {})).toBe('unreadable')
      }
    }
  })

  it('shares no answer between origins in the cache of the browser, for both may read theirs', async () => {
    const { length } = arrived('/orders/cached')
    for (const origin of [shop.origin, second.origin, shop.origin]) {
      const page = await openPage(origin)
      const answer = await fetchFrom(page, `${gateway.url}/orders/cached`, { ...bearer(), cache: 'force-cache' })
      expect(answer, origin).toMatchObject({ status: 200 })
    }
    expect(arrived('/orders/cached').length).toBeGreaterThanOrEqual(length + 2)
  })

  it('is asked nothing about the private network by a page of the internet: Chromium asks the person', async () => {
    const { host } = new URL(shop.origin)
    const remote = await launchBrowser([`--ip-address-space-overrides=${host}=public`])
    try {
      for (const permissions of [[], ['local-network-access']]) {
        const page = await (await remote.newContext({ permissions })).newPage()
        await page.goto(shop.origin)
        const answer = await fetchFrom(page, `${gateway.url}/orders/near`, bearer())
        if (permissions.length === 0) expect(answer).toBe('unreadable')
        else expect(answer).toMatchObject({ status: 200 })
      }
      expect(await preflights('/orders/near', 1)).toBe(1)
    } finally {
      await remote.close()
    }
  })
})
