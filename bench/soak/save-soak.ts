/** A soak kept in the repository: figures for machines, a picture for people. */
import { writeFile } from 'node:fs/promises'
import { drawLineChart } from '../line-chart.ts'
import type { Machine } from '../machine.ts'
import type { Flatness } from './flatness.ts'
import type { Sample } from './samples.ts'
import type { Count } from './tally.ts'

export interface SoakRun {
  readonly date: string
  /** The state of the tree that ran. */
  readonly commit: string
  readonly machine: Machine
  readonly minutes: number
  readonly visits: Readonly<Record<string, Count>>
  readonly done: Readonly<Record<string, number>>
  /** At the end of each third, after a collection of garbage. */
  readonly liveHeapMiB: readonly number[]
  readonly flatness: readonly Flatness[]
  /** All the same length. */
  readonly samples: Readonly<Record<keyof Sample, readonly number[]>>
}

const KEYS: readonly (keyof Sample)[] = ['atS', 'rssMiB', 'descriptors', 'cpuPercent', 'p50Ms', 'p99Ms']

export function toColumns(samples: readonly Sample[]): SoakRun['samples'] {
  const columns = KEYS.map((key) => [key, samples.map((sample) => Number(sample[key].toPrecision(4)))])
  return Object.fromEntries(columns) as SoakRun['samples']
}

function drawSoak({ samples, liveHeapMiB, visits, done, minutes, machine, date, commit }: SoakRun): string {
  const counts = Object.values(visits)
  const total = counts.reduce(
    (sum, { right, excused, tolerated, wrong }) => sum + right + excused + tolerated + wrong,
    0,
  )
  const wrong = counts.reduce((sum, count) => sum + count.wrong, 0)
  const last = samples.atS.at(-1) ?? 0
  const step = Math.max(1, Math.round(last / 60 / 6))
  return drawLineChart({
    title: `The gateway under good and hostile traffic for ${Math.round(minutes)} minutes`,
    sizeTitle: 'minutes',
    sizes: samples.atS,
    linearTicks: Array.from({ length: Math.floor(last / 60 / step) + 1 }, (_, index) => index * step * 60),
    labelOf: (seconds) => String(Math.round(seconds / 60)),
    curves: [
      { title: 'resident memory', unit: 'MiB', values: samples.rssMiB },
      { title: 'open descriptors', unit: 'descriptors', values: samples.descriptors },
      { title: 'latency p50', unit: 'ms', values: samples.p50Ms },
      { title: 'latency p99', unit: 'ms (p99)', values: samples.p99Ms },
      { title: 'CPU', unit: '% of a core', values: samples.cpuPercent },
    ],
    footer: [
      `${total.toLocaleString('en')} visits of ${counts.length} kinds, ${wrong} of them answered wrong; ${done.faults} faults of Redis, issuer and upstream,`,
      `${done.reloads} reloads, ${done.refusedReloads} of a bad file, ${done.rotations} rotated keys. ` +
        `Live heap at each third: ${liveHeapMiB.map((size) => size.toFixed(1)).join(', ')} MiB.`,
      `${machine.cpu}, ${machine.cores} cores, shared with other work, which left no time for the gateway in ${done.starvedSeconds} s of it.`,
      `npm run soak -- --minutes ${minutes}. Node ${machine.versions.node}. ${date.slice(0, 10)}, ${commit}.`,
    ],
  })
}

export async function saveSoak(run: SoakRun, root: string): Promise<void> {
  const round = (_key: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value)
  // Columns of figures stay on one line.
  const text = JSON.stringify(run, round, 2).replace(
    /\[\s+([-\d.,\sa-z]+?)\s+\]/g,
    (_, list: string) => `[${list.replace(/\s+/g, ' ')}]`,
  )
  await writeFile(`${root}bench/soak.json`, `${text}\n`)
  await writeFile(`${root}docs/soak.svg`, drawSoak(run))
}
