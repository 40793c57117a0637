/** Time as authentication sees it: given as a parameter, so that tests need not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs `run` once after `delayMs`, unless the returned function is called before. Keeps no process alive. */
  schedule(run: () => void, delayMs: number): () => void
}

/** Longest delay that `setTimeout` can hold; a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: Date.now,
  schedule(run, delayMs) {
    const timer: { unref?: () => void } = setTimeout(run, Math.min(delayMs, MAX_DELAY_MS))
    timer.unref?.()
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>)
  },
}
