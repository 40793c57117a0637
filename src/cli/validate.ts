import { findRedTests } from '../authoring/run-tests.ts'
import type { GatewayConfig } from '../config/gateway-config.ts'
import { formatProblem } from '../config/problem.ts'
import { loadFor, printProblems, readFileArguments } from './arguments.ts'
import type { CommandIo } from './command-io.ts'

/** `scopegate validate`: everything that is wrong with the file, its own tests included, or what it holds. */
export function run(io: CommandIo, args: string[]): number {
  const { file, json } = readFileArguments(args)
  const result = loadFor(io, file)
  if (result.config === undefined) return printProblems(io, result, json)
  const { config, warnings } = result
  const problems = findRedTests(config, file, Date.now())
  if (problems.length > 0) return printProblems(io, { problems }, json)
  if (json) {
    io.stdout(`${JSON.stringify({ ok: true, digest: config.digest, counts: count(config), warnings }, null, 2)}\n`)
    return 0
  }
  for (const warning of warnings) io.stderr(`warning: ${formatProblem(warning)}\n`)
  const { routes, upstreams, issuers, rateLimits, cors } = count(config)
  const parts = [plural(routes, 'route'), plural(upstreams, 'upstream'), plural(issuers, 'issuer')]
  io.stdout(
    `ok: ${[...parts, plural(rateLimits, 'rate limit'), plural(cors, 'CORS policy', 'CORS policies')].join(', ')}\n`,
  )
  return 0
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
