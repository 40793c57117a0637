/** One question about growth: what is varied, what is measured at each size, and what has to hold. */
import type { World } from '../world.ts'

export interface Series {
  readonly id: string
  readonly title: string
  /** Of the values: "CPU µs per request", "MiB", "req/s". */
  readonly unit: string
}

export interface Point {
  /** What is varied; drawn on a logarithmic axis. */
  readonly size: number
  /** The values by the id of their series; medians where there were rounds. */
  readonly values: Readonly<Record<string, number>>
}

export interface Verdict {
  /** What has to hold, with the figures that say so: "10,000 routes cost 1.01 × the CPU of 10 (at most 1.05)". */
  readonly text: string
  readonly kept: boolean
}

export interface Section {
  /** What `--growth` names; the picture is docs/bench-<id>.svg. */
  readonly id: string
  readonly title: string
  /** Of the axis: "routes in the file". */
  readonly sizeTitle: string
  readonly series: readonly Series[]
  /** Why it can't run here, in one line. */
  missing(): string | undefined
  /** A wrong answer throws. `scale` 1 is the full size; the smoke test gives less. */
  measure(world: World, scale: number, say: (text: string) => void): Promise<readonly Point[]>
  judge(points: readonly Point[]): readonly Verdict[]
  /** Of a size on the axis; default is the number. */
  labelOf?(size: number): string
  /** Below the picture: what each request was and what counted. */
  readonly footer: readonly string[]
  /** The picture, where sizes are no numbers and a line would say nothing. */
  draw?(points: readonly Point[], footer: readonly string[]): string
}
