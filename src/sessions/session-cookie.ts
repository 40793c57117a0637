/** The session's cookie. */
import { GatewayError } from '../errors.ts'
import { CookieTooLarge, clearPieces, joinPieces, type OwnCookies, setInPieces } from './cookies.ts'
import type { Sealer } from './seal.ts'
import { readSession, type Session } from './session.ts'

/** Behind the prefix of all. */
const NAME = 'session'

export function hasSessionCookie(cookies: OwnCookies): boolean {
  return cookies.has(NAME)
}

/** The session as it was kept; how old it is nobody has looked at. */
export async function openSession(sealer: Sealer, cookies: OwnCookies): Promise<Session | undefined> {
  const text = joinPieces(NAME, cookies)
  return text === undefined ? undefined : readSession(await sealer.open('session', text))
}

/**
 * Values of the `Set-Cookie` fields that keep it. Rejects with `internal_error`: the tokens do not fit into cookies, which no
 * other try will change.
 */
export async function keepSession(sealer: Sealer, session: Session, present: OwnCookies): Promise<string[]> {
  try {
    return setInPieces(NAME, await sealer.seal('session', session), present)
  } catch (cause) {
    if (cause instanceof CookieTooLarge) throw new GatewayError('internal_error', 'session_too_large', {}, cause)
    throw cause
  }
}

/** Values of the `Set-Cookie` fields that remove it. */
export function clearSession(present: OwnCookies): string[] {
  return clearPieces(NAME, present)
}

/**
 * The same for one that is no good here. One of a key that this gateway does not have stays: while keys are exchanged on one
 * gateway after the other, the next request may reach another, and nobody is to be logged out.
 */
export function clearUseless(sealer: Sealer, present: OwnCookies): string[] {
  return sealer.isOfOtherKey('session', joinPieces(NAME, present) ?? '') ? [] : clearSession(present)
}

/** Fields of an answer, flat. */
export function toFields(setCookies: readonly string[]): string[] {
  return setCookies.flatMap((value) => ['Set-Cookie', value])
}
