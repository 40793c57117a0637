/** `npm run bench`: the cost of a request, measured on the real program beside others. Exit code 1: something went wrong. */
import { execFileSync } from 'node:child_process'
import { type BenchArguments, parseBenchArguments, USAGE } from './arguments.ts'
import { benchGrowth } from './growth/run-growth.ts'
import { installAlternatives } from './install.ts'
import { describeCommit, describeMachine } from './machine.ts'
import { measure } from './measure.ts'
import { findProgram, LOAD_CORE, pinSelf } from './processes.ts'
import { describeDisturbance, type Result, summarise, toTable } from './report.ts'
import type { Row } from './row.ts'
import { chooseRows, ROWS } from './rows.ts'
import { type Run, saveRun } from './save.ts'
import { benchStart } from './start/run-start.ts'
import { otherCheckout } from './targets/gateway.ts'
import { BODY, createWorld, FEW_TOKENS, type World } from './world.ts'

const ROOT = new URL('..', import.meta.url).pathname

function rowsOf({ rows: ids, compare }: BenchArguments): Row[] {
  const chosen = [...chooseRows(ROWS, ids), ...(compare === undefined ? [] : [otherCheckout(compare)])]
  return chosen.filter((row) => {
    const missing = row.missing()
    if (missing !== undefined) console.log(`row skipped: ${row.id}: ${missing}`)
    return missing === undefined
  })
}

function describeRun(settings: BenchArguments, world: World, rows: readonly Result[]): Run {
  return {
    date: new Date().toISOString(),
    commit: describeCommit(ROOT),
    command: ['npm run bench --', ...process.argv.slice(2)].join(' ').replace(/ --$/, ''),
    machine: describeMachine(),
    load: {
      tool: 'wrk',
      request: `GET ${settings.path}N`,
      tokens: FEW_TOKENS,
      bodyBytes: BODY.length,
      connections: settings.connections,
      rounds: settings.rounds,
      secondsPerRound: settings.seconds,
      upstream: world.upstream.name,
    },
    rows,
  }
}

async function bench(settings: BenchArguments): Promise<void> {
  for (const program of ['wrk', 'taskset']) {
    if (findProgram(program) === undefined) throw new Error(`${program} is not installed`)
  }
  const rows = rowsOf(settings)
  if (settings.build) execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: ROOT, stdio: 'inherit' })
  pinSelf(LOAD_CORE)
  const world = await createWorld()
  try {
    const measured = await measure(world, rows, settings, (text) => console.error(text))
    const results = summarise(measured)
    console.log(toTable(results))
    const disturbance = describeDisturbance(results)
    if (disturbance !== undefined) console.log(`not a quiet machine: ${disturbance}`)
    const wrong = results.filter(({ errors }) => errors > 0)
    if (wrong.length > 0) throw new Error(`requests went wrong: ${wrong.map(({ id }) => id).join(', ')}`)
    if (settings.save) await saveRun(describeRun(settings, world, results), ROOT)
  } finally {
    await world.close()
  }
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.log(USAGE)
  const settings = parseBenchArguments(args)
  if (settings.start) return benchStart(settings, ROOT)
  if (settings.growth) return benchGrowth(settings, ROOT)
  return settings.install ? installAlternatives() : bench(settings)
}

// What was started is ended with this process, also when that is told to stop.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

await main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`bench: ${error.message}`)
  process.exit(1)
})
