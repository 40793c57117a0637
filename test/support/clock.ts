/** A clock that stands still until a test moves it. Fits every `Clock` of the gateway. */
export interface TestClock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs `run` once when the clock gets there; returns how to prevent it. */
  schedule(run: () => void, delayMs: number): () => void
  /** Moves forward, running what is due, in order and each at its own moment. */
  advance(ms: number): void
  /** Jumps without running anything, as when a machine's clock is set. */
  set(ms: number): void
  /** Timers that are waiting. */
  readonly pending: number
}

export const TEST_TIME_MS = Date.UTC(2026, 10, 23, 12)

export function createTestClock(startMs = TEST_TIME_MS): TestClock {
  let nowMs = startMs
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>()

  function next(untilMs: number) {
    const due = [...timers].filter(({ atMs }) => atMs <= untilMs)
    return due.sort((a, b) => a.atMs - b.atMs)[0]
  }

  return {
    now: () => nowMs,
    schedule(run, delayMs) {
      const timer = { atMs: nowMs + delayMs, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance(ms) {
      const untilMs = nowMs + ms
      for (let timer = next(untilMs); timer !== undefined; timer = next(untilMs)) {
        timers.delete(timer)
        nowMs = Math.max(nowMs, timer.atMs)
        timer.run()
      }
      nowMs = untilMs
    },
    set(ms) {
      nowMs = ms
    },
    get pending() {
      return timers.size
    },
  }
}
