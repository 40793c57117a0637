/** When to replace a worker that ended, and when to give up. */

const LONGEST_DELAY_MS = 30_000
/** A worker that ran this long was well; its end is no part of a series. */
const STEADY_MS = 60_000
/** Starts in a row of which none got as far as listening. */
const MAX_FAILED_STARTS = 5

export interface RestartPolicy {
  /** A worker listens. */
  noteReady(): void
  /** A worker ended. Milliseconds to wait before the next one starts; undefined: give up. */
  noteEnd(): number | undefined
}

/**
 * For one worker and those that replace it. The first end after a steady run is made good at once; then the waits double.
 * @param clock milliseconds, only forward
 * @param firstDelayMs the first wait
 */
export function createRestartPolicy(clock: () => number, firstDelayMs: number): RestartPolicy {
  let readySince: number | undefined
  let failedStarts = 0
  let ends = 0
  return {
    noteReady() {
      readySince = clock()
      failedStarts = 0
    },
    noteEnd() {
      if (readySince === undefined) failedStarts++
      else if (clock() - readySince >= STEADY_MS) ends = 0
      readySince = undefined
      if (failedStarts >= MAX_FAILED_STARTS) return undefined
      ends++
      return ends === 1 ? 0 : Math.min(firstDelayMs * 2 ** (ends - 2), LONGEST_DELAY_MS)
    },
  }
}
