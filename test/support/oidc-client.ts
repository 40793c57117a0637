/** An OAuth client in a few lines, for Keycloak and the development issuer alike. Nothing is verified here. */
import { createHash, randomBytes } from 'node:crypto'
import { cookieField, readPair } from './cookies.ts'

export interface Tokens {
  readonly access_token: string
  readonly id_token?: string
  readonly refresh_token?: string
  readonly expires_in: number
  readonly scope: string
}

export const SPA_REDIRECT_URI = 'http://127.0.0.1:18083/callback'
/** The development passwords of the realm file. */
export const PASSWORDS = { alice: 'alice-development-password', bob: 'bob-development-password' } as const
export const SERVICE_SECRET = 'development-only-shop-service-secret'

/** The answer of the token endpoint, whatever it is. */
export function tokenRequest(issuer: string, fields: Record<string, string>): Promise<Response> {
  const body = new URLSearchParams(fields)
  return fetch(`${issuer}/protocol/openid-connect/token`, { method: 'POST', body })
}

async function tokens(answer: Promise<Response>): Promise<Tokens> {
  const response = await answer
  if (!response.ok) throw new Error(`token endpoint: ${response.status} ${await response.text()}`)
  return (await response.json()) as Tokens
}

export function passwordTokens(
  issuer: string,
  { username = 'alice', password = '', scope = 'openid', clientId = 'shop-cli' } = {},
): Promise<Tokens> {
  const known = username === 'bob' ? PASSWORDS.bob : PASSWORDS.alice
  const fields = { grant_type: 'password', client_id: clientId, username, password: password || known, scope }
  return tokens(tokenRequest(issuer, fields))
}

export function serviceTokens(issuer: string, scope: string): Promise<Tokens> {
  const credentials = { client_id: 'shop-service', client_secret: SERVICE_SECRET }
  return tokens(tokenRequest(issuer, { grant_type: 'client_credentials', ...credentials, scope }))
}

export function refreshTokens(issuer: string, refreshToken: string, clientId = 'shop-cli'): Promise<Tokens> {
  return tokens(tokenRequest(issuer, { grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken }))
}

/** One part of a JWT, unverified: 0 the header, 1 the payload. */
export function jwtPart(token: string, part: 0 | 1): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[part] ?? '', 'base64url').toString())
}

/** A browser as far as a login needs one: keeps cookies (Secure ones too) and does not follow redirects. */
export function createBrowser() {
  const cookies = new Map<string, string>()
  return async (url: string, form?: Record<string, string>): Promise<Response> => {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { Cookie: cookieField(cookies), Accept: 'text/html' },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = readPair(line)
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }
}

export function authorizationUrl(issuer: string, parameters: Record<string, string>): string {
  const base = { client_id: 'shop-spa', response_type: 'code', redirect_uri: SPA_REDIRECT_URI, state: 'state-1' }
  return `${issuer}/protocol/openid-connect/auth?${new URLSearchParams({ ...base, scope: 'openid', ...parameters })}`
}

/** The address that the login form posts to. */
export function loginAction(html: string, page: string): string {
  const action = /<form[^>]*id="kc-form-login"[^>]*action="([^"]+)"/.exec(html)?.[1]
  if (action === undefined) throw new Error(`no login form in: ${html.slice(0, 500)}`)
  return new URL(action.replaceAll('&amp;', '&').replaceAll('&#38;', '&'), page).href
}

/** Follows redirects until one leaves the issuer; its parameters. */
export async function followToClient(browse: ReturnType<typeof createBrowser>, issuer: string, first: Response) {
  let response = first
  for (let hops = 0; hops < 10; hops++) {
    const location = response.headers.get('location')
    if (location === null) throw new Error(`no redirect: ${response.status} ${await response.text()}`)
    const target = new URL(location, issuer)
    if (target.origin !== new URL(issuer).origin) return target
    response = await browse(target.href)
  }
  throw new Error('too many redirects')
}

/** Authorization code flow with PKCE S256, by form (RFC 7636). */
export async function pkceLogin(
  issuer: string,
  { username = 'alice' as 'alice' | 'bob', scope = 'openid', browse = createBrowser() } = {},
): Promise<Tokens> {
  const verifier = randomBytes(32).toString('base64url')
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const start = authorizationUrl(issuer, { scope, code_challenge: challenge, code_challenge_method: 'S256' })
  let page = await browse(start)
  let address = start
  for (let hops = 0; page.headers.has('location') && hops < 5; hops++) {
    address = new URL(page.headers.get('location') ?? '', address).href
    page = await browse(address)
  }
  const submitted = await browse(loginAction(await page.text(), address), { username, password: PASSWORDS[username] })
  const target = await followToClient(browse, issuer, submitted)
  const code = target.searchParams.get('code')
  if (code === null) throw new Error(`no code: ${target.search}`)
  const client = { client_id: 'shop-spa', redirect_uri: SPA_REDIRECT_URI }
  return tokens(tokenRequest(issuer, { grant_type: 'authorization_code', ...client, code, code_verifier: verifier }))
}
