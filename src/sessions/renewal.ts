/**
 * Renews the tokens of sessions. A refresh token may be used once (RFC 9700 section 4.14.2), while a browser sends many requests
 * at once to many processes: one of them renews, and the others take what it got.
 */
import { GatewayError } from '../errors.ts'
import type { IssuerClient, TokenSet } from './issuer-client.ts'
import type { RenewalStore } from './renewal-store.ts'
import type { Sealer } from './seal.ts'
import { readSession, type Session } from './session.ts'

export interface RenewalDeps {
  readonly store: RenewalStore
  readonly sealer: Sealer
  readonly issuer: Pick<IssuerClient, 'refresh' | 'revoke'>
  /** SHA-256 in base64url. */
  readonly sha256: (text: string) => string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Unique each time. */
  readonly createOwner: () => string
  readonly wait: (ms: number) => Promise<void>
  /** Subject of an ID token that was verified before. */
  readonly subjectOf: (idToken: string) => string | undefined
}

export interface Renewal {
  /**
   * The session with new tokens; undefined: it has ended at the authorization server, or by a logout meanwhile. Rejects with
   * `login_unavailable`.
   */
  renew(session: Session): Promise<Session | undefined>
  /** What has become of a session by renewals so far, as far as it is known here. Renews nothing, never rejects. */
  latest(session: Session): Promise<Session>
}

/**
 * Longer than discovery, the token endpoint and the keys may take together, five seconds each: a claim runs out only under a
 * process that is gone.
 */
const LOCK_MS = 20_000
const PATIENCE_MS = 18_000
const ASK_AGAIN_MS = 40
/** How much longer than the new access token the outcome is kept, for browsers that never got the new cookie. */
const OUTLIVES_MS = 60_000
const MAX_KEPT_MS = 3_600_000
/** Renewals of which `latest` follows the outcomes. */
const MAX_FOLLOWED = 3

type Outcome = { readonly for: string; readonly session: Session | null }

export function createRenewal(deps: RenewalDeps): Renewal {
  const { store, sealer, sha256 } = deps
  /** In this process. */
  const underWay = new Map<string, Promise<Session | undefined>>()

  /** What came of it, if it is known; where refresh tokens stay the same, there may be one of an earlier time. */
  async function findOutcome(key: string, { renewedAtMs }: Session): Promise<Outcome | undefined> {
    const sealed = await store.find(key)
    if (sealed === undefined) return undefined
    const outcome = (await sealer.open('renewal', sealed)) as Outcome | undefined
    // A process with a newer key has been there: the token is used, and to use it again might end the session.
    if (outcome === undefined) throw new GatewayError('login_unavailable', 'renewal_sealed_elsewhere')
    if (outcome.for !== key) return undefined
    return outcome.session === null || outcome.session.renewedAtMs > renewedAtMs ? outcome : undefined
  }

  async function publish(key: string, session: Session | undefined): Promise<void> {
    const value = await sealer.seal('renewal', { for: key, session: session ?? null } satisfies Outcome)
    const keptMs = session === undefined ? 0 : Math.max(0, session.accessEndsAtMs - deps.now())
    await store.publish(key, value, Math.min(keptMs + OUTLIVES_MS, MAX_KEPT_MS))
  }

  /** This process has the claim. */
  async function refresh(key: string, session: Session): Promise<Session | undefined> {
    const tokens = await deps.issuer.refresh(session.refreshToken as string)
    const renewed = tokens && toRenewed(session, tokens, deps)
    // A process that stood still for longer than its claim may have been the first one after all.
    const other = renewed === undefined ? await findOutcome(key, session) : undefined
    if (other !== undefined) return readSession(other.session)
    // The tokens are had: without the store at least this browser gets them.
    await publish(key, renewed).catch(() => {})
    return renewed && (await unlessEnded(key, renewed))
  }

  /**
   * A logout meanwhile wins. It says so first and looks for the outcome of a renewal then; here it is the other way round, so
   * that one of the two always sees the other, and the new refresh token is revoked.
   */
  async function unlessEnded(key: string, renewed: Session): Promise<Session | undefined> {
    if (!(await store.hasEnded(renewed.id).catch(() => false))) return renewed
    await Promise.allSettled([publish(key, undefined), deps.issuer.revoke(renewed.refreshToken as string)])
    return undefined
  }

  async function renew(key: string, session: Session): Promise<Session | undefined> {
    const owner = deps.createOwner()
    for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += ASK_AGAIN_MS) {
      const outcome = await findOutcome(key, session)
      if (outcome !== undefined) return readSession(outcome.session)
      if (await store.claim(key, owner, LOCK_MS)) {
        try {
          // Whoever had the claim before may have published in between.
          const late = await findOutcome(key, session)
          return late === undefined ? await refresh(key, session) : readSession(late.session)
        } finally {
          await store.release(key, owner).catch(() => {})
        }
      }
      await deps.wait(ASK_AGAIN_MS)
    }
    throw new GatewayError('login_unavailable', 'renewal_by_another')
  }

  return {
    renew(session) {
      const key = sha256(session.refreshToken as string)
      const known = underWay.get(key)
      if (known !== undefined) return known
      const renewed = renew(key, session).finally(() => underWay.delete(key))
      underWay.set(key, renewed)
      return renewed
    },
    async latest(session) {
      let latest = session
      for (let i = 0; i < MAX_FOLLOWED && latest.refreshToken !== undefined; i += 1) {
        const outcome = await findOutcome(sha256(latest.refreshToken), latest).catch(() => undefined)
        const next = readSession(outcome?.session)
        if (next === undefined) break
        latest = next
      }
      return latest
    },
  }
}

/** Undefined: the new ID token is about somebody else (OpenID Connect Core section 12.2). */
function toRenewed(session: Session, tokens: TokenSet, { now, subjectOf }: RenewalDeps): Session | undefined {
  if (tokens.subject !== undefined && tokens.subject !== subjectOf(session.idToken)) return undefined
  const refreshToken = tokens.refreshToken ?? session.refreshToken
  return {
    id: session.id,
    accessToken: tokens.accessToken,
    accessEndsAtMs: now() + tokens.expiresInMs,
    ...(refreshToken !== undefined && { refreshToken }),
    idToken: tokens.idToken ?? session.idToken,
    startedAtMs: session.startedAtMs,
    renewedAtMs: now(),
  }
}
