/** How long a stream may last that a token has begun: events, a WebSocket. Any other answer ends by itself. */

export interface StreamTerms {
  /** Moment from which the token does not count any more; ms since the epoch. */
  readonly endsAtMs: number
  readonly clock: StreamClock
  /** For the answer to a WebSocket handshake, when the upstream chooses none of the subprotocols that it was offered. */
  readonly subprotocol: string | undefined
}

interface StreamClock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs `run` once after `delayMs`, unless the returned function is called before. Keeps no process alive. */
  schedule(run: () => void, delayMs: number): () => void
}

/** So late it may be noticed that the clock was set forward, or that the machine slept. */
const LOOK_MS = 60_000

/** Runs `run` once when the token is over, never at once; returns how to prevent it. */
export function whenOver({ endsAtMs, clock }: StreamTerms, run: () => void): () => void {
  const wait = () => clock.schedule(look, Math.min(Math.max(0, endsAtMs - clock.now()), LOOK_MS))
  let stop = wait()

  function look(): void {
    if (clock.now() >= endsAtMs) run()
    else stop = wait()
  }
  return () => stop()
}

/** @param fields of an answer, flat names and values */
export function isEventStream(fields: readonly string[]): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() === 'content-type') return /^text\/event-stream\s*(?:;|$)/i.test(fields[i + 1] ?? '')
  }
  return false
}
