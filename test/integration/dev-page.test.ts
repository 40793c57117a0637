/** The example page as `npm start` runs it: with the development issuer, and alone before a gateway that runs already. */
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { describeWithBrowser, launchBrowser } from '../support/browser.ts'
import { ANY_PORT, type Dev, printed, spawnDev } from '../support/dev-command.ts'
import { request } from '../support/raw-http.ts'
import { eventually, openShop } from '../support/shop-page.ts'

vi.setConfig({ testTimeout: 120_000 })

let dev: Dev
let page: string
let user: string
let password: string
let gateway: string

beforeAll(async () => {
  dev = spawnDev(ANY_PORT)
  await printed(dev, '/metrics')
  ;[, page = '', user = '', password = ''] =
    /^page +(http:\S+) \(log in as (\S+) with (\S+)\)$/m.exec(dev.output()) ?? []
  ;[, gateway = ''] = /^gateway +(http:\S+)/m.exec(dev.output()) ?? []
})
afterAll(() => void dev.child.kill('SIGKILL'))

describeWithBrowser('the page that scopegate dev names', () => {
  let browser: Browser
  let context: BrowserContext

  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser?.close())
  beforeEach(async () => {
    context = await browser.newContext()
  })
  afterEach(() => context.close())

  it('takes the printed name and password to a call, a missing scope and back to nobody', async () => {
    const shop = await openShop(context, page)
    await shop.login(user, password)
    await shop.call('GET /orders/7')
    expect(await shop.summary()).toBe('200: Done.')
    await shop.call('POST /orders')
    expect(await shop.summary()).toBe('403: The access token does not allow this request. It lacks orders:write.')
    await shop.action.click()
    await eventually(shop.summary).toBe('201: Done.')
    const second = await openShop(context, page)
    expect(await second.session()).toContain('Logged in as Alice Archer')
    await shop.page.getByRole('button', { name: 'Log out' }).click()
    // The development issuer asks once more.
    await shop.page.getByRole('heading', { name: 'Log out' }).waitFor()
    await shop.page.getByRole('button', { name: 'Log out' }).click()
    for (const one of [shop, second]) await eventually(one.session).toBe('Not logged in.')
  })

  it('is found at its own address also by who asks for localhost', async () => {
    const shop = await openShop(context, page.replace('127.0.0.1', 'localhost'))
    expect(shop.page.url()).toBe(`${page}/`)
  })
})

describe('the server of the example page', () => {
  it('answers its own files, with a policy that allows no script of others', async () => {
    for (const path of ['/', '/callback', '/app.js', '/keycloak.js', '/settings.json', '/?error=x']) {
      const { status, headers } = await request(page, [`GET ${path} HTTP/1.1`])
      expect(status).toBe(200)
      const [policy = ''] = headers.get('content-security-policy') ?? []
      expect(policy).toMatch(/^default-src 'none'; script-src 'self';/)
      expect(policy).not.toContain('unsafe')
      expect(policy).toContain(`frame-ancestors ${path === '/callback' ? "'self'" : "'none'"}`)
      expect(headers.get('x-content-type-options')).toEqual(['nosniff'])
    }
  })

  it.each([
    ['GET /nowhere', 404],
    ['GET /../package.json', 404],
    ['GET /%2e%2e/package.json', 404],
    ['POST /', 405],
  ])('answers %s with %i', async (start, status) => {
    expect((await request(page, [`${start} HTTP/1.1`])).status).toBe(status)
  })
})

describe('scopegate dev --page', () => {
  it('runs the page alone, for a gateway that says where to log in', async () => {
    const alone = spawnDev(['--page', `${gateway}/`, '--page-port', '0'])
    await printed(alone, 'page listens on')
    const [, origin = ''] = /page listens on (http:\S+)/.exec(alone.output()) ?? []
    const issuer = /^issuer +(http:\S+)/m.exec(dev.output())?.[1]
    expect(await (await fetch(`${origin}/settings.json`)).json()).toEqual({
      ...{ gateway, issuer, clientId: 'shop-spa', scope: 'openid orders:read' },
    })
    alone.child.kill('SIGTERM')
    expect(await alone.exited).toBe(0)
  })

  it('says in a line that there is no such gateway', async () => {
    const alone = spawnDev(['--page', page, '--page-port', '0'])
    expect(await alone.exited).toBe(1)
    expect(alone.output()).toMatch(/^No gateway at http:\S+ that says where to log in: /)
  })
})
