/** Logins by browser: the client in a realm, the section of the file, and a person with a cookie jar. */

import { once } from 'node:events'
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { cookieField, keepCookies } from './cookies.ts'
import type { RealmAdmin } from './keycloak-admin.ts'
import { loginAction, PASSWORDS } from './oidc-client.ts'

export const WEB_CLIENT = { id: 'shop-web', secret: 'test-run-web-client-secret' }
/** 32 bytes each. */
export const COOKIE_KEYS = {
  old: Buffer.alloc(32, 'old').toString('base64'),
  new: Buffer.alloc(32, 'new').toString('base64'),
}

type File = Readonly<Record<string, unknown>>

/** `login` for a gateway at this origin. */
export function loginSection(publicUrl: string, more: File = {}): File {
  return {
    publicUrl,
    client: WEB_CLIENT,
    scopes: ['orders:read'],
    keys: [{ id: 'new', secret: COOKIE_KEYS.new }],
    me: ['sub', 'preferred_username'],
    ...more,
  }
}

/** Adds the confidential client of that gateway to a realm. */
export async function addWebClient(realm: RealmAdmin, publicUrl: string): Promise<void> {
  await realm.request('POST', '/clients', webClient(publicUrl))
}

/** That client as it stands in a realm. */
export function webClient(publicUrl: string): File {
  return {
    clientId: WEB_CLIENT.id,
    secret: WEB_CLIENT.secret,
    publicClient: false,
    standardFlowEnabled: true,
    directAccessGrantsEnabled: false,
    redirectUris: [`${publicUrl}/auth/callback`],
    attributes: { 'pkce.code.challenge.method': 'S256', 'post.logout.redirect.uris': `${publicUrl}/` },
    defaultClientScopes: ['basic', 'acr', 'roles', 'profile', 'email', 'shop-api-audience'],
    optionalClientScopes: ['orders:read', 'orders:write'],
  }
}

interface SendOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly setCookies: readonly string[]
  readonly body: string
}

/** Not `fetch`, which has a `Sec-Fetch-Mode` of its own. */
async function exchange(url: string, method: string, headers: Record<string, string>, body: string): Promise<Answer> {
  const length = method === 'GET' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
  const request = http.request(url, { method, headers: { ...headers, ...length }, agent: false })
  request.end(body)
  const [incoming] = (await once(request, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    setCookies: incoming.headers['set-cookie'] ?? [],
    body: Buffer.concat(chunks).toString(),
  }
}

export interface Person {
  /** Cookies as a browser on this machine keeps them: by host, whatever the port. */
  readonly cookies: Map<string, string>
  /** Follows no redirect. */
  send(url: string, options?: SendOptions): Promise<Answer>
  /** Opens a page and follows redirects until something else comes, with its address. */
  open(url: string): Promise<{ readonly url: string; readonly response: Answer }>
  /** Opens a page by way of the issuer's login form, up to the redirect to the callback: its address. */
  toCallback(url: string, username?: keyof typeof PASSWORDS): Promise<string>
  /** Opens a page and logs in; the answer of the page. */
  login(url: string, username?: keyof typeof PASSWORDS): Promise<Answer>
}

const NAVIGATION = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', Accept: 'text/html' }

export function createPerson(cookies = new Map<string, string>()): Person {
  async function send(url: string, { method = 'GET', headers = {}, body = '' }: SendOptions = {}) {
    const cookie = cookieField(cookies)
    const response = await exchange(url, method, { ...(cookie !== '' && { Cookie: cookie }), ...headers }, body)
    keepCookies(cookies, response.setCookies)
    return response
  }

  async function open(url: string) {
    let address = url
    for (let hops = 0; hops < 10; hops++) {
      const response = await send(address, { headers: NAVIGATION })
      const { location } = response.headers
      if (location === undefined) return { url: address, response }
      address = new URL(location, address).href
    }
    throw new Error('too many redirects')
  }

  async function toCallback(url: string, username: keyof typeof PASSWORDS = 'alice') {
    const form = await open(url)
    const action = loginAction(form.response.body, form.url)
    const body = new URLSearchParams({ username, password: PASSWORDS[username] }).toString()
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const answer = await send(action, { method: 'POST', body, headers })
    let { location } = answer.headers
    // The development issuer has a page of its own in between.
    while (location !== undefined && new URL(location).origin === new URL(action).origin) {
      location = (await send(location)).headers.location
    }
    if (location === undefined) throw new Error(`the login was refused: ${answer.status}`)
    return location
  }

  return {
    ...{ cookies, send, open, toCallback },
    login: async (url, username) => (await open(await toCallback(url, username))).response,
  }
}
