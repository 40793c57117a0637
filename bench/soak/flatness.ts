/** Whether what was sampled stays flat: medians, for on a machine with other work single values say little. */
import { median } from '../statistics.ts'
import type { Sample } from './samples.ts'

export interface Flatness {
  readonly title: string
  /** Medians of the second and the last third; the first is warm-up. */
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
  { title: 'resident memory, MiB', of: ({ rssMiB }) => rssMiB, share: 0.03, slack: 2 },
  { title: 'open descriptors', of: ({ descriptors }) => descriptors, share: 0.05, slack: 3 },
  { title: 'latency p50, ms', of: ({ p50Ms }) => p50Ms, share: 0.25, slack: 1 },
  { title: 'latency p99, ms', of: ({ p99Ms }) => p99Ms, share: 0.5, slack: 10 },
]

export function judgeFlatness(samples: readonly Sample[]): Flatness[] {
  const third = Math.floor(samples.length / 3)
  return PROMISES.map(({ title, of, share, slack }) => {
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
    const limit = before * (1 + share) + slack
    return { title, before, after, limit, kept: after <= limit }
  })
}
