/** The command line of the soak. */
import { parseArgs } from 'node:util'

export interface SoakArguments {
  readonly minutes: number
  /** In this time everything that happens has happened once. */
  readonly cycleMs: number
  /** Too short to say whether anything stays flat. */
  readonly smoke: boolean
}

export const USAGE = `npm run soak -- [options]
  --minutes N        (default 30); from 30 on bench/soak.json and docs/soak.svg are written
  --smoke            one short cycle: whether all goes right, not whether it stays flat`

const CYCLE_MS = 60_000
const SMOKE_CYCLE_MS = 12_000

/** Throws with a text for people when an option is unknown or no number of the right kind. */
export function parseSoakArguments(args: readonly string[]): SoakArguments {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: 'string', default: '30' }, smoke: { type: 'boolean', default: false } },
  })
  if (values.smoke) return { minutes: SMOKE_CYCLE_MS / 60_000, cycleMs: SMOKE_CYCLE_MS, smoke: true }
  const minutes = Number(values.minutes)
  if (!(minutes >= 1 && minutes <= 24 * 60)) throw new Error('--minutes must be a number from 1 to 1440')
  return { minutes, cycleMs: CYCLE_MS, smoke: false }
}
