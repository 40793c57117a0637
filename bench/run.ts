/** `npm run bench`: the cost of a request, measured on the real program beside others. Exit code 1: something went wrong. */
import { execFileSync } from 'node:child_process'
import { type BenchArguments, parseBenchArguments, USAGE } from './arguments.ts'
import { measure } from './measure.ts'
import { findProgram, LOAD_CORE, pinSelf } from './processes.ts'
import { summarise, toTable } from './report.ts'
import { otherCheckout, ROWS, type Row } from './rows.ts'
import { createWorld } from './world.ts'

const ROOT = new URL('..', import.meta.url).pathname

function chooseRows({ rows: ids, compare }: BenchArguments): Row[] {
  const known = new Map(
    [...ROWS, ...(compare === undefined ? [] : [otherCheckout(compare)])].map((row) => [row.id, row]),
  )
  const unknown = ids?.filter((id) => !known.has(id)) ?? []
  if (unknown.length > 0)
    throw new Error(`no such row: ${unknown.join(', ')}; there are ${[...known.keys()].join(', ')}`)
  const wanted = [...known.values()].filter(({ id }) => ids === undefined || ids.includes(id) || id === 'gateway-other')
  return wanted.filter((row) => {
    const missing = row.missing()
    if (missing !== undefined) console.log(`row skipped: ${missing}`)
    return missing === undefined
  })
}

async function main(): Promise<void> {
  const settings = parseBenchArguments(process.argv.slice(2))
  for (const program of ['wrk', 'taskset']) {
    if (findProgram(program) === undefined) throw new Error(`${program} is not installed`)
  }
  const rows = chooseRows(settings)
  if (settings.build) execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: ROOT, stdio: 'inherit' })
  pinSelf(LOAD_CORE)
  const world = await createWorld()
  try {
    const measured = await measure(world, rows, settings, (text) => console.error(text))
    const results = summarise(measured)
    console.log(toTable(results))
    const wrong = results.filter(({ errors }) => errors > 0)
    if (wrong.length > 0) throw new Error(`requests went wrong: ${wrong.map(({ id }) => id).join(', ')}`)
  } finally {
    await world.close()
  }
}

if (process.argv.includes('--help')) {
  console.log(USAGE)
} else {
  await main().catch((error: Error) => {
    console.error(`bench: ${error.message}`)
    process.exitCode = 1
  })
}
