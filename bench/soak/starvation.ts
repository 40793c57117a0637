/** Whether others leave the processor to the soak. On a machine that it shares, a wait for it is a fault of the machine. */
import { readFileSync } from 'node:fs'
import type { FaultLog } from './faults.ts'

export interface StarvationWatch {
  /** How long it lasted so far, in all. */
  readonly seconds: number
  stop(): void
}

const LOOK_EVERY_MS = 250
/** Of the time since the last look, spent with work to do and no processor to do it on. */
const STARVED_SHARE = 0.8

/** Milliseconds that the main thread of a process waited for a processor: the second figure of /proc/PID/schedstat. */
export function parseWaitedMs(schedstat: string): number {
  return Number(schedstat.split(' ')[1]) / 1e6
}

export function watchForStarvation(pids: readonly number[], faults: FaultLog): StarvationWatch {
  const waitedMs = () => pids.map((pid) => parseWaitedMs(readFileSync(`/proc/${pid}/schedstat`, 'utf8')))
  let seconds = 0
  let end: (() => void) | undefined
  let lastAtMs = performance.now()
  let last = waitedMs()
  const timer = setInterval(() => {
    const nowMs = performance.now()
    const now = waitedMs()
    const passedMs = nowMs - lastAtMs
    const isStarved = now.some((waited, index) => (waited - (last[index] ?? 0)) / passedMs > STARVED_SHARE)
    lastAtMs = nowMs
    last = now
    if (isStarved) {
      seconds += passedMs / 1000
      end ??= faults.begin('machine', passedMs)
    } else if (end !== undefined) {
      end()
      end = undefined
    }
  }, LOOK_EVERY_MS)
  return {
    get seconds() {
      return seconds
    },
    stop: () => clearInterval(timer),
  }
}
