/** A login between its start and its callback: what the callback is checked against, in a cookie of its own. */
import { clearCookie, type OwnCookies, setCookie } from './cookies.ts'
import type { Sealer } from './seal.ts'

export interface Transaction {
  /** RFC 6749 section 10.12: ties the callback to this browser. */
  readonly state: string
  /** OpenID Connect Core section 3.1.2.1: ties the ID token to this login. */
  readonly nonce: string
  /** PKCE (RFC 7636): ties the code to this login. */
  readonly verifier: string
  /** Canonical path with its query. */
  readonly returnTo: string
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number
}

const LIFETIME_MS = 600_000
/** Logins at once, such as tabs of a browser that was restarted. */
const MAX_OPEN = 3
/** `login-<seconds in base 36>-<start of the state>`. The time in the name orders them; nothing else depends on it. */
const NAME = /^login-([0-9a-z]{1,9})-[\w-]{12}$/

/** Values of the `Set-Cookie` fields that keep a login; the oldest of too many are removed. */
export async function setTransaction(sealer: Sealer, transaction: Transaction, present: OwnCookies): Promise<string[]> {
  const { state, startedAtMs } = transaction
  const name = `login-${Math.floor(startedAtMs / 1000).toString(36)}-${state.slice(0, 12)}`
  const sealed = await sealer.seal('login', transaction)
  const old = openLogins(present).slice(MAX_OPEN - 1)
  return [setCookie(name, sealed, LIFETIME_MS / 1000), ...old.map(clearCookie)]
}

/**
 * The login that a callback with this `state` ends; its cookie is spent in any case but one: another gateway has its key, and can
 * still end it. Undefined: this browser began none, or too long ago.
 */
export async function takeTransaction(
  sealer: Sealer,
  state: string,
  present: OwnCookies,
  nowMs: number,
): Promise<{ readonly transaction: Transaction | undefined; readonly spent: readonly string[] }> {
  const name = openLogins(present).find((it) => state.length >= 12 && it.endsWith(`-${state.slice(0, 12)}`))
  if (name === undefined) return { transaction: undefined, spent: [] }
  const text = present.get(name) ?? ''
  if (sealer.isOfOtherKey('login', text)) return { transaction: undefined, spent: [] }
  const value = (await sealer.open('login', text)) as Transaction | undefined
  const isGood = value?.state === state && nowMs < value.startedAtMs + LIFETIME_MS
  return { transaction: isGood ? value : undefined, spent: [clearCookie(name)] }
}

/** Names, the newest first. */
function openLogins(present: OwnCookies): string[] {
  const timeOf = (name: string) => Number.parseInt(NAME.exec(name)?.[1] ?? '0', 36)
  return [...present.keys()].filter((name) => NAME.test(name)).toSorted((a, b) => timeOf(b) - timeOf(a))
}
