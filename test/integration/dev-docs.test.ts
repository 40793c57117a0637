/** The API reference page as `npm start` runs it, with the development issuer: its login, and what does not count as one. */
import axe from 'axe-core'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { describeWithBrowser, launchBrowser } from '../support/browser.ts'
import { ANY_PORT, type Dev, printed, spawnDev } from '../support/dev-command.ts'
import { readProjectFile } from '../support/documents.ts'
import { writeConfig } from '../support/gateway.ts'
import { openReference } from '../support/reference-page.ts'
import { type Traces, traceOf } from '../support/shop-page.ts'
import { waitFor } from '../support/wait-for.ts'

vi.setConfig({ testTimeout: 120_000 })

let dev: Dev
let docs: string
let password: string

beforeAll(async () => {
  dev = spawnDev(ANY_PORT)
  await printed(dev, '/metrics')
  ;[, docs = ''] = /^API docs +(http:\S+) \(likewise\)$/m.exec(dev.output()) ?? []
  ;[, password = ''] = /\(log in as alice with (\S+)\)$/m.exec(dev.output()) ?? []
})
afterAll(() => void dev.child.kill('SIGKILL'))

describeWithBrowser('the API reference page that scopegate dev names', () => {
  let browser: Browser
  let context: BrowserContext
  let traces: Traces

  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser?.close())
  beforeEach(async () => {
    context = await browser.newContext()
    traces = traceOf(context)
  })
  afterEach(() => context.close())

  const tokensAsked = () => traces.urls.filter((url) => url.endsWith('/protocol/openid-connect/token'))

  /** Begins a login, and has its window come back with this query in place of the issuer's; `{state}` is the right one. */
  async function comeBack(query: string): Promise<string> {
    const reference = await openReference(context, docs)
    const window = await reference.beginLogin(['orders:read'])
    await waitFor('the login to begin', () => traces.urls.some((url) => url.includes('/auth?')))
    const begun = traces.urls.find((url) => url.includes('/auth?')) ?? ''
    const state = encodeURIComponent(new URL(begun).searchParams.get('state') ?? '')
    const closed = window.waitForEvent('close')
    await window.goto(`${docs}/oauth2-redirect.html?${query.replaceAll('{state}', state)}`).catch(() => {})
    await closed
    return reference.loginError()
  }

  it('takes the printed name and password to a 200, and asks for no secret', async () => {
    const reference = await openReference(context, docs)
    const window = await reference.beginLogin(['orders:read'])
    expect(await reference.page.locator('#client_id_authorizationCode').inputValue()).toBe('shop-docs')
    expect(await reference.page.locator('[id^="client_secret"]').isVisible()).toBe(false)
    await window.close()
    await reference.page.locator('.dialog-ux .btn-done').click()
    await reference.login('alice', password, ['orders:read'])
    expect((await reference.call('GET', '/orders')).status).toBe('200')
    expect((await reference.call('POST', '/orders')).status).toBe('403')
    expect(traces.console.join('\n')).not.toMatch(/Content.Security.Policy|Refused to/i)
  })

  it.each([
    ['another state', 'code=c&state=another'],
    ['no state', 'code=c'],
    ['two states', 'code=c&state={state}&state=x'],
  ])('takes no code with %s', async (_, query) => {
    expect(await comeBack(query)).toContain('The answer does not belong to the login that began here.')
    expect(tokensAsked()).toEqual([])
  })

  it('takes no code of another issuer (RFC 9207)', async () => {
    const query = 'code=c&state={state}&iss=https%3A%2F%2Fevil.example'
    expect(await comeBack(query)).toContain('The answer is that of another issuer.')
    expect(tokensAsked()).toEqual([])
  })

  it('says so when an answer has no code', async () => {
    expect(await comeBack('state={state}')).toContain('The answer of the login server has no code.')
    expect(tokensAsked()).toEqual([])
  })

  it('ends no login that it has not begun, and leaves no code in the address', async () => {
    const page = await context.newPage()
    await page.goto(`${docs}/oauth2-redirect.html?code=c&state=s`)
    await page.getByText('No login of this window is under way').waitFor()
    expect(page.url()).toBe(`${docs}/oauth2-redirect.html`)
  })

  it.each([
    ['that cannot be reached', undefined],
    ['that answers for another one', { issuer: 'https://evil.example' }],
    ['whose tokens come from elsewhere', { token_endpoint: 'https://evil.example/token' }],
    ['that logs in by a script', { authorization_endpoint: 'javascript:alert(1)' }],
  ])('lets a token be pasted in place of a login at an issuer %s', async (_, changed) => {
    await context.route('**/.well-known/openid-configuration', async (route) => {
      if (changed === undefined) return route.abort()
      const response = await route.fetch()
      return route.fulfill({ response, json: { ...(await response.json()), ...changed } })
    })
    const reference = await openReference(context, docs)
    expect(await reference.notice()).toMatch(/^Nobody can log in here now: .* A token can be pasted\.$/)
    await reference.page.locator('.auth-wrapper .authorize').click()
    await reference.page.locator('.dialog-ux [aria-label="auth-bearer-value"]').fill('not-a-token')
    await reference.page.locator('.dialog-ux .auth-btn-wrapper .authorize').click()
    await reference.page.locator('.dialog-ux .btn-done').click()
    expect((await reference.call('GET', '/orders')).status).toBe('401')
  })

  it('breaks no rule of axe outside of the library', async () => {
    await context.route('**/.well-known/openid-configuration', (route) => route.abort())
    const { page } = await openReference(context, docs)
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate<Pick<axe.AxeResults, 'violations'>>(
      `axe.run({ exclude: ['#reference > *'] })`,
    )
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)).toEqual([])
  })
})

describe('scopegate dev', () => {
  it('names no API reference page where the file asks for none', async () => {
    const { docs: _, ...file } = parse(readProjectFile('scopegate.yaml'))
    const config = await writeConfig(file)
    const alone = spawnDev(['--config', config.file, ...ANY_PORT])
    await printed(alone, '/metrics')
    expect(alone.output()).not.toContain('API docs')
    alone.child.kill('SIGKILL')
    await config.close()
  })
})
