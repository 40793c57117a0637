/** Whether what was sampled stays flat: medians, for on a machine with other work single values say little. */
import { median } from '../statistics.ts'
import type { Sample } from './samples.ts'

export interface Flatness {
  readonly title: string
  /** Of the second and the last third; the first is warm-up. */
  readonly before: number
  readonly after: number
  /** The most that `after` may be. */
  readonly limit: number
  readonly kept: boolean
}

interface FlatnessPromise {
  readonly title: string
  readonly of: (sample: Sample) => number
  /** Growth that is no growth: a share, and an absolute part for what is small. */
  readonly share: number
  readonly slack: number
}

const PROMISES: readonly FlatnessPromise[] = [
  // Node collects when it likes: what is resident goes up and down by a third. The live heap is the sharper measure.
  { title: 'resident memory, MiB', of: ({ rssMiB }) => rssMiB, share: 0.1, slack: 8 },
  { title: 'open descriptors', of: ({ descriptors }) => descriptors, share: 0.05, slack: 3 },
  { title: 'latency p50, ms', of: ({ p50Ms }) => p50Ms, share: 0.25, slack: 1 },
  { title: 'latency p99, ms', of: ({ p99Ms }) => p99Ms, share: 0.5, slack: 10 },
]

const LIVE_HEAP = { title: 'live heap, MiB', share: 0.05, slack: 1 }

/** @param liveHeapMiB At the end of each third, after a collection. */
export function judgeFlatness(samples: readonly Sample[], liveHeapMiB: readonly number[]): Flatness[] {
  const third = Math.floor(samples.length / 3)
  const medians = PROMISES.map(({ of, ...promise }) => {
    const before = median(
      samples
        .slice(third, 2 * third)
        .map(of)
        .filter(Number.isFinite),
    )
    const after = median(
      samples
        .slice(2 * third)
        .map(of)
        .filter(Number.isFinite),
    )
    return judge(promise, before, after)
  })
  const [, before = Number.NaN, after = Number.NaN] = liveHeapMiB
  return [judge(LIVE_HEAP, before, after), ...medians]
}

function judge({ title, share, slack }: Omit<FlatnessPromise, 'of'>, before: number, after: number): Flatness {
  const limit = before * (1 + share) + slack
  return { title, before, after, limit, kept: after <= limit }
}
