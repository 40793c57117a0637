/** A full run kept in the repository: figures for machines, a picture for people. */
import { writeFile } from 'node:fs/promises'
import { drawBarChart } from './bar-chart.ts'
import type { Machine } from './machine.ts'
import { describeDisturbance, type Result } from './report.ts'

export interface Run {
  readonly date: string
  /** The state of the tree that was measured. */
  readonly commit: string
  readonly command: string
  readonly machine: Machine
  readonly load: {
    readonly tool: 'wrk'
    readonly request: string
    readonly tokens: number
    readonly bodyBytes: number
    readonly connections: number
    readonly rounds: number
    readonly secondsPerRound: number
    readonly upstream: string
  }
  readonly rows: readonly Result[]
}

/** The rows of the picture that show the whole of the gateway. */
const CHOSEN = ['gateway', 'gateway-redis']

/** Four times the gateway is as far as bars go: the slowest would leave no room for the others. */
const LONGEST = 4

export function drawRun({ rows, load, machine, date, commit }: Run): string {
  const gateway =
    rows.find(({ id }) => id === 'gateway')?.cpuUs.median ?? Math.max(...rows.map((row) => row.cpuUs.median))
  const disturbance = describeDisturbance(rows)
  const { node, wrk, ...others } = machine.versions
  const versions = Object.entries(others).map(([name, version]) => `${name} ${version}`)
  return drawBarChart({
    title: 'CPU µs per request on one core (less is better)',
    longest: gateway * LONGEST,
    bars: rows.map(({ id, title, group, cpuUs, requestsPerSecond }) => ({
      label: title,
      value: cpuUs.median,
      note: `${Math.round(requestsPerSecond.median).toLocaleString('en')} req/s`,
      kind: CHOSEN.includes(id) ? 'chosen' : group,
    })),
    footer: [
      `${machine.cpu}, ${machine.cores} cores: one for the gateway, one for load and upstream. Node ${node}, ${versions.join(', ')}.`,
      `wrk ${wrk}: ${load.connections} connections, ${load.tokens.toLocaleString('en')} tokens, ${load.request}, ${load.bodyBytes} bytes; ` +
        `medians of ${load.rounds} interleaved rounds of ${load.secondsPerRound} s. ${date.slice(0, 10)}, ${commit}.`,
      ...(disturbance === undefined ? [] : [`Not a quiet machine: ${disturbance}.`]),
    ],
  })
}

export async function saveRun(run: Run, root: string): Promise<void> {
  const text = `${JSON.stringify(run, roundNumbers, 2)}\n`
  await writeFile(`${root}bench/results.json`, text)
  // From the rounded figures: a picture of the others could differ from what stands beside it.
  await writeFile(`${root}docs/bench.svg`, drawRun(JSON.parse(text) as Run))
}

function roundNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value
}
