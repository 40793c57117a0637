/**
 * Who may read the pages for people on the admin listener: the console and `/config/status`. Health and metrics are for
 * machines, and ask for nothing.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { AdminConfig } from '../config/admin-config.ts'
import { createPasswordAttempts } from './password-attempts.ts'

/** What a decision looks at in a request. */
export interface AdminRequest {
  readonly method: string
  readonly path: string
  /** Of the peer. */
  readonly address: string
  header(name: string): string | undefined
}

/** An answer in place of the page. `text` is for whoever operates the gateway. */
export interface AdminRefusal {
  readonly status: 401 | 403 | 421 | 429
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

/** Undefined: it may be answered. */
export type JudgeAdminAccess = (request: AdminRequest) => AdminRefusal | undefined

export const CONSOLE = '/console'

/**
 * A page of another site must neither read nor ask anything here: not by a name that it lets point to this address (DNS
 * rebinding), not by a request of its own, not by a link into the data. Then the password, if the file has one: ten wrong ones
 * in a minute, and none of this address counts until the minute is over.
 * @param now ms of any clock
 */
export function createAdminAccess({ host, names = [], password }: AdminConfig, now: () => number): JudgeAdminAccess {
  const known = new Set(['localhost', host, ...names].map((name) => name.toLowerCase()))
  const secret = password === undefined ? undefined : digest(password)
  const attempts = createPasswordAttempts(now)

  function judgePassword({ address, header }: AdminRequest, expected: Buffer): AdminRefusal | undefined {
    const authorization = header('authorization')
    if (authorization === undefined) return NO_PASSWORD
    const waitSeconds = attempts.waitSeconds(address)
    if (waitSeconds > 0) return refusal(429, TOO_MANY, { 'Retry-After': String(waitSeconds) })
    const presented = digest(presentedIn(authorization))
    if (timingSafeEqual(presented, expected)) return undefined
    attempts.noteFailure(address, presented.toString('base64'))
    return NO_PASSWORD
  }

  return (request) => {
    if (!isKnownHost(request.header('host'), known)) return WRONG_HOST
    if (isFromElsewhere(request)) return FROM_ELSEWHERE
    return secret === undefined ? undefined : judgePassword(request, secret)
  }
}

/** Whether only this machine can reach a listener with this address. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(address)
}

/** The console is not served to a network without a password. */
export const NEEDS_PASSWORD: AdminRefusal = refusal(
  403,
  'The console is not served: admin.host is no loopback address, and the file has no admin.password.',
)
const WRONG_HOST = refusal(421, 'Ask by an address, by localhost, or by a name that stands in admin.names.')
const FROM_ELSEWHERE = refusal(403, 'Pages of other sites may not ask this.')
const TOO_MANY = 'Too many wrong passwords have come from this address.'
const NO_PASSWORD = refusal(401, 'Send admin.password, as the password of any user or as a bearer token.', {
  'WWW-Authenticate': 'Basic realm="Scopegate admin", charset="UTF-8"',
})

function refusal(status: AdminRefusal['status'], text: string, headers: AdminRefusal['headers'] = {}): AdminRefusal {
  return { status, text, headers }
}

/** Nobody can let an address point elsewhere. */
function isKnownHost(host: string | undefined, known: ReadonlySet<string>): boolean {
  const name = URL.parse(`http://${host}`)?.hostname.replace(/^\[(.*)\]$/, '$1') ?? ''
  return isIP(name) !== 0 || known.has(name)
}

/**
 * Browsers say where a request comes from (Fetch Metadata), at least to loopback and over TLS; `Origin` they send in any
 * case with what is no mere read. Following a link to the page itself is allowed: it shows nothing to where the link was.
 */
function isFromElsewhere(request: AdminRequest): boolean {
  const origin = request.header('origin')
  if (origin !== undefined && URL.parse(origin)?.host !== request.header('host')) return true
  const site = request.header('sec-fetch-site') ?? 'none'
  if (site === 'same-origin' || site === 'none') return false
  const isLink = request.header('sec-fetch-mode') === 'navigate' && request.header('sec-fetch-dest') === 'document'
  return !(isLink && request.method === 'GET' && request.path === CONSOLE)
}

/** RFC 7617 or RFC 6750; empty when it is neither. */
function presentedIn(authorization: string): string {
  const [, scheme = '', value = ''] = /^(basic|bearer) +(\S+)$/i.exec(authorization) ?? []
  return scheme.toLowerCase() === 'basic' ? passwordOf(value) : value
}

function passwordOf(basic: string): string {
  const text = Buffer.from(basic, 'base64').toString()
  const colon = text.indexOf(':')
  return colon === -1 ? '' : text.slice(colon + 1)
}

/** What is compared, in a time that says nothing about either. */
function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
