import { type AccessListing, listRoutes, type RouteListing } from '../authoring/route-listing.ts'
import { withoutControls } from '../config/problem.ts'
import { loadFor, printProblems, readFileArguments } from './arguments.ts'
import type { CommandIo } from './command-io.ts'

const ALL_METHODS = 6

/** `scopegate routes`: the route table, one line for each alternative. */
export function run(io: CommandIo, args: string[]): number {
  const { file, json } = readFileArguments(args)
  const result = loadFor(io, file)
  if (result.config === undefined) return printProblems(io, result, json)
  const routes = listRoutes(result.config)
  io.stdout(json ? `${JSON.stringify({ routes }, null, 2)}\n` : formatTable(routes))
  return 0
}

function formatTable(routes: readonly RouteListing[]): string {
  const head = ['PATH', 'METHODS', 'WHO MAY', 'LIMITS', 'UPSTREAM']
  const rows = [head, ...routes.flatMap(toRows)].map((row) => row.map(withoutControls))
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

/** The path, the limits and the upstream stand in the first line only. */
function toRows(route: RouteListing): string[][] {
  const mode = route.mode === 'report' ? ` (report${route.until === undefined ? '' : ` until ${route.until}`})` : ''
  const upstream = route.rewrite === undefined ? route.upstream : `${route.upstream} as ${route.rewrite}`
  return route.access.map((access, index) => {
    const middle = [formatMethods(access), access.who]
    if (index > 0) return ['', ...middle, '', '']
    return [route.path + mode, ...middle, route.rateLimits.join(', ') || '-', upstream]
  })
}

function formatMethods({ methods }: AccessListing): string {
  return methods.length === ALL_METHODS ? 'any' : methods.join(', ')
}
