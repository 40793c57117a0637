/** Sessions of one configuration, put together. */
import { hash, randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { LoginConfig } from '../config/login-config.ts'
import { GatewayError } from '../errors.ts'
import { isFromOwnPage, isNavigation, isUnsafe } from './browser.ts'
import { type OwnCookies, readOwnCookies } from './cookies.ts'
import { createEndings } from './endings.ts'
import { readIdClaims } from './id-claims.ts'
import { createIssuerClient } from './issuer-client.ts'
import { createLoginPages, type Found } from './login-pages.ts'
import { createRenewal } from './renewal.ts'
import { readReturnTo } from './return-to.ts'
import { createSealer } from './seal.ts'
import { isOver, needsRenewal, type Session } from './session.ts'
import { clearUseless, hasSessionCookie, keepSession, openSession, toFields } from './session-cookie.ts'
import type { Presented, SessionDeps, SessionRequest, Sessions } from './sessions.ts'

/** A browser that was away for long may bring a session of several renewals ago. */
const MAX_RENEWALS = 3

export function createLogin(login: LoginConfig, { store, now, log }: SessionDeps): Sessions {
  const sealer = createSealer(login.keys)
  const issuer = createIssuerClient(login)
  const endings = createEndings(store, login.lifetime, now)
  const renewal = createRenewal({
    ...{ store, sealer, issuer, now },
    sha256: (text) => hash('sha256', text, 'base64url'),
    createOwner: () => randomBytes(16).toString('base64url'),
    wait: (ms) => wait(ms),
    subjectOf: readSubject,
  })

  /** Rejects with `login_unavailable` when a session that has to be renewed cannot be. */
  async function find(cookies: OwnCookies): Promise<Found> {
    const kept = await openSession(sealer, cookies)
    const isEnded = kept === undefined || (await endings.hasEnded(kept))
    const session = isEnded ? undefined : await bringUpToDate(kept)
    if (session === undefined) return { session, setCookies: clearUseless(sealer, cookies) }
    return { session, setCookies: session === kept ? [] : await keepSession(sealer, session, cookies) }
  }

  /** Undefined: it is over. */
  async function bringUpToDate(kept: Session): Promise<Session | undefined> {
    let session: Session | undefined = kept
    for (let i = 0; i < MAX_RENEWALS && session !== undefined; i += 1) {
      if (isOver(session, login.lifetime, now()) || !needsRenewal(session, login.lifetime, now())) break
      const renewed: Session | undefined = await renewOrKeep(session)
      if (renewed === session) break
      session = renewed
    }
    return session === undefined || isOver(session, login.lifetime, now()) ? undefined : session
  }

  /** A renewal that was to come in time may come later. */
  async function renewOrKeep(session: Session): Promise<Session | undefined> {
    try {
      return await renewal.renew(session)
    } catch (error) {
      if (now() < session.accessEndsAtMs) return session
      throw error
    }
  }

  async function present(request: SessionRequest): Promise<Presented> {
    const cookies = readOwnCookies(request.header('cookie'))
    if (
      hasSessionCookie(cookies) &&
      isUnsafe(request) &&
      !isFromOwnPage(request, login.publicOrigin, request.otherOrigins)
    ) {
      return { refusal: new GatewayError('cross_site_request', 'session_of_another_page'), answerFields: [] }
    }
    const { session, setCookies } = await find(cookies)
    const answerFields = [...PRIVATE, ...toFields(setCookies)]
    if (session !== undefined) return { accessToken: session.accessToken, answerFields }
    return { refusal: withoutSession(login, request), answerFields }
  }

  return { present, answer: createLoginPages({ login, sealer, issuer, renewal, endings, log, find, now }) }
}

/** The answer is about one person. Fields of an upstream that say otherwise do not pass. */
const PRIVATE = ['Cache-Control', 'private', 'Vary', 'Cookie']

/** A page is opened: by way of the login. A script gets a 401 that it can act on. */
function withoutSession({ path }: LoginConfig, request: SessionRequest): GatewayError {
  if (!isNavigation(request)) return new GatewayError('missing_token', 'session_missing')
  const returnTo = readReturnTo(request.path + request.query, path) ?? '/'
  const location = `${path}/login?${new URLSearchParams({ return_to: returnTo })}`
  return new GatewayError('missing_token', 'to_login', { location })
}

function readSubject(idToken: string): string | undefined {
  const { sub } = readIdClaims(idToken)
  return typeof sub === 'string' ? sub : undefined
}
