/** What was measured, row by row, and the table for the terminal. */
import type { Measured } from './measure.ts'
import type { Group } from './row.ts'
import { median, type Spread, spread } from './statistics.ts'

export interface Result {
  readonly id: string
  readonly title: string
  readonly group: Group
  readonly requestsPerSecond: Spread
  /** CPU microseconds a request. */
  readonly cpuUs: Spread
  /** Milliseconds, medians of the rounds. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly p999: number }
  /** The largest of all rounds. */
  readonly rssMiB: number
  readonly errors: number
  /** Share of the time in which something else had the target's core, median of the rounds. */
  readonly disturbed: number
  /** CPU a request divided by that of HAProxy, and of Envoy with its token cache; absent where that row was not run. */
  readonly ofHaproxy?: number
  readonly ofEnvoyCache?: number
}

export function summarise(measured: readonly Measured[]): Result[] {
  const cpuOf = (id: string) => {
    const found = measured.find(({ row }) => row.id === id)
    return found && median(found.rounds.map(({ cpuUs }) => cpuUs))
  }
  const haproxy = cpuOf('haproxy')
  const envoyCache = cpuOf('envoy-cache')
  return measured.map(({ row, rounds, errors }) => {
    const cpuUs = spread(rounds.map((round) => round.cpuUs))
    const latency = (key: 'p50' | 'p99' | 'p999') => median(rounds.map(({ load }) => load.latency[key]))
    return {
      id: row.id,
      title: row.title,
      group: row.group,
      requestsPerSecond: spread(rounds.map(({ load }) => load.requests / load.seconds)),
      cpuUs,
      latencyMs: { p50: latency('p50'), p99: latency('p99'), p999: latency('p999') },
      rssMiB: Math.max(...rounds.map(({ rssMiB }) => rssMiB)),
      errors,
      disturbed: median(rounds.map((round) => round.disturbed)),
      ...(haproxy !== undefined && { ofHaproxy: cpuUs.median / haproxy }),
      ...(envoyCache !== undefined && { ofEnvoyCache: cpuUs.median / envoyCache }),
    }
  })
}

/** More than this, and a row was measured on a busy machine. */
const BUSY = 0.1

/** What spoils the figures, as a clause; undefined on a quiet machine. */
export function describeDisturbance(results: readonly Result[]): string | undefined {
  const disturbed = results.filter((row) => row.disturbed > BUSY)
  if (disturbed.length === 0) return undefined
  const most = Math.round(Math.max(...disturbed.map((row) => row.disturbed)) * 100)
  return `in ${disturbed.length} of ${results.length} rows something else had the core for up to ${most} % of the time`
}

const HEAD = [
  '',
  'req/s',
  'min–max',
  'CPU µs',
  'min–max',
  '× HAProxy',
  '× Envoy+c',
  'p50 ms',
  'p99',
  'p99.9',
  'MiB',
  'wrong',
]

/** Columns padded to their widest cell; the first is a text, all others are numbers. */
export function toTable(results: readonly Result[]): string {
  const rows = [HEAD, ...results.map(cells)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

function cells(result: Result): string[] {
  const { requestsPerSecond: rate, cpuUs, latencyMs } = result
  const ratio = (value: number | undefined) => value?.toFixed(2) ?? '–'
  return [
    result.title,
    rate.median.toFixed(0),
    `${rate.min.toFixed(0)}–${rate.max.toFixed(0)}`,
    cpuUs.median.toFixed(1),
    `${cpuUs.min.toFixed(1)}–${cpuUs.max.toFixed(1)}`,
    ratio(result.ofHaproxy),
    ratio(result.ofEnvoyCache),
    latencyMs.p50.toFixed(2),
    latencyMs.p99.toFixed(2),
    latencyMs.p999.toFixed(2),
    result.rssMiB.toFixed(0),
    String(result.errors),
  ]
}
