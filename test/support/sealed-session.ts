/** Sessions as a gateway with the keys of `login.ts` keeps them, made without a login. */
import { randomUUID } from 'node:crypto'
import { joinPieces, readOwnCookies, setInPieces } from '../../src/sessions/cookies.ts'
import { createSealer } from '../../src/sessions/seal.ts'
import { readSession, type Session } from '../../src/sessions/session.ts'
import { COOKIE_KEYS } from './login.ts'

const sealerOf = (key: keyof typeof COOKIE_KEYS) => createSealer([{ id: key, secret: COOKIE_KEYS[key] }])

/** The value of a `Cookie` field with this session. What is not given: begun now, good for an hour. */
export async function sessionCookie(
  session: Partial<Session>,
  { key = 'new' as keyof typeof COOKIE_KEYS } = {},
): Promise<string> {
  const nowMs = Date.now()
  const times = { accessEndsAtMs: nowMs + 3_600_000, startedAtMs: nowMs, renewedAtMs: nowMs }
  const whole = {
    id: randomUUID(),
    accessToken: '',
    refreshToken: 'a-refresh-token',
    idToken: 'a.e30.b',
    ...times,
    ...session,
  }
  const lines = setInPieces('session', await sealerOf(key).seal('session', whole), new Map())
  return lines.map((line) => line.split(';')[0]).join('; ')
}

/** The session in the value of a `Cookie` field. */
export async function readSessionCookie(field: string): Promise<Session | undefined> {
  const text = joinPieces('session', readOwnCookies(field))
  return text === undefined ? undefined : readSession(await sealerOf('new').open('session', text))
}
