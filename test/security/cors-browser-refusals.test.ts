/** Refusals and failures of the gateway, as the script of a page sees them. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithBrowser, launchBrowser } from '../support/browser.ts'
import { freePort } from '../support/free-port.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { startRawUpstream, startUpstream } from '../support/upstream.ts'
import { fetchFrom, type PageAnswer, type PageRequest, startWebOrigin, type WebOrigin } from '../support/web-page.ts'

describeWithBrowser('refusals that a page of an allowed origin reads', () => {
  let browser: Browser
  let page: Page
  let shop: WebOrigin
  let issuer: TestIssuer
  let silent: TestIssuer
  let gateway: TestGateway
  const closers: { close(): Promise<void> }[] = []

  beforeAll(async () => {
    browser = await launchBrowser()
    shop = await startWebOrigin()
    issuer = await createTestIssuer()
    silent = await createTestIssuer()
    silent.behave('jwks', 'error')
    const upstream = await startUpstream()
    const slow = await startRawUpstream(() => {})
    const nonsense = await startRawUpstream((socket) => socket.on('data', () => socket.end('nonsense\r\n\r\n')))
    gateway = await startGateway({
      issuers: {
        main: { issuer: issuer.issuer, audience: 'shop-api' },
        silent: { issuer: silent.issuer, jwks: silent.jwksUrl, audience: 'shop-api' },
      },
      upstreams: {
        app: upstream.url,
        gone: `http://127.0.0.1:${await freePort()}`,
        slow: { urls: [slow.url], timeouts: { response: '50ms' } },
        nonsense: nonsense.url,
      },
      rateLimits: { one: { limit: 1, window: '1h', key: 'token.sub' } },
      cors: { spa: { origins: [shop.origin] } },
      defaults: { cors: 'spa', issuer: 'main' },
      limits: { body: '1KiB' },
      routes: [
        { path: '/orders', to: 'app', allow: [{ methods: ['GET', 'POST'], scopes: 'orders:read' }] },
        { path: '/admin', to: 'app', allow: [{ methods: ['GET'], scopes: 'admin' }] },
        { path: '/one', to: 'app', rateLimits: ['one'], allow: [{ methods: ['GET'], token: 'any' }] },
        { path: '/keys', to: 'app', issuer: 'silent', allow: [{ methods: ['GET'], token: 'any' }] },
        ...['gone', 'slow', 'nonsense'].map((to) => ({ path: `/${to}`, to, methods: ['GET'], public: 'for tests' })),
      ],
    })
    closers.push(gateway, upstream, slow, nonsense, issuer, silent, shop)
    page = await (await browser.newContext()).newPage()
    await page.goto(shop.origin)
  })
  afterAll(async () => {
    await browser?.close()
    for (const one of closers) await one.close()
  })

  async function ask(path: string, token?: string, options: PageRequest = {}): Promise<PageAnswer> {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
    const answer = await fetchFrom(page, gateway.url + path, { ...options, headers })
    if (answer === 'unreadable') throw new Error(`the page cannot read the answer of ${path}`)
    expect(answer.fields['x-request-id']).toMatch(/\S/)
    expect(JSON.parse(answer.body)).toMatchObject({ status: answer.status, requestId: answer.fields['x-request-id'] })
    return answer
  }
  const mint = (from = issuer) => from.mint({ scope: 'orders:read' })

  it('401, with the challenge', async () => {
    const answer = await ask('/orders')
    expect(answer.status).toBe(401)
    expect(answer.fields['www-authenticate']).toContain('resource_metadata="')
    expect((await ask('/orders', 'x.y.z')).fields['www-authenticate']).toContain('error="invalid_token"')
  })

  it('403, with the scope that is missing', async () => {
    const answer = await ask('/admin', await mint())
    expect(answer.status).toBe(403)
    expect(answer.fields['www-authenticate']).toContain('scope="admin"')
  })

  it('404, 405 and the 400 of an ambiguous path', async () => {
    expect((await ask('/nowhere', await mint())).status).toBe(404)
    expect((await ask('/orders', await mint(), { method: 'DELETE' })).status).toBe(405)
    expect((await ask('/orders//x')).status).toBe(400)
  })

  it('429, with the time to wait and the limits', async () => {
    const token = await mint()
    expect(
      await fetchFrom(page, `${gateway.url}/one`, { headers: { Authorization: `Bearer ${token}` } }),
    ).toMatchObject({
      status: 200,
      fields: { ratelimit: expect.stringContaining('"one";r=0'), 'ratelimit-policy': expect.stringContaining('"one"') },
    })
    const answer = await ask('/one', token)
    expect(answer.status).toBe(429)
    expect(Number(answer.fields['retry-after'])).toBeGreaterThan(0)
  })

  it('413, of a small body and of one that is still on its way', async () => {
    const token = await mint()
    for (const size of [2000, 200_000]) {
      expect((await ask('/orders', token, { method: 'POST', body: 'x'.repeat(size) })).status).toBe(413)
    }
  })

  it('414 and 431', async () => {
    expect((await ask(`/orders?${'x'.repeat(9000)}`)).status).toBe(414)
  })

  it('502, 503 and 504', async () => {
    expect((await ask('/gone')).status).toBe(502)
    expect((await ask('/nonsense')).status).toBe(502)
    expect((await ask('/slow')).status).toBe(504)
    const answer = await ask('/keys', await mint(silent))
    expect(answer.status).toBe(503)
    expect(Number(answer.fields['retry-after'])).toBeGreaterThan(0)
  })
})
