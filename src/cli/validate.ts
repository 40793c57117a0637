import { parseArgs } from 'node:util'
import { type Finding, lint } from '../authoring/lint/lint.ts'
import { findRedTests } from '../authoring/run-tests.ts'
import { withBodies } from '../compile-bodies.ts'
import type { GatewayConfig } from '../config/gateway-config.ts'
import { formatProblem } from '../config/problem.ts'
import { FILE_OPTIONS, loadFor, printProblems } from './arguments.ts'
import type { CommandIo } from './command-io.ts'

/**
 * `scopegate validate`: everything that is wrong with the file, its own tests included, or what it holds and what is odd
 * about it. With `--strict` what is odd and not accepted is wrong.
 */
export async function run(io: CommandIo, args: string[]): Promise<number> {
  const options = { ...FILE_OPTIONS, strict: { type: 'boolean', default: false } } as const
  const { config: file, json, strict } = parseArgs({ args, options }).values
  const result = await withBodies(loadFor(io, file))
  if (result.config === undefined) return printProblems(io, result, json)
  const { config } = result
  const problems = findRedTests(config, file, Date.now())
  if (problems.length > 0) return printProblems(io, { problems }, json)
  const findings = lint(result, file, io.env)
  const open = findings.filter(({ accepted }) => accepted === undefined)
  const ok = !strict || open.length === 0
  if (json) io.stdout(`${JSON.stringify(toJson(ok, config, findings), null, 2)}\n`)
  else print(io, ok, config, open, findings.length - open.length)
  return ok ? 0 : 1
}

function print(io: CommandIo, ok: boolean, config: GatewayConfig, open: readonly Finding[], accepted: number): void {
  for (const finding of open) io.stderr(`warning: ${formatProblem(finding)}\n`)
  const { routes, upstreams, issuers, rateLimits, cors } = count(config)
  const parts = [
    ...[plural(routes, 'route'), plural(upstreams, 'upstream'), plural(issuers, 'issuer')],
    ...[plural(rateLimits, 'rate limit'), plural(cors, 'CORS policy', 'CORS policies')],
  ]
  const ofFindings = [
    ...(open.length > 0 ? [plural(open.length, 'warning')] : []),
    ...(accepted > 0 ? [`${plural(accepted, 'finding')} accepted`] : []),
  ]
  const text = [parts.join(', '), ...ofFindings].join('; ')
  if (ok) io.stdout(`ok: ${text}\n`)
  else io.stderr(`not ok with --strict: ${text}\n`)
}

function toJson(ok: boolean, config: GatewayConfig, findings: readonly Finding[]) {
  const warnings = findings.filter(({ accepted }) => accepted === undefined)
  const accepted = findings
    .filter((finding) => finding.accepted !== undefined)
    .map(({ accepted: because, ...finding }) => ({ ...finding, because }))
  return { ok, digest: config.digest, counts: count(config), warnings, accepted }
}

function count({ routes, upstreams, issuers, rateLimits, unmatched }: GatewayConfig) {
  const cors = new Set([unmatched.cors, ...routes.map((route) => route.cors)].filter((policy) => policy !== undefined))
  return {
    routes: routes.length,
    upstreams: upstreams.size,
    issuers: issuers.size,
    rateLimits: rateLimits.size,
    cors: cors.size,
  }
}

function plural(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}
