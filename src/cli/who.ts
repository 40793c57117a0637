/** `scopegate who`: which scopes, roles and claims open a request. Exit code 1 when nobody may make it. */
import { parseArgs } from 'node:util'
import { findNearest } from '../authoring/route-contest.ts'
import { type Access, findAccess, issuersOf } from '../authoring/who.ts'
import type { GatewayConfig } from '../config/gateway-config.ts'
import { withoutControls } from '../config/problem.ts'
import { GatewayError } from '../errors.ts'
import { readRequestTarget } from '../routing/request-target.ts'
import { createRouteTable } from '../routing/route-table.ts'
import { FILE_OPTIONS, loadFor, printProblems } from './arguments.ts'
import { type CommandIo, UsageError } from './command-io.ts'
import { readRequest } from './explain-arguments.ts'

export function run(io: CommandIo, args: string[]): number {
  const { values, positionals } = parseArgs({ args, options: FILE_OPTIONS, allowPositionals: true })
  const { config: file, json } = values
  const { method, target } = readRequest(positionals)
  const result = loadFor(io, file)
  if (result.config === undefined) return printProblems(io, result, json)
  const { config } = result
  const path = canonicalPathOf(config, target)
  const match = createRouteTable(config.routes).match(path)
  const answer: Answer = {
    request: { method, path },
    ...(match && { route: { path: match.route.path, line: match.route.line } }),
    nearest: match === undefined ? findNearest(config, path).map((route) => route.path) : [],
    access: match === undefined ? [] : findAccess(match, method),
    issuers: match === undefined ? [] : issuersOf(config, match),
  }
  io.stdout(json ? `${JSON.stringify(answer, null, 2)}\n` : format(answer, file))
  return answer.access.length > 0 ? 0 : 1
}

/** What `--json` prints. */
interface Answer {
  readonly request: { readonly method: string; readonly path: string }
  readonly route?: { readonly path: string; readonly line: number }
  /** Without a route: paths of the nearest ones. */
  readonly nearest: readonly string[]
  readonly access: readonly Access[]
  readonly issuers: readonly { readonly name: string; readonly issuer: string }[]
}

function format({ request, route, nearest, access, issuers }: Answer, file: string): string {
  if (route === undefined) {
    const meant = nearest.length > 0 ? `; did you mean ${nearest.join(' or ')}?` : ''
    return `nobody: no route has this path${meant}\n`
  }
  const lines = [
    `${route.path}  ${file}:${route.line}`,
    ...(access.length === 0 ? [`nobody: the route has no line for ${request.method}`] : []),
    ...access.map((one) => formatAccess(one, file)),
    ...(issuers.length > 1 ? [`with a token of ${issuers.map(({ name }) => name).join(' or ')}`] : []),
  ]
  return lines.map((line) => `${withoutControls(line)}\n`).join('')
}

function formatAccess({ line, fileLine, who, because }: Access, file: string): string {
  const place = typeof line === 'string' ? '' : `  line ${line}, ${file}:${fileLine}`
  return `  ${who}${place}${because === undefined ? '' : `  “${because}”`}`
}

function canonicalPathOf({ limits }: GatewayConfig, target: string): string {
  try {
    return readRequestTarget(target, limits.urlBytes).path
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    throw new UsageError('no request can have this path: `scopegate explain` says why')
  }
}
