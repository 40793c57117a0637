/**
 * Removes one protection after the other and sees whether the tests notice: `npm run test:mutants -- --only cors,routing`.
 * Ends with 1 when a mutant survives that is not explained, or proves nothing because its tests do not run.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { genericMutants } from './generic.ts'
import { MUTANTS } from './list.ts'
import type { Mutant } from './mutant.ts'
import { describeResult, type Result, summarize, toMarkdown, verdictOf } from './report.ts'
import { createWorkplace, type Workplace } from './workplace.ts'

const { values } = parseArgs({
  options: {
    /** Areas and ids, with commas; all by default. */
    only: { type: 'string', default: '' },
    /** In place of the list: mutants without thought, of all pure files (`all`) or of these. Their survivors fail nothing. */
    generic: { type: 'string' },
    /** Mutants tried at once. */
    jobs: { type: 'string', default: '2' },
    /** Folder for `mutants.json` and `mutants.md`. */
    report: { type: 'string' },
  },
})

const names = (text: string) => text.split(',').filter((name) => name !== '' && name !== 'all')
const chosen = values.generic === undefined ? fromList(names(values.only)) : generic(names(values.generic))
if (chosen.length === 0) throw new Error(`no mutant is called so`)

const workplaces = await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, createWorkplace))
try {
  await assertGreen(workplaces[0] as Workplace)
  const results = await tryAll(chosen)
  console.log(`\n${toMarkdown(results)}`)
  if (values.report !== undefined) await writeReport(values.report, results)
  console.log(summarize(results))
  const isBad = values.generic === undefined && results.some((result) => verdictOf(result) === 'bad')
  process.exitCode = isBad ? 1 : 0
} finally {
  for (const workplace of workplaces) await workplace.close()
}

interface Chosen {
  readonly area: string
  readonly mutant: Mutant
}

function fromList(wanted: readonly string[]): Chosen[] {
  const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name)
  return Object.entries(MUTANTS).flatMap(([area, mutants]) =>
    mutants.filter(({ id }) => isWanted(area) || isWanted(id)).map((mutant) => ({ area, mutant })),
  )
}

function generic(files: readonly string[]): Chosen[] {
  return genericMutants(files).map((mutant) => ({ area: mutant.file.replace(/^src\//, ''), mutant }))
}

/** A test that fails anyway kills nothing. */
async function assertGreen(workplace: Workplace): Promise<void> {
  const tests = [...new Set(chosen.flatMap(({ mutant }) => mutant.tests))]
  console.log(`${chosen.length} mutants; first the ${tests.length} test files as they are`)
  const { kind, by } = await workplace.tryUnchanged(tests)
  if (kind !== 'survived') throw new Error(`without any mutant: ${kind}: ${by}`)
}

async function tryAll(queue: readonly Chosen[]): Promise<Result[]> {
  const results: Result[] = []
  const next = queue.values()
  async function work(workplace: Workplace): Promise<void> {
    for (const { area, mutant } of next) {
      const result = { area, mutant, outcome: await workplace.tryOut(mutant) }
      results.push(result)
      console.log(describeResult(result))
    }
  }
  await Promise.all(workplaces.map(work))
  return results.sort(
    (a, b) => queue.findIndex((it) => it.mutant === a.mutant) - queue.findIndex((it) => it.mutant === b.mutant),
  )
}

async function writeReport(folder: string, results: readonly Result[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(`${folder}/mutants.json`, JSON.stringify(results, undefined, 2))
  await writeFile(`${folder}/mutants.md`, toMarkdown(results))
}
