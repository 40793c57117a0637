/** The login's own pages: login, callback, logout, me. */
import { randomBytes } from 'node:crypto'
import type { LoginConfig, LoginPage } from '../config/login-config.ts'
import { GatewayError } from '../errors.ts'
import { readClaim } from '../read-claim.ts'
import { isFromOwnPage } from './browser.ts'
import { type OwnCookies, readOwnCookies } from './cookies.ts'
import type { Endings } from './endings.ts'
import { readIdClaims } from './id-claims.ts'
import type { IssuerClient, TokenSet } from './issuer-client.ts'
import type { Renewal } from './renewal.ts'
import { readReturnTo } from './return-to.ts'
import type { Sealer } from './seal.ts'
import type { Session } from './session.ts'
import { clearSession, keepSession, openSession, toFields } from './session-cookie.ts'
import type { PageAnswer, Presented, SessionLog, SessionRequest } from './sessions.ts'
import { setTransaction, takeTransaction } from './transaction.ts'

/** What a request's session is, and what its cookies have to become. */
export interface Found {
  readonly session: Session | undefined
  readonly setCookies: readonly string[]
}

interface PageDeps {
  readonly login: LoginConfig
  readonly sealer: Sealer
  readonly issuer: IssuerClient
  readonly renewal: Pick<Renewal, 'latest'>
  readonly endings: Endings
  readonly log: SessionLog
  find(cookies: OwnCookies): Promise<Found>
  now(): number
}

type Answer = Promise<PageAnswer | Presented>

export function createLoginPages(deps: PageDeps): (page: LoginPage, request: SessionRequest) => Answer {
  const pages: Record<LoginPage, (request: SessionRequest, cookies: OwnCookies, deps: PageDeps) => Answer> = {
    login: beginLogin,
    callback: endLogin,
    logout: endSession,
    me: showClaims,
  }
  return (page, request) => pages[page](request, readOwnCookies(request.header('cookie')), deps)
}

async function beginLogin(request: SessionRequest, cookies: OwnCookies, deps: PageDeps): Answer {
  const { login, sealer, issuer, now } = deps
  const wanted = new URLSearchParams(request.query).getAll('return_to')
  const returnTo = readReturnTo(wanted[0] ?? '/', login.path)
  if (returnTo === undefined || wanted.length > 1) throw new GatewayError('login_failed', 'return_to')
  const random = () => randomBytes(32).toString('base64url')
  const transaction = { state: random(), nonce: random(), verifier: random(), returnTo, startedAtMs: now() }
  const location = await issuer.authorizationUrl(transaction)
  return seeOther(location, await setTransaction(sealer, transaction, cookies))
}

async function endLogin(request: SessionRequest, cookies: OwnCookies, deps: PageDeps): Answer {
  const { login, sealer, issuer, now } = deps
  const states = new URLSearchParams(request.query).getAll('state')
  const state = states.length === 1 ? (states[0] as string) : ''
  const { transaction, spent } = await takeTransaction(sealer, state, cookies, now())
  const answerFields = toFields(spent)
  if (transaction === undefined) return { refusal: new GatewayError('login_failed', 'login_unknown'), answerFields }
  try {
    const tokens = await issuer.redeem(request.query, transaction)
    const session = toSession(tokens, now())
    const kept = await keepSession(sealer, session, cookies)
    return seeOther(login.publicOrigin + transaction.returnTo, [...kept, ...spent])
  } catch (error) {
    if (error instanceof GatewayError) return { refusal: error, answerFields }
    throw error
  }
}

/** Only by POST from an own page: no other page may log somebody out. */
async function endSession(request: SessionRequest, cookies: OwnCookies, deps: PageDeps): Answer {
  const { login, sealer, issuer } = deps
  if (!isFromOwnPage(request, login.publicOrigin, request.otherOrigins)) {
    throw new GatewayError('cross_site_request', 'logout_of_another_page')
  }
  const cleared = clearSession(cookies)
  const session = await openSession(sealer, cookies)
  if (session === undefined) return seeOther(login.publicOrigin + login.afterLogout, cleared)
  const revoked = revoke(session, deps)
  try {
    const location = await issuer.logoutUrl(session.idToken)
    await revoked
    return seeOther(location ?? login.publicOrigin + login.afterLogout, cleared)
  } catch (error) {
    // The session here is over in any case; that the one of the issuer is not must not stay unnoticed.
    if (error instanceof GatewayError) return { refusal: error, answerFields: toFields(cleared) }
    throw error
  }
}

/**
 * The session must not live on in a copy of its cookie, nor by a renewal that is under way, whether or not the browser gets to the
 * issuer's own logout. Never rejects: the browser is logged out in any case, and what failed is logged.
 */
async function revoke(session: Session, { issuer, renewal, endings, log }: PageDeps): Promise<void> {
  // Once for each session: copies of a cookie must not make the issuer work.
  if (await endings.hasEnded(session)) return
  const warn = (what: string) => (cause: unknown) => log.warn({ cause }, what)
  await endings.end(session).catch(warn('a logout could not be noted for other gateways'))
  const { refreshToken } = await renewal.latest(session)
  if (refreshToken === undefined) return
  await issuer.revoke(refreshToken).catch(warn('a logout could not revoke the refresh token at the issuer'))
}

async function showClaims(_: SessionRequest, cookies: OwnCookies, { login, find }: PageDeps): Answer {
  const { session, setCookies } = await find(cookies)
  const answerFields = [...NO_STORE, ...toFields(setCookies)]
  if (session === undefined) return { refusal: new GatewayError('missing_token', 'session_missing'), answerFields }
  const claims = readIdClaims(session.idToken)
  const shown = login.me.flatMap(({ name, path }) => {
    const value = readClaim(claims, path)
    return value === undefined ? [] : [[name, value]]
  })
  const headers = ['Content-Type', 'application/json', ...answerFields]
  return { status: 200, headers, body: JSON.stringify(Object.fromEntries(shown)) }
}

const NO_STORE = ['Cache-Control', 'no-store']

function seeOther(location: string, setCookies: readonly string[]): PageAnswer {
  return { status: 303, headers: ['Location', location, ...NO_STORE, ...toFields(setCookies)], body: '' }
}

function toSession(tokens: TokenSet, nowMs: number): Session {
  return {
    id: randomBytes(16).toString('base64url'),
    accessToken: tokens.accessToken,
    accessEndsAtMs: nowMs + tokens.expiresInMs,
    ...(tokens.refreshToken !== undefined && { refreshToken: tokens.refreshToken }),
    // Without one the callback would have been refused.
    idToken: tokens.idToken ?? '',
    startedAtMs: nowMs,
    renewedAtMs: nowMs,
  }
}
