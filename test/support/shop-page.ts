/** The example page in a browser: its buttons and what it says, and everything that its context sent, said and kept. */
import type { BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import { moved } from '../../src/dev/move-client.ts'
import type { RealmClient } from '../../src/dev/realm.ts'
import { violationsOf } from './axe.ts'
import type { RealmAdmin } from './keycloak-admin.ts'
import { waitFor } from './wait-for.ts'

/** A machine under load takes its time to log in. */
const PATIENCE_MS = 30_000

/** Looks again until it is so. */
export const eventually = <T>(look: () => T | Promise<T>) => expect.poll(look, { timeout: PATIENCE_MS })

/** Lets the client of the realm file log in to a page at another origin as well. */
export async function allowPage(realm: RealmAdmin, origin: string): Promise<void> {
  const [client] = await realm.get<(RealmClient & { id: string })[]>('/clients?clientId=shop-spa')
  if (client === undefined) throw new Error('the realm has no shop-spa')
  const there = moved(client, origin)
  const redirectUris = [...(client.redirectUris ?? []), ...(there.redirectUris ?? [])]
  await realm.request('PUT', `/clients/${client.id}`, { ...there, redirectUris })
}

export interface ShopPage {
  readonly page: Page
  /** The line about who is logged in. */
  session(): Promise<string>
  /** The line about the newest answer. */
  summary(): Promise<string>
  /** The one thing to do about it. */
  readonly action: ReturnType<Page['locator']>
  readonly countdown: ReturnType<Page['locator']>
  /** Fills in the form of Keycloak or of the development issuer. */
  fillIn(username: string, password: string): Promise<void>
  /** From the page to the form and back. */
  login(username: string, password: string): Promise<void>
  /** Presses a call's button and waits for its answer. */
  call(name: string): Promise<void>
  /** Rules of axe that the page breaks, by light and by dark, each with where. */
  violations(): Promise<string[]>
}

export async function openShop(context: BrowserContext, origin: string): Promise<ShopPage> {
  const page = await context.newPage()
  await page.goto(origin)
  const text = async (selector: string) => (await page.locator(selector).textContent()) ?? ''
  const shows = (selector: string, what: RegExp) =>
    waitFor(`${selector} to show ${what}`, async () => what.test(await text(selector)), PATIENCE_MS)
  await shows('#session', /^(Not logged in|Logged in as)/)

  async function fillIn(username: string, password: string) {
    await page.locator('#username').fill(username)
    await page.locator('#password').fill(password)
    await page.locator('#kc-login').click()
  }

  return {
    page,
    session: () => text('#session'),
    summary: () => text('#summary'),
    action: page.locator('#act'),
    countdown: page.locator('#countdown'),
    fillIn,
    async login(username, password) {
      await page.getByRole('button', { name: 'Log in', exact: true }).click()
      await fillIn(username, password)
      await shows('#session', /^Logged in as/)
    },
    async call(name) {
      await page.getByRole('button', { name, exact: true }).click()
      await shows('#summary', /^(\d{3}|No answer)\b/)
    },
    async violations() {
      const broken: string[] = []
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        broken.push(...(await violationsOf(page)).map((violation) => `${colorScheme}: ${violation}`))
      }
      return broken
    },
  }
}

export interface Traces {
  /** Every token that a token endpoint gave to a page, refreshed ones too. */
  readonly tokens: Set<string>
  readonly urls: string[]
  readonly console: string[]
  /** Grant types that were asked for at token endpoints. */
  readonly grants: string[]
  /** Origins that got an Authorization field. */
  readonly authorized: Set<string>
}

/** Notes what all pages and frames of a context send and say from now on. */
export function traceOf(context: BrowserContext): Traces {
  const traces: Traces = { tokens: new Set(), urls: [], console: [], grants: [], authorized: new Set() }
  const isToken = (url: string) => url.endsWith('/protocol/openid-connect/token')
  context.on('console', (message) => traces.console.push(message.text()))
  context.on('request', (request) => {
    traces.urls.push(request.url())
    const grant = new URLSearchParams(request.postData() ?? '').get('grant_type')
    if (isToken(request.url()) && grant !== null) traces.grants.push(grant)
    if (request.headers().authorization !== undefined) traces.authorized.add(new URL(request.url()).origin)
  })
  context.on('response', async (response) => {
    if (!isToken(response.url())) return
    const answer: Record<string, unknown> = await response.json().catch(() => ({}))
    for (const [name, value] of Object.entries(answer)) {
      if (name.endsWith('_token') && typeof value === 'string') traces.tokens.add(value)
    }
  })
  return traces
}

/** What the origin of a page keeps: both storages, and its cookies with their names. */
export async function keptBy({ page }: Pick<ShopPage, 'page'>): Promise<string> {
  const storages = await page.evaluate<string>('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')
  const cookies = await page.evaluate<string>('document.cookie')
  const { origin } = new URL(page.url())
  return [storages, cookies, JSON.stringify(await page.context().cookies(origin))].join('\n')
}
