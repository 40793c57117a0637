/** `scopegate shadow --from FILE`: whether what is only reported may be enforced. Exit code 1 when that is not sure. */
import { parseArgs } from 'node:util'
import { createShadow, type Shadow, type ShadowRoute, type WouldDeny } from '../authoring/shadow.ts'
import { withoutControls } from '../config/problem.ts'
import { FROM_OPTION } from './arguments.ts'
import { type Colours, coloursFor } from './colours.ts'
import type { CommandIo } from './command-io.ts'
import { countOf, describeUnread, type LinesRead, nameOf, readDecisions } from './decision-files.ts'

export async function run(io: CommandIo, args: string[]): Promise<number> {
  const options = { ...FROM_OPTION, json: { type: 'boolean', default: false } } as const
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
  const shadow = createShadow()
  const read = await readDecisions(io, [...(values.from ?? []), ...positionals], shadow.add)
  const result = shadow.result(read.malformed === 0 && read.lost === 0)
  if (values.json) io.stdout(`${JSON.stringify({ ...result, malformed: read.malformed, lost: read.lost }, null, 2)}\n`)
  else io.stdout(format(result, read, coloursFor(io)))
  return result.isSafe ? 0 : 1
}

function format({ routes }: Shadow, read: LinesRead, colours: Colours): string {
  const unread = describeUnread(read)
  const lines = [
    ...(routes.length === 0 ? ['no request on a route in report mode was recorded'] : []),
    ...routes.flatMap((route) => formatRoute(route, unread.length === 0, colours)),
    ...unread,
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function formatRoute(route: ShadowRoute, isWhole: boolean, { strong, good, bad }: Colours): string[] {
  const denials = route.wouldDeny.reduce((sum, { requests }) => sum + requests, 0)
  const isSafe = isWhole && denials === 0
  const text = `${denials} would-be ${denials === 1 ? 'denial' : 'denials'} in ${spanOf(route)}: `
  const verdict = isSafe ? 'safe to enforce' : denials === 0 ? 'not known, lines are missing' : 'not safe to enforce'
  return [
    `${strong(withoutControls(route.route))}  ${countOf(route.requests)}, ${route.firstTime} to ${route.lastTime}`,
    ...route.wouldDeny.map((one) => `  ${withoutControls(describe(one))}`),
    ...(route.wouldAllow === 0 ? [] : [`  ${countOf(route.wouldAllow)} more would be let through`]),
    `  ${isSafe ? good(text + verdict) : bad(text + verdict)}`,
    '',
  ]
}

function describe({ clientId, requests, reason, missing }: WouldDeny): string {
  const lack = missing.length === 0 ? reason : `lacks ${missing.join(' ')}`
  return `${nameOf(clientId)}: ${countOf(requests)}, ${lack}`
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** Rounded down: `7 days`, `5 hours`, `less than an hour`. */
function spanOf({ firstTime, lastTime }: ShadowRoute): string {
  const ms = Date.parse(lastTime) - Date.parse(firstTime)
  if (ms < HOUR_MS) return 'less than an hour'
  const [count, unit] = ms < DAY_MS ? [Math.floor(ms / HOUR_MS), 'hour'] : [Math.floor(ms / DAY_MS), 'day']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
