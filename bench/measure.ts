/** Interleaved rounds over rows that all run at once, each idle while another has its turn. */
import { truncate } from 'node:fs/promises'
import { checkTarget } from './checks.ts'
import { busyMsOf, cpuMsOf, rssMiBOf } from './cpu.ts'
import { countErrors, type LoadResult, runLoad } from './load.ts'
import { GATEWAY_CORE, type Running } from './processes.ts'
import type { Row } from './row.ts'
import { orderOf } from './statistics.ts'
import { BODY, type World } from './world.ts'

export interface Settings {
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly connections: number
  readonly path: string
}

export interface Round {
  readonly load: LoadResult
  /** CPU microseconds of the target's processes for each request of this round. */
  readonly cpuUs: number
  /** Of the target's processes at the end of the round. */
  readonly rssMiB: number
  /** Share of the round in which something else had the target's core. */
  readonly disturbed: number
}

export interface Measured {
  readonly row: Row
  readonly rounds: readonly Round[]
  /** Requests that went wrong, those of the warm-up included. */
  readonly errors: number
}

interface Target {
  readonly row: Row
  readonly running: Running
  readonly rounds: Round[]
  firstToken: number
  errors: number
}

/** How many each row gets at least before it is measured. */
const WARM_UP_REQUESTS = 50_000

/** Starts all rows, checks each, then measures. A target that lets a bad token through throws. */
export async function measure(
  world: World,
  rows: readonly Row[],
  settings: Settings,
  say: (text: string) => void,
): Promise<Measured[]> {
  const targets: Target[] = []
  try {
    for (const row of rows) {
      const running = await row.start(world)
      targets.push({ row, running, rounds: [], firstToken: 0, errors: 0 })
      await checkTarget({ port: running.port, checks: row.checks }, world.samples, BODY).catch((error: Error) => {
        throw new Error(`${row.id}: ${error.message}`)
      })
    }
    say(`${targets.length} targets run and refuse what they must`)
    for (const target of targets) await warmUp(world, target, settings)
    for (let round = 0; round < settings.rounds; round++) {
      for (const target of orderOf(targets, round)) {
        const result = await runRound(world, target, settings, settings.seconds)
        if (result !== undefined) target.rounds.push(result)
      }
      say(`round ${round + 1} of ${settings.rounds}`)
    }
  } finally {
    await Promise.all(targets.map(({ running }) => running.stop()))
  }
  return targets.map(({ row, rounds, errors }) => ({ row, rounds, errors }))
}

/** V8 goes on compiling for tens of thousands of requests: warmed up for the same time, what is slow would be colder. */
async function warmUp(world: World, target: Target, settings: Settings): Promise<void> {
  let left = WARM_UP_REQUESTS
  while (left > 0) {
    const round = await runRound(world, target, settings, settings.warmUpSeconds)
    if (round === undefined) return
    left -= round.load.requests
  }
}

async function runRound(world: World, target: Target, settings: Settings, seconds: number): Promise<Round | undefined> {
  if (seconds === 0) return undefined
  const { row, running } = target
  const tokenFile = await world.tokenFile(row.tokens)
  const { connections, path } = settings
  const cpuBefore = cpuMsOf(running.pid)
  const busyBefore = busyMsOf(GATEWAY_CORE)
  const load = await runLoad({
    port: running.port,
    connections,
    seconds,
    path,
    tokenFile,
    firstToken: target.firstToken,
  })
  if (load.requests === 0) throw new Error(`${row.id}: not one answer in a round`)
  const cpuMs = cpuMsOf(running.pid) - cpuBefore
  const othersMs = Math.max(0, busyMsOf(GATEWAY_CORE) - busyBefore - cpuMs)
  // Tokens that no cache may hold come again only when all others have had their turn.
  target.firstToken += load.requests + connections
  const errors = countErrors(load.errors)
  if (errors === 0 && load.bytes < load.requests * BODY.length) throw new Error(`${row.id}: answers without their body`)
  target.errors += errors
  await truncate(world.outputFile(row.id))
  return {
    load,
    cpuUs: (cpuMs * 1000) / load.requests,
    rssMiB: rssMiBOf(running.pid),
    disturbed: othersMs / (load.seconds * 1000),
  }
}
