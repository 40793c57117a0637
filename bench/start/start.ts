/** `npm run bench -- --start`: from the start to the first verified request, beside a bare hello server in the same run. */
import { writeFile } from 'node:fs/promises'
import { checkTarget } from '../checks.ts'
import type { Machine } from '../machine.ts'
import { orderOf, type Spread, spread } from '../statistics.ts'
import { BODY, type World } from '../world.ts'
import { type Contestant, createContestants, HELLO } from './contestants.ts'
import { timeToFirstAnswer } from './first-answer.ts'

/** Milliseconds that a start may take longer than that of the hello server, by the medians of one run. */
export const MOST_MS = 150

export interface StartResult {
  readonly id: string
  readonly title: string
  readonly ms: Spread
  /** Median less the hello server's. */
  readonly moreMs: number
}

export interface StartRun {
  readonly date: string
  readonly commit: string
  readonly command: string
  readonly machine: Machine
  readonly rounds: number
  readonly rows: readonly StartResult[]
}

/** Interleaved rounds, after one that is thrown away: it fills the caches of the file system, and checks the gateways. */
export async function measureStart(
  world: World,
  root: string,
  rounds: number,
  say: (text: string) => void,
): Promise<StartResult[]> {
  const measured = (await createContestants(world, root)).map((contestant) => ({ contestant, ms: [] as number[] }))
  for (const { contestant } of measured) {
    await startOnce(world, contestant, () => checkTarget(contestant, world.samples, BODY))
  }
  for (let round = 0; round < rounds; round++) {
    for (const { contestant, ms } of orderOf(measured, round)) ms.push(await startOnce(world, contestant))
  }
  say(`${rounds} rounds of ${measured.length} starts`)
  return summariseStart(measured)
}

export function summariseStart(
  measured: readonly { readonly contestant: Pick<Contestant, 'id' | 'title'>; readonly ms: readonly number[] }[],
): StartResult[] {
  const rows = measured.map(({ contestant: { id, title }, ms }) => ({ id, title, ms: spread(ms) }))
  const hello = rows.find(({ id }) => id === HELLO)?.ms.median ?? Number.NaN
  return rows.map((row) => ({ ...row, moreMs: row.ms.median - hello }))
}

/** Those that take too long. */
export function tooSlow(rows: readonly StartResult[]): StartResult[] {
  return rows.filter(({ moreMs }) => !(moreMs <= MOST_MS))
}

export function toStartTable(rows: readonly StartResult[]): string {
  const width = Math.max(...rows.map(({ title }) => title.length))
  const lines = rows.map(({ title, ms: { median, min, max }, moreMs }) => {
    const range = `${Math.round(min)}–${Math.round(max)}`
    return `${title.padEnd(width)}  ${String(Math.round(median)).padStart(6)}  ${range.padStart(9)}  ${`+${Math.round(moreMs)}`.padStart(6)}`
  })
  return [`${'ms to the first good answer'.padEnd(width)}  median    min–max    more`, ...lines].join('\n')
}

export async function saveStart(run: StartRun, root: string): Promise<void> {
  const text = JSON.stringify(
    run,
    (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value),
    2,
  )
  await writeFile(`${root}bench/start.json`, `${text}\n`)
}

/** What README says of it. */
export function describeStart({ rows, machine }: Pick<StartRun, 'rows' | 'machine'>): string {
  const of = (id: string) => Math.round(rows.find((row) => row.id === id)?.ms.median ?? Number.NaN)
  return `A first verified request is answered ${of('jwks')} ms after \`scopegate start\`, ${of('discovery')} ms where the keys are found by discovery; a bare hello server of Node ${machine.versions.node} takes ${of(HELLO)} ms.`
}

async function startOnce(world: World, { command, port }: Contestant, check = async () => {}): Promise<number> {
  return timeToFirstAnswer({ command, port, token: world.samples.good }, check)
}
