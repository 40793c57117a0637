/** examples/keycloak-behind with a real Keycloak behind a real gateway: what its tests need. */
import { parse } from 'yaml'
import { type DemoUpstream, startDemoUpstream } from '../../src/dev/demo-upstreams.ts'
import { type ExamplePage, startExamplePage } from '../../src/dev/example-page.ts'
import { cookieField, keepCookies } from '../support/cookies.ts'
import { readProjectFile } from '../support/documents.ts'
import { freePort } from '../support/free-port.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { type Keycloak, realmAdmin, startKeycloak } from '../support/keycloak.ts'
import type { RealmAdmin } from '../support/keycloak-admin.ts'
import { authorizationUrl, loginAction } from '../support/oidc-client.ts'
import { type RawAnswer, request } from '../support/raw-http.ts'
import { allowPage } from '../support/shop-page.ts'

export const FILE = parse(readProjectFile('examples/keycloak-behind/scopegate.yaml'))
export const PASSWORD = 'a-password-that-is-long'
const REALM = '/realms/shop'
export const TOKEN = `${REALM}/protocol/openid-connect/token`
export const FORM = 'application/x-www-form-urlencoded'
/** RFC 7636 appendix B. */
const PKCE = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }

/** A login form that was opened: where it posts to, and the cookies that belong to it. */
export interface LoginForm {
  readonly action: URL
  readonly cookies: Map<string, string>
}

export interface Sent {
  readonly body: string | Buffer
  readonly type?: string
  /** Other fields, whole lines. */
  readonly fields?: readonly string[]
  /** Where the client stands; default: an address that nobody had before. */
  readonly from?: string
  /** In chunks of this many bytes, without a length. */
  readonly chunks?: number
  /** Another gateway. */
  readonly to?: string
}

export class BehindStage {
  keycloak!: Keycloak
  gateway!: TestGateway
  orders!: DemoUpstream
  site!: ExamplePage
  realm!: RealmAdmin
  issuer = ''
  #addresses = 0
  #users = 0

  async start(): Promise<void> {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    this.issuer = url + REALM
    this.orders = await startDemoUpstream('orders', '127.0.0.1', 0)
    this.site = await startExamplePage(0)
    this.keycloak = await startKeycloak({ behind: url })
    this.realm = realmAdmin(this.keycloak, 'shop')
    await allowPage(this.realm, this.site.origin)
    await this.realm.request('PUT', '', { eventsEnabled: true })
    // Clients at several addresses: what stands before the gateway names them.
    const here = { listen: { host: '127.0.0.1', port }, trustedProxies: ['127.0.0.1'] }
    this.gateway = await startGateway({ ...FILE, ...here }, this.env(url))
  }

  env(url: string): Record<string, string> {
    const upstreams = { KEYCLOAK_URL: this.keycloak.url, ORDERS_URL: this.orders.url }
    return { PUBLIC_URL: url, ...upstreams, SPA_ORIGIN: this.site.origin }
  }

  async close(): Promise<void> {
    for (const part of [this.gateway, this.site, this.orders, this.keycloak]) await part?.close()
  }

  /** An address that nobody had before; private, or Keycloak would ask for TLS. */
  newAddress(): string {
    this.#addresses += 1
    return `10.0.${this.#addresses >> 8}.${this.#addresses & 255}`
  }

  /** A user that nobody has guessed at, with PASSWORD. */
  async newUser(): Promise<string> {
    this.#users += 1
    const username = `user${this.#users}`
    await this.realm.createUser({ username, password: PASSWORD })
    return username
  }

  post(
    target: string,
    { body, type = FORM, fields = [], from = this.newAddress(), chunks, to = this.gateway.url }: Sent,
  ): Promise<RawAnswer> {
    const text = body.toString('latin1')
    const length = chunks === undefined ? `Content-Length: ${text.length}` : 'Transfer-Encoding: chunked'
    const head = [`POST ${target} HTTP/1.1`, `X-Forwarded-For: ${from}`, length, `Content-Type: ${type}`, ...fields]
    return request(to, head, chunks === undefined ? text : inChunks(text, chunks))
  }

  get(target: string, ...fields: readonly string[]): Promise<RawAnswer> {
    return request(this.gateway.url, [`GET ${target} HTTP/1.1`, ...fields])
  }

  /** A password grant. */
  grant(username: string, password: string, { target = TOKEN, ...sent }: Partial<Sent> & { target?: string } = {}) {
    const body = `grant_type=password&client_id=shop-cli&scope=openid+orders:read&${credentials(username, password)}`
    return this.post(target, { body, ...sent })
  }

  /** @param direct at Keycloak itself, as somebody inside could */
  async openForm(from = this.newAddress(), { direct = false } = {}): Promise<LoginForm> {
    const { pathname, search } = new URL(authorizationUrl(this.issuer, PKCE))
    const via = direct ? this.keycloak.url : this.gateway.url
    const answer = await request(via, [`GET ${pathname}${search} HTTP/1.1`, `X-Forwarded-For: ${from}`])
    const cookies = new Map<string, string>()
    keepCookies(cookies, answer.headers.get('set-cookie') ?? [])
    return { cookies, action: new URL(loginAction(answer.body, this.issuer)) }
  }

  async submit(sent: Sent, { form, target }: { form?: LoginForm; target?: (action: URL) => string } = {}) {
    const from = sent.from ?? this.newAddress()
    const { action, cookies } = form ?? (await this.openForm(from))
    const address = target?.(action) ?? action.pathname + action.search
    const fields = [`Cookie: ${cookieField(cookies)}`, ...(sent.fields ?? [])]
    return this.post(address, { ...sent, from, fields })
  }

  /** The same, at Keycloak itself. */
  async submitDirectly({ body, type = FORM }: Sent): Promise<RawAnswer> {
    const { action, cookies } = await this.openForm(undefined, { direct: true })
    const head = [`POST ${action.pathname}${action.search} HTTP/1.1`, `Cookie: ${cookieField(cookies)}`]
    const text = body.toString('latin1')
    const fields = [`Content-Type: ${type}`, `Content-Length: ${text.length}`]
    return request(this.keycloak.url, [...head, ...fields], text)
  }

  /** What Keycloak has seen of a user: LOGIN, LOGIN_ERROR, from which address; the last first. */
  async eventsOf(username: string): Promise<readonly { readonly type: string; readonly ipAddress: string }[]> {
    const user = await this.realm.userId(username)
    return this.realm.get(`/events?type=LOGIN&type=LOGIN_ERROR&max=1000&user=${user}`)
  }
}

/** The two fields of a form. The name may be escaped already. */
export function credentials(username: string, password: string): string {
  return `username=${username}&password=${password}`
}

function inChunks(text: string, size: number): string {
  const parts = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
  return `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`
}
