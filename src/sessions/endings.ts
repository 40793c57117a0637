/** Sessions that their users ended: a copy of the cookie, or a renewal that was under way, must not bring them back. */
import type { RenewalStore } from './renewal-store.ts'
import type { Lifetime, Session } from './session.ts'

export interface Endings {
  /** Ends a session for all gateways. Rejects with `login_unavailable`. */
  end(session: Session): Promise<void>
  /**
   * Whether it has been ended, as it was known at most five seconds ago: many requests ask the store once. While the store
   * cannot be reached nothing has: what remains is the end of the access token, for renewals need the store.
   */
  hasEnded(session: Session): Promise<boolean>
}

const KNOWN_FOR_MS = 5000
const MAX_KNOWN = 10_000

/** @param now ms since the epoch */
export function createEndings(
  store: Pick<RenewalStore, 'end' | 'hasEnded'>,
  { absoluteMs }: Pick<Lifetime, 'absoluteMs'>,
  now: () => number,
): Endings {
  const known = new Map<string, { readonly ended: Promise<boolean>; readonly untilMs: number }>()

  function know(id: string, ended: Promise<boolean>): Promise<boolean> {
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(id, { ended, untilMs: now() + KNOWN_FOR_MS })
    return ended
  }

  return {
    async end({ id, startedAtMs }) {
      void know(id, Promise.resolve(true))
      // After that it is over anyway.
      await store.end(id, Math.max(1, startedAtMs + absoluteMs - now()))
    },
    hasEnded({ id }) {
      const last = known.get(id)
      if (last !== undefined && now() < last.untilMs) return last.ended
      const ended = store.hasEnded(id).catch(() => false)
      return know(id, ended)
    },
  }
}
