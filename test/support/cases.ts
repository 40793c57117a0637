/** How many random cases a property is tried with: a few, always the same, in `npm test`; very many, each time others, at night. */
import { appendFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect } from 'vitest'

export interface Cases {
  /** In `npm test`. Default: 200. */
  readonly usual?: number
  /** In `npm run test:nightly`; fewer for what is slow, more for what is cheap. Default: 100,000. */
  readonly nightly?: number
}

/** Set by nightly.config.ts: the seed of the run, and the file that counts its cases. */
const { CASES_SEED, CASES_COUNTED } = process.env
/** Nobody's favourite number: any will do, as long as it stays. */
const USUAL_SEED = 20_261_124

/** Throws a report with the smallest counterexample when the property does not hold. */
export function holds<T>(property: fc.IRawProperty<T, false>, cases?: Cases): void
export function holds<T>(property: fc.IRawProperty<T, true>, cases?: Cases): Promise<void>
export function holds<T>(property: fc.IRawProperty<T>, { usual = 200, nightly = 100_000 }: Cases = {}) {
  const isNightly = CASES_COUNTED !== undefined
  const numRuns = isNightly ? nightly : usual
  const outcome = fc.check(property, { numRuns, seed: Number(CASES_SEED ?? USUAL_SEED) })
  if (outcome instanceof Promise) return outcome.then(judge)
  return judge(outcome)
}

function judge<T>(outcome: fc.RunDetails<T>): void {
  if (outcome.failed) throw new Error(fc.defaultReportMessage(outcome))
  if (CASES_COUNTED !== undefined) {
    appendFileSync(CASES_COUNTED, `${expect.getState().testPath}\t${outcome.numRuns}\n`)
  }
}
