/** The console in a real browser. */
import type { Browser, Page, Request } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { violationsOf } from '../../support/axe.ts'
import { describeWithBrowser, launchBrowser } from '../../support/browser.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { request } from '../../support/raw-http.ts'
import { shopFile } from '../../support/shop-file.ts'
import { createTestIssuer, type TestIssuer } from '../../support/test-issuer.ts'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'

/** For what the page shows with its next look. */
const SOON = { timeout: 10_000 }

describeWithBrowser('the console in a browser', () => {
  let browser: Browser
  let issuer: TestIssuer
  let upstream: TestUpstream
  let gateway: TestGateway
  let page: Page
  /** Requests of the page, and what it complained of. */
  let sent: Request[]
  let complaints: string[]

  beforeAll(async () => {
    browser = await launchBrowser()
    issuer = await createTestIssuer()
    upstream = await startUpstream()
  })
  afterAll(async () => {
    await browser.close()
    await upstream.close()
    await issuer.close()
  })
  beforeEach(async () => {
    gateway = await startGateway(shopFile(issuer.issuer, upstream.url))
    page = await open()
  })
  afterEach(async () => {
    await page.close()
    await gateway.close()
    expect(complaints).toEqual([])
  })

  async function open(colorScheme: 'light' | 'dark' = 'light', prepare?: (opened: Page) => unknown): Promise<Page> {
    sent = []
    complaints = []
    const opened = await browser.newPage({ colorScheme })
    await prepare?.(opened)
    opened.on('request', (one) => sent.push(one))
    opened.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    opened.on('pageerror', ({ message }) => complaints.push(message))
    await opened.goto(`${gateway.adminUrl}/console`)
    await opened.getByText('Ready', { exact: true }).waitFor()
    return opened
  }

  const rows = () => page.locator('#routes-table tbody tr')
  const get = (path: string, ...fields: string[]) => request(gateway.url, [`GET ${path} HTTP/1.1`, ...fields])

  it('shows the route table, and searches it by path, scope, role, limit and upstream', async () => {
    expect(await rows().count()).toBe(7)
    for (const [words, count] of [
      ['catalog', 1],
      ['orders:write', 1],
      ['shop-api:manager', 2],
      ['tight', 1],
      ['orders admin', 1],
      ['nothing at all', 1],
    ] as const) {
      await page.fill('#search', words)
      await expect.poll(() => rows().count(), SOON).toBe(count)
    }
    expect(await rows().textContent()).toBe('No route fits this search.')
  })

  it('counts what the gateway decides', async () => {
    await get('/catalog/tea')
    await get('/orders/1')
    await page.locator('#reasons').getByText('401 token missing').waitFor()
    const row = rows().filter({ hasText: '/catalog/**' })
    await row.getByText('1 allowed').waitFor()
    await expect.poll(() => page.locator('#chart path.denied').getAttribute('d'), SOON).toMatch(/^M/)
  })

  it('explains a request for claims, and says what else they open', async () => {
    const before = upstream.received.length
    await page.getByLabel('claims', { exact: true }).check()
    await page.fill('#try-text', '{ "sub": "alice", "scope": "orders:read" }')
    await page.fill('#try-path', '/orders/7')
    await page.selectOption('#try-method', 'POST')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByRole('heading', { name: '403 refused' }).waitFor()
    expect(await page.locator('#try-result').textContent()).toContain('scope orders:write')
    const opens = page.locator('#try-opens tbody tr').filter({ hasText: '/orders/**' })
    expect(await opens.locator('.holds b').allTextContents()).toEqual(['✓ GET', '✓ HEAD'])
    expect(await page.locator('#announce').textContent()).toMatch(/^403: /)

    await page.selectOption('#try-method', 'GET')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByRole('heading', { name: '✓ let through to shop' }).waitFor()
    expect(upstream.received.length).toBe(before)
  })

  it('explains a request for a token, and sends neither the token nor its signature', async () => {
    const token = await issuer.mint({ scope: 'orders:read' })
    await page.getByLabel('an access token').check()
    await page.fill('#try-text', `Bearer ${token}`)
    await page.fill('#try-path', '/orders/7')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByRole('heading', { name: '✓ let through to shop' }).waitFor()
    expect(await page.locator('#try-result').textContent()).toContain('not checked')
    const trial = sent.filter((one) => one.method() === 'POST')
    expect(trial.map((one) => new URL(one.url()).pathname)).toEqual(['/console/try'])
    expect(trial[0]?.postDataJSON().token.claims.scope).toBe('orders:read')
    const signature = token.slice(token.lastIndexOf('.') + 1)
    const record = sent.map((one) => [one.url(), one.postData(), JSON.stringify(one.headers())].join()).join()
    expect(record).not.toContain(signature)
    expect(record).not.toContain(token.split('.')[1])
    expect(await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])')).toBe(
      JSON.stringify([{}, {}, '', `${gateway.adminUrl}/console`]),
    )
    expect(gateway.logText()).not.toContain('/console')

    await page.getByLabel('claims', { exact: true }).check()
    expect(await page.inputValue('#try-text')).toBe('')
  })

  it('says what is wrong with what was pasted', async () => {
    await page.getByLabel('an access token').check()
    await page.fill('#try-text', 'eyJ.not-a-token')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByRole('alert').getByText('no access token').waitFor()
    expect(sent.some((one) => one.method() === 'POST')).toBe(false)
  })

  it('shows why a file was refused, with its line, and the new one when it is mended', async () => {
    await gateway.rewrite('version: 1\nupstreems: {}\n')
    await page.getByRole('heading', { name: 'The last file was refused' }).waitFor()
    expect(await page.locator('#refusal').textContent()).toContain('line 2, column 1')
    expect(await page.locator('#refusal pre').allTextContents()).toContainEqual(expect.stringContaining('upstreems'))
    expect(await page.locator('#announce').textContent()).toMatch(/refused/)
    expect(await rows().count()).toBe(7)

    const routes = [{ path: '/new', to: 'shop', methods: ['GET'], public: 'for a test' }]
    await gateway.rewrite(shopFile(issuer.issuer, upstream.url, {}, { routes }))
    await expect.poll(() => rows().count(), SOON).toBe(1)
    expect(await page.locator('#refusal').isVisible()).toBe(false)
    expect(await page.locator('#announce').textContent()).toMatch(/new configuration/)
  })

  it('shows keys, the store and upstreams as they are', async () => {
    expect(await page.locator('#keys .keys code').allTextContents()).toEqual(issuer.keys.map(({ kid }) => kid))
    expect(await page.locator('#limiter').textContent()).toContain('in memory')
    expect(await page.locator('#upstreams').textContent()).toContain(upstream.url)
    expect(await page.locator('#config').textContent()).toContain(gateway.configFile)
  })

  it('can be used with the keyboard alone', async () => {
    await page.keyboard.press('Tab')
    await expect.poll(() => page.evaluate('document.activeElement.textContent'), SOON).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    await page.keyboard.press('/')
    await page.keyboard.type('catalog')
    await expect.poll(() => rows().count(), SOON).toBe(1)
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Try a request to /catalog/**')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.value')).toBe('/catalog/1')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: '✓ let through' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('p')
    expect(await page.locator('#pause').getAttribute('aria-pressed')).toBe('true')
    await page.keyboard.press('4')
    expect(await page.evaluate('document.activeElement.id')).toBe('state')
  })

  it('asks for nothing while it is paused', async () => {
    await page.close()
    page = await open('light', (opened) => opened.clock.install())
    await page.keyboard.press('p')
    const before = sent.length
    await page.clock.runFor(10_000)
    expect(sent.length).toBe(before)
    await page.keyboard.press('p')
    await page.clock.runFor(2_000)
    await expect.poll(() => sent.length, SOON).toBeGreaterThan(before)
  })

  it('works behind the password of the file', async () => {
    await page.close()
    await gateway.close()
    const password = 'correct horse battery staple'
    gateway = await startGateway(shopFile(issuer.issuer, upstream.url, {}, { admin: { port: 0, password } }))
    const context = await browser.newContext({ httpCredentials: { username: 'ops', password } })
    const opened = await context.newPage()
    await opened.goto(`${gateway.adminUrl}/console`)
    await opened.getByText('Ready', { exact: true }).waitFor()
    await opened.getByRole('button', { name: 'Explain' }).click()
    await opened.getByRole('heading', { name: '401 refused' }).waitFor()
    await context.close()
  })

  it('says so when the gateway does not answer any more', async () => {
    await page.route('**/console/state', (route) => route.abort())
    await page.getByText('No answer', { exact: true }).waitFor()
    complaints = []
    await page.unroute('**/console/state')
    await page.getByText('Ready', { exact: true }).waitFor()
    complaints = []
  })

  it('takes nothing from elsewhere, and runs nothing that is put into it', async () => {
    expect(new Set(sent.map((one) => new URL(one.url()).origin))).toEqual(new Set([gateway.adminUrl]))
    await page.fill('#search', '<img src=x onerror=alert(1)>')
    await page.fill('#try-path', '/<b>x</b>')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByRole('heading', { name: 'refused' }).waitFor()
    expect(await page.locator('#try-result b, #routes-table img').allTextContents()).not.toContain('x')
  })

  it.each(['light', 'dark'] as const)('has no fault that axe finds, in %s', async (scheme) => {
    await page.close()
    page = await open(scheme)
    await get('/orders/1')
    await get('/catalog/tea')
    await gateway.rewrite('version: 1\nupstreems: {}\n')
    await page.getByRole('heading', { name: 'The last file was refused' }).waitFor()
    await page.locator('#reasons').getByText('401').waitFor()
    await page.getByLabel('claims', { exact: true }).check()
    await page.fill('#try-text', '{ "scope": "orders:read" }')
    await page.fill('#try-path', '/orders/7')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.locator('#try-opens tbody').waitFor()
    expect(await violationsOf(page)).toEqual([])
  })
})
