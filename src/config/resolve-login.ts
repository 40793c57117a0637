/** `login`, and the routes that read its sessions. */

import { readClaimPath } from './claim-path.ts'
import type { IssuerConfig, RateLimitPolicy, RouteConfig } from './gateway-config.ts'
import type { LoginConfig, LoginPage } from './login-config.ts'
import { findPageIssuer, toPageRoute } from './own-pages.ts'
import type { Path } from './problem.ts'
import { type ReadSibling, readSecret } from './read-secret.ts'
import type { Report } from './report.ts'
import type { NamedThings } from './resolve-names.ts'
import { type Defaults, findLimits } from './resolve-route.ts'
import { readRoutePath } from './route-path.ts'
import type { GatewayFile } from './schema.ts'

type LoginFile = NonNullable<GatewayFile['login']>

const KEY_BYTES = 32
/** A session may take most of 12 KB of cookies. */
const MIN_HEADERS_BYTES = 16 * 1024
const LOOPBACK = /^http:\/\/(?:localhost|[\w-]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/

/** A route that could be resolved, and where it stands in the file. */
export interface PlacedRoute {
  readonly index: number
  readonly config: RouteConfig
}

export interface LoginContext {
  readonly things: NamedThings
  readonly defaults: Defaults
  readonly routes: readonly PlacedRoute[]
  /** Where the routes of the file stand in it. */
  readonly routeIndexes: readonly number[]
  readonly read: ReadSibling
  /** The section could be read, so that one that is not there was not written. */
  readonly isKnown: boolean
}

export function resolveLogin(file: GatewayFile, context: LoginContext, report: Report): LoginConfig | undefined {
  const { login } = file
  const { things, defaults, read } = context
  checkRoutes(file, context, report)
  if (login === undefined) return undefined
  const issuer = findPageIssuer('login', login.issuer, things, report)
  checkLogin(file, login, report)
  const keys = login.keys.flatMap((key, index) => readKey(key, ['login', 'keys', index, 'secret'], report, read) ?? [])
  const clientSecret = readSecret(login.client.secret, ['login', 'client', 'secret'], report, read)
  const limits = login.rateLimits && findLimits(login.rateLimits, ['login', 'rateLimits'], things, report)
  checkLimits(limits ?? [], report)
  if (issuer === undefined || clientSecret === undefined || keys.length < login.keys.length) return undefined
  checkIssuers(issuer, context, report)
  return {
    issuer,
    ...(login.discovery !== undefined && { discovery: login.discovery }),
    clientId: login.client.id,
    clientSecret,
    scopes: [...new Set(['openid', ...login.scopes])],
    publicOrigin: login.publicUrl,
    path: login.path,
    keys,
    lifetime: { idleMs: login.idle, absoluteMs: login.absolute },
    me: login.me.map((name) => ({ name, path: readClaimPath(name) ?? [] })),
    afterLogout: login.afterLogout,
    pages: PAGES.map((page) => toRoute(page, login, defaults, limits ?? [LOGIN_LIMIT], report)),
  }
}

function checkLogin(file: GatewayFile, login: LoginFile, report: Report): void {
  checkPublicUrl(login.publicUrl, report)
  checkPath('path', login.path, report)
  checkPath('afterLogout', login.afterLogout, report)
  if (login.path === '/') report.error(['login', 'path'], 'expected a path such as "/auth"')
  if (login.absolute < login.idle) report.error(['login', 'absolute'], 'absolute must be at least idle')
  const ids = login.keys.map(({ id }) => id)
  const twice = ids.findIndex((id, index) => ids.indexOf(id) !== index)
  if (twice !== -1) report.error(['login', 'keys', twice, 'id'], 'two keys have the same id')
  if (file.workers !== 1 && !file.redis) {
    report.error(['login'], 'a login with several workers needs redis: they renew tokens together', { at: 'key' })
  }
  if (file.limits.headers < MIN_HEADERS_BYTES) {
    report.error(['limits', 'headers'], 'a login needs at least 16KiB: its cookies hold tokens')
  }
  if (!file.routes.some(({ session }) => session)) {
    report.warn('unused', ['login'], 'no route has session: true', { at: 'key' })
  }
}

function checkPublicUrl(origin: string, report: Report): void {
  if (origin.startsWith('https:')) return
  const path = ['login', 'publicUrl']
  if (LOOPBACK.test(origin)) {
    report.warn('login-without-tls', path, 'without TLS browsers keep these cookies on this machine only')
  } else report.error(path, 'expected an https:// origin: browsers refuse the cookies of a login without TLS')
}

function checkPath(field: 'path' | 'afterLogout', text: string, report: Report): void {
  const shape = readRoutePath(text)
  if ('problem' in shape) report.error(['login', field], shape.problem)
  else if (/[{*]/.test(text)) report.error(['login', field], 'expected a path without parameters')
}

/** What a route's `session` needs. A login that could not be read may have been meant well. */
function checkRoutes({ routes, login }: GatewayFile, { routeIndexes, isKnown }: LoginContext, report: Report): void {
  const own = login === undefined ? [] : PAGES.map((page) => `${login.path}/${page}`)
  for (const [position, route] of routes.entries()) {
    const path = ['routes', routeIndexes[position] ?? position]
    if (own.length > 0 && own.includes(route.path.replace(/\/$/, ''))) {
      report.error([...path, 'path'], 'this is a page of the login itself; choose another path here, or for login')
    }
    if (!route.session) continue
    if (login === undefined && isKnown) report.error([...path, 'session'], 'there are no sessions without login')
    if (!route.allow) report.error([...path, 'session'], 'a public route asks nobody for a session')
  }
}

/** Tokens of a session come from this issuer, so they have to count where sessions do. */
function checkIssuers(issuer: IssuerConfig, { routes }: LoginContext, report: Report): void {
  for (const { index, config } of routes) {
    if (!config.session || config.issuers.includes(issuer.name)) continue
    const path = ['routes', index, 'session']
    report.error(path, `the issuer of login does not count on this route, so no session would do`)
  }
}

function checkLimits(limits: readonly RateLimitPolicy[], report: Report): void {
  for (const [index, { when }] of limits.entries()) {
    if (when === 'before-auth') continue
    report.error(['login', 'rateLimits', index], 'nobody is known at a login yet: the limit needs when: before-auth')
  }
}

type KeyFile = LoginFile['keys'][number]

function readKey({ id, secret }: KeyFile, path: Path, report: Report, read: ReadSibling) {
  const text = readSecret(secret, path, report, read)?.trim()
  if (text === undefined) return undefined
  const bytes = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64')
  if (bytes.length === KEY_BYTES && /^[\w+/-]+=*$/.test(text)) return { id, secret: bytes.toString('base64') }
  report.error(path, 'expected 32 bytes in base64 or hex, such as `openssl rand -base64 32` prints')
  return undefined
}

const PAGES: readonly LoginPage[] = ['login', 'callback', 'logout', 'me']

/** Where the file says nothing else. */
const LOGIN_LIMIT: RateLimitPolicy = {
  name: 'login-pages',
  limit: 30,
  windowMs: 60_000,
  key: [{ from: 'client.ip' }],
  when: 'before-auth',
  onStoreError: 'local',
}

function toRoute(
  page: LoginPage,
  login: LoginFile,
  { unmatched }: Defaults,
  limits: readonly RateLimitPolicy[],
  report: Report,
): RouteConfig {
  const own = page === 'login' || page === 'callback' ? limits.filter((it) => !unmatched.rateLimits.includes(it)) : []
  return toPageRoute({
    path: `${login.path}/${page}`,
    line: report.line(['login']),
    methods: [page === 'logout' ? 'POST' : 'GET'],
    reason: 'a page of the login',
    rateLimits: [...unmatched.rateLimits, ...own],
    page,
  })
}
