/** `scopegate impact NEW --from FILE`: recorded decisions, made again by a new file. Exit code 1 when somebody would notice. */
import { parseArgs } from 'node:util'
import { type ClientChange, createImpact, type Impact } from '../authoring/impact.ts'
import { createReplay } from '../authoring/replay.ts'
import { enforceReported } from '../authoring/report-mode.ts'
import { withoutControls } from '../config/problem.ts'
import { FROM_OPTION, loadFor, printProblems } from './arguments.ts'
import { type Colours, coloursFor } from './colours.ts'
import { type CommandIo, UsageError } from './command-io.ts'
import { countOf, describeUnread, type LinesRead, nameOf, readDecisions, sha256 } from './decision-files.ts'
import { code } from './diff-text.ts'

export async function run(io: CommandIo, args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    options: {
      ...FROM_OPTION,
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      'enforce-reported': { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  const [file, ...more] = positionals
  if (file === undefined) throw new UsageError('expected a file and a decision log: impact NEW --from FILE')
  const loaded = loadFor(io, file)
  if (loaded.config === undefined) return printProblems(io, loaded, values.json)
  const config = values['enforce-reported'] ? enforceReported(loaded.config) : loaded.config
  const impact = createImpact(createReplay(config, sha256, Date.now()))
  const read = await readDecisions(io, [...(values.from ?? []), ...more], impact.add)
  const result = impact.result()
  if (values.json) io.stdout(`${JSON.stringify({ ...result, malformed: read.malformed, lost: read.lost }, null, 2)}\n`)
  else io.stdout(values.markdown ? formatMarkdown(result, read) : format(result, read, coloursFor(io)))
  return result.newlyDenied.length > 0 ? 1 : 0
}

const TITLES = {
  newlyDenied: 'Newly denied',
  newlyAllowed: 'Newly allowed',
  routeChanged: 'Other route',
  upstreamChanged: 'Other upstream',
  unknown: 'Unknown',
} as const

const KINDS = Object.keys(TITLES) as (keyof typeof TITLES)[]

function format(impact: Impact, read: LinesRead, { strong, faint, good, bad }: Colours): string {
  const parts = KINDS.flatMap((kind) => {
    if (impact[kind].length === 0) return []
    const lines = impact[kind].flatMap((change) => [
      withoutControls(`  ${nameOf(change.clientId)}: ${countOf(change.requests)} ${routesOf(change)}: ${change.what}`),
      `    ${faint(withoutControls(`last ${change.lastTime}: ${change.method} ${change.examplePath}`))}`,
    ])
    return [strong(TITLES[kind]), ...lines, '']
  })
  const isNoticed = impact.newlyDenied.length > 0
  const verdict = isNoticed ? bad(verdictOf(impact)) : good(verdictOf(impact))
  return [...parts, verdict, ...notesOf(impact, read)].map((line) => `${line}\n`).join('')
}

function formatMarkdown(impact: Impact, read: LinesRead): string {
  const parts = KINDS.flatMap((kind) => {
    if (impact[kind].length === 0) return []
    const rows = impact[kind].map((change) => {
      const cells = [nameOf(change.clientId), routesOf(change), `${change.requests}`, change.what, change.lastTime]
      return `| ${cells.map(code).join(' | ')} |`
    })
    return [
      '',
      `### ${TITLES[kind]}`,
      '',
      '| client | request | count | what | last |',
      '|---|---|---|---|---|',
      ...rows,
    ]
  })
  const mark = impact.newlyDenied.length > 0 ? '⚠️ ' : ''
  const notes = notesOf(impact, read).map((note) => `- ${note}`)
  return [`**${mark}${verdictOf(impact)}**`, ...parts, ...(notes.length > 0 ? ['', ...notes] : [])]
    .map((line) => `${line}\n`)
    .join('')
}

function routesOf({ method, route = '(no route)', newRoute = '(no route)' }: ClientChange): string {
  return `${method} ${route}${route === newRoute ? '' : ` → ${newRoute}`}`
}

function verdictOf({ requests, newlyDenied, unknown }: Impact): string {
  const denied = sum(newlyDenied)
  const open = sum(unknown)
  const head =
    denied === 0
      ? `None of ${countOf(requests)} would be newly denied`
      : `${denied} of ${countOf(requests)} would be newly denied`
  return `${head}${open === 0 ? '.' : `; of ${open} it is not known.`}`
}

function sum(changes: readonly ClientChange[]): number {
  return changes.reduce((total, { requests }) => total + requests, 0)
}

function notesOf({ isSampled }: Impact, read: LinesRead): string[] {
  return [
    ...(isSampled ? ['allowed requests are a sample: others may be concerned as well'] : []),
    ...describeUnread(read),
  ]
}
