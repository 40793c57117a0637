/**
 * An OpenID provider for one's own machine, made from a Keycloak realm file: the same URLs, users, clients, scopes and
 * token shapes, with keys that are made at start. It checks passwords that stand in a file and has no brute-force
 * protection, so it binds to loopback only.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { Provider } from 'oidc-provider'
import { readForm } from './form.ts'
import { close, listen } from './listen.ts'
import { handleLogin } from './login.ts'
import { registerPasswordGrant } from './password-grant.ts'
import { providerConfiguration, sessionOf } from './provider-configuration.ts'
import { type Realm, readRealm } from './realm.ts'
import { createRefreshTokenSigner } from './refresh-token.ts'
import { handleRevocation } from './revocation.ts'
import { createUserinfo } from './userinfo.ts'

export interface DevIssuerOptions {
  /** The parsed realm file. */
  readonly realm: unknown
  /**
   * The same realm with addresses that are known only later: requests wait until it resolves. So an app can be told where
   * the issuer is before the issuer is told where the app is.
   */
  readonly completed?: Promise<unknown>
  /** A literal loopback address; default 127.0.0.1. */
  readonly host?: string
  /** 0: any free port. */
  readonly port: number
  /** Gets a line when the issuer itself fails. */
  readonly log?: (line: string) => void
}

export interface DevIssuer {
  /** Issuer identifier, such as `http://127.0.0.1:18080/realms/shop`. */
  readonly issuer: string
  /** Stops listening and cuts what is open. */
  close(): Promise<void>
}

/** Throws when `host` is not a loopback address, when the port is taken, and when the realm file is none. */
export async function startDevIssuer(options: DevIssuerOptions): Promise<DevIssuer> {
  const host = options.host ?? '127.0.0.1'
  if (!isLoopback(host)) {
    throw new Error(`The development issuer binds to loopback addresses only (127.0.0.1 or ::1), not to ${host}`)
  }
  const realm = readRealm(options.realm)
  const server = createServer()
  const port = await listen(server, host, options.port)
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  const base = `/realms/${realm.name}`
  const library = await importQuietly()
  const create = (of: Realm) => createHandler(library, of, origin, base, options.log)
  const handler =
    options.completed === undefined ? create(realm) : options.completed.then((it) => create(readRealm(it)))
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    handler.then((handle) => handle(request, response)).catch(() => response.destroy())
  })
  if (options.completed === undefined) await handler
  return {
    issuer: origin + base,
    close: () => close(server),
  }
}

async function createHandler(
  library: Awaited<ReturnType<typeof importQuietly>>,
  realm: Realm,
  origin: string,
  base: string,
  log?: (line: string) => void,
) {
  const issuer = origin + base
  const provider = new library.Provider(issuer, providerConfiguration(library, realm, issuer, base))
  registerPasswordGrant(library, provider, realm)
  signRefreshTokens(provider, issuer)
  provider.on('server_error', (_ctx, error) => log?.(`development issuer: ${error.message}`))
  const userinfo = createUserinfo(realm, issuer)
  const callback = provider.callback()

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // A page elsewhere must not reach this server through a name that it makes resolve to loopback (DNS rebinding).
    if (!isLocalName(request.headers.host)) return answer(response, 421)
    request.headers.host = new URL(origin).host
    const url = request.url ?? '/'
    if (!url.startsWith(`${base}/`)) return answer(response, 404)
    const path = url.slice(base.length).split('?')[0] ?? ''
    if (path.startsWith('/login-actions/authenticate/')) return handleLogin(provider, realm, request, response)
    if (path === '/protocol/openid-connect/revoke') return handleRevocation(provider, realm, request, response)
    if (path === '/protocol/openid-connect/userinfo') return userinfo(request, response)
    await readLogoutForm(request, path, base)
    // As a mount point would: oidc-provider routes below the prefix and puts it back into the URLs that it makes.
    Object.assign(request, { originalUrl: request.url })
    request.url = request.url?.slice(base.length) ?? ''
    await callback(request, response)
  }
}

/** A logout by form (OpenID Connect RP-Initiated Logout section 2) becomes a GET: oidc-provider takes forms over HTTPS only. */
async function readLogoutForm(request: IncomingMessage, path: string, base: string): Promise<void> {
  if (path !== '/protocol/openid-connect/logout' || request.method !== 'POST') return
  request.url = `${base}${path}?${await readForm(request)}`
  request.method = 'GET'
}

/** oidc-provider greets every Node release that is not an LTS on the console, at import; here that is only noise. */
async function importQuietly() {
  // biome-ignore-start lint/suspicious/noConsole: silenced, not written to
  const { warn } = console
  console.warn = () => {}
  try {
    return await import('oidc-provider')
  } catch (cause) {
    throw new Error('The development issuer needs the optional package oidc-provider: npm install', { cause })
  } finally {
    console.warn = warn
  }
  // biome-ignore-end lint/suspicious/noConsole: silenced, not written to
}

/** A refresh token's identifier is its value, so making the identifier is the place to give it Keycloak's shape. */
function signRefreshTokens(provider: Provider, issuer: string): void {
  const sign = createRefreshTokenSigner()
  provider.RefreshToken.prototype.generateTokenId = function () {
    const issuedAt = Math.floor(Date.now() / 1000)
    return sign({
      issuer,
      subject: this.accountId ?? '',
      clientId: this.clientId,
      sessionId: sessionOf(this) ?? '',
      scope: this.scope ?? '',
      issuedAt,
      expiresAt: issuedAt + this.expiration,
    })
  }
}

function isLoopback(host: string): boolean {
  const loopback = new BlockList()
  loopback.addSubnet('127.0.0.0', 8, 'ipv4')
  loopback.addAddress('::1', 'ipv6')
  const version = isIP(host)
  return version !== 0 && loopback.check(host, version === 6 ? 'ipv6' : 'ipv4')
}

function isLocalName(host: string | undefined): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/.test(host ?? '')
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Length': 0 }).end()
}
