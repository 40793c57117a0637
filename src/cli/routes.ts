import { parseArgs } from 'node:util'
import { withOwnPages } from '../authoring/own-pages.ts'
import { type AccessListing, listRoutes, type RouteListing } from '../authoring/route-listing.ts'
import { withoutControls } from '../config/problem.ts'
import { FILE_OPTIONS, loadFor, printProblems } from './arguments.ts'
import { type CommandIo, UsageError } from './command-io.ts'

const ALL_METHODS = 6
const HEAD = ['PATH', 'METHODS', 'WHO MAY', 'LIMITS', 'UPSTREAM']

/** `scopegate routes`: the route table, one line for each alternative. */
export function run(io: CommandIo, args: string[]): number {
  const form = { markdown: { type: 'boolean', default: false }, mermaid: { type: 'boolean', default: false } } as const
  const { values } = parseArgs({ args, options: { ...FILE_OPTIONS, ...form } })
  const { config: file, json, markdown, mermaid } = values
  if ([json, markdown, mermaid].filter(Boolean).length > 1)
    throw new UsageError('one of --json, --markdown and --mermaid')
  const result = loadFor(io, file)
  if (result.config === undefined) return printProblems(io, result, json)
  const routes = listRoutes(withOwnPages(result.config))
  if (json) io.stdout(`${JSON.stringify({ routes }, null, 2)}\n`)
  else if (markdown) io.stdout(formatMarkdown(routes))
  else io.stdout(mermaid ? formatMermaid(routes) : formatTable(routes))
  return 0
}

function formatTable(routes: readonly RouteListing[]): string {
  const rows = [HEAD, ...routes.flatMap(toRows)].map((row) => row.map(withoutControls))
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

function formatMarkdown(routes: readonly RouteListing[]): string {
  const cell = (text: string) => withoutControls(text).replace(/[\\|`*_<{[]/g, '\\$&')
  const rows = routes.flatMap(toRows).map((row) => `| ${row.map(cell).join(' | ')} |`)
  const head = `| ${HEAD.map((name) => name.toLowerCase()).join(' | ')} |`
  return [head, `|${'---|'.repeat(HEAD.length)}`, ...rows].map((line) => `${line}\n`).join('')
}

/** A flowchart: who may, by which methods, to which route, to which upstream. */
function formatMermaid(routes: readonly RouteListing[]): string {
  const upstreams = [...new Set(routes.map(({ upstream }) => upstream))]
  const callers = [...new Set(routes.flatMap(({ access }) => access.map(({ who }) => who)))]
  const text = (label: string) => `"${withoutControls(label).replaceAll('"', '#quot;').replaceAll('<', '#lt;')}"`
  const lines = [
    'flowchart LR',
    ...callers.map((who, index) => `  who${index}([${text(who)}])`),
    ...routes.map(({ path }, index) => `  route${index}[${text(path)}]`),
    ...upstreams.map((name, index) => `  upstream${index}[(${text(name)})]`),
    ...routes.flatMap(({ access, upstream }, index) => [
      ...access.map((one) => `  who${callers.indexOf(one.who)} -- ${text(formatMethods(one))} --> route${index}`),
      `  route${index} --> upstream${upstreams.indexOf(upstream)}`,
    ]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** The path, the limits and the upstream stand in the first line only. */
function toRows(route: RouteListing): string[][] {
  const until = route.until === undefined ? '' : ` until ${route.until}`
  const mode = route.mode === 'report' ? ` (report${until})` : ''
  const target = route.rewrite === undefined ? route.upstream : `${route.upstream} as ${route.rewrite}`
  const upstream = route.body === undefined ? target : `${target}, bodies by ${route.body.schema}`
  return route.access.map((access, index) => {
    const middle = [
      formatMethods(access),
      access.mode === undefined ? access.who : `${access.who} (only reported${until})`,
    ]
    if (index > 0) return ['', ...middle, '', '']
    return [route.path + mode, ...middle, route.rateLimits.join(', ') || '-', upstream]
  })
}

function formatMethods({ methods }: AccessListing): string {
  return methods.length === ALL_METHODS ? 'any' : methods.join(', ')
}
