/** What a session is, and how long it lasts. Pure: the time comes in. */

/** All of it stands in the cookie, encrypted: the gateway keeps nothing. Times are ms since the epoch. */
export interface Session {
  /** Random; the same from the login to the end. */
  readonly id: string
  readonly accessToken: string
  readonly accessEndsAtMs: number
  readonly refreshToken?: string
  readonly idToken: string
  /** The login. */
  readonly startedAtMs: number
  /** When the tokens were had: at the login, then at the last renewal. */
  readonly renewedAtMs: number
}

export interface Lifetime {
  readonly idleMs: number
  readonly absoluteMs: number
}

/** A renewal begins this long before the access token ends, or earlier by a quarter of a shorter lifetime. */
const AHEAD_MS = 30_000

/** Too long since the login, since the last use, or since a token that cannot be renewed. */
export function isOver(session: Session, { idleMs, absoluteMs }: Lifetime, nowMs: number): boolean {
  if (nowMs >= session.startedAtMs + absoluteMs) return true
  return nowMs >= (session.refreshToken === undefined ? session.accessEndsAtMs : session.renewedAtMs + idleMs)
}

/**
 * Whether the tokens are to be renewed now: the access token ends soon, or the use of the session has to be noted. Noting it
 * without a renewal would make two cookies of which an older one could come later and win.
 */
export function needsRenewal(session: Session, { idleMs }: Lifetime, nowMs: number): boolean {
  if (session.refreshToken === undefined) return false
  const { accessEndsAtMs, renewedAtMs } = session
  const aheadMs = Math.min(AHEAD_MS, (accessEndsAtMs - renewedAtMs) / 4)
  return nowMs >= accessEndsAtMs - aheadMs || nowMs >= renewedAtMs + idleMs / 4
}

/** What was decrypted, if it has the form of a session. */
export function readSession(value: unknown): Session | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { id, accessToken, accessEndsAtMs, refreshToken, idToken, startedAtMs, renewedAtMs } = value as Partial<Session>
  const texts = [id, accessToken, idToken].every((text) => typeof text === 'string')
  const times = [accessEndsAtMs, startedAtMs, renewedAtMs].every((time) => typeof time === 'number')
  const isRenewable = refreshToken === undefined || typeof refreshToken === 'string'
  return texts && times && isRenewable ? (value as Session) : undefined
}
