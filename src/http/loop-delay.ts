/**
 * How far the event loop lags behind: by how much a timer is late. Measured while requests come; a gateway without any
 * sleeps. A turn of the loop that is longer than the period makes the timer late by nearly all of it.
 */
const PERIOD_MS = 20

export interface LoopDelay {
  /** A request has come: what follows is measured. */
  wake(): void
  close(): void
}

/**
 * @param onDelay gets a delay and the time, both in ms; says whether it wants to hear more although nothing comes
 * @param clock monotonic ms
 */
export function watchLoopDelay(onDelay: (delayMs: number, nowMs: number) => boolean, clock: () => number): LoopDelay {
  let timer: NodeJS.Timeout | undefined
  let startedAtMs = 0
  let isAsleep = true
  let isWanted = false

  function measure(): void {
    const nowMs = clock()
    const goesOn = onDelay(Math.max(0, nowMs - startedAtMs - PERIOD_MS), nowMs)
    if (goesOn || isWanted) start(nowMs)
    else isAsleep = true
    isWanted = false
  }

  function start(nowMs: number): void {
    startedAtMs = nowMs
    if (timer !== undefined) timer.refresh()
    else timer = setTimeout(measure, PERIOD_MS).unref()
  }

  return {
    wake() {
      isWanted = true
      if (!isAsleep) return
      isAsleep = false
      start(clock())
    },
    close: () => clearTimeout(timer),
  }
}
