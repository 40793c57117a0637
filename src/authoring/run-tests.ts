/** Runs the tests of a route-scope file. */
import type { GatewayConfig, RouteConfig } from '../config/gateway-config.ts'
import type { PolicyTest } from '../config/policy-test.ts'
import type { Problem } from '../config/problem.ts'
import { readClaimedToken } from './claims-token.ts'
import { explainOutcome } from './reason.ts'
import { isInForce, writtenPolicy } from './report-mode.ts'
import { type Caller, createSimulation, type Simulation } from './simulate.ts'

export interface TestResult {
  readonly test: PolicyTest
  /** What was expected and what came, one text each; empty: the test is green. */
  readonly failures: readonly string[]
  readonly simulation: Simulation
}

export interface CoveredLine {
  readonly route: RouteConfig
  /** Index in `allow`, or the route's public methods. */
  readonly line: number | 'public'
  /** Tests that it lets through. */
  readonly tests: number
}

export interface TestReport {
  readonly results: readonly TestResult[]
  readonly coverage: readonly CoveredLine[]
}

/** `nowMs` is in ms since the epoch: tokens are issued then. */
export function runTests(config: GatewayConfig, nowMs: number): TestReport {
  const simulate = createSimulation(config)
  const results = config.tests.map((test): TestResult => {
    const simulation = simulate(test, callerOf(config, test, nowMs))
    return { test, failures: compare(test, simulation), simulation }
  })
  return { results, coverage: coverageOf(config, results) }
}

/** The red tests as problems of the file. */
export function findRedTests(config: GatewayConfig, file: string, nowMs: number): Problem[] {
  return runTests(config, nowMs).results.flatMap((result) => {
    return result.failures.length === 0 ? [] : [toProblem(result, file)]
  })
}

export function toProblem({ test, failures, simulation }: TestResult, file: string): Problem {
  const message = `${nameOf(test)}: ${failures.join('; ')} (${explainOutcome(simulation)})`
  return { file, ...test.place, message }
}

/** What the file calls the test, or its request. */
export function nameOf({ name, method, target }: PolicyTest): string {
  return name ?? `${method} ${target}`
}

function callerOf(config: GatewayConfig, { claims }: PolicyTest, nowMs: number): Caller | undefined {
  return claims && ((accepted) => readClaimedToken(config, claims, accepted, nowMs))
}

function compare({ expect }: PolicyTest, simulation: Simulation): string[] {
  const { answer, match, decision, outcome, upstreamPath, error } = simulation
  const isLetThrough = outcome !== 'refused'
  const failures: string[] = []
  const check = (what: string, wanted: unknown, seen: unknown) => {
    if (wanted !== undefined && wanted !== seen) failures.push(`expected ${what} ${show(wanted)}, got ${show(seen)}`)
  }
  const wantsAllowed = expect.status >= 200 && expect.status <= 299
  if (!wantsAllowed || !isLetThrough) check('status', expect.status, answer.status)
  check('route', expect.route, match?.route.path)
  if (expect.missing !== undefined) {
    check('missing scopes', expect.missing.toSorted().join(' '), missingScopes(simulation).toSorted().join(' '))
  }
  // What follows belongs to a request that is let through: where it is not, the status has said so.
  if (error !== undefined) return failures
  check('line', expect.line, decision?.allowed ? toLineNumber(decision.line) : undefined)
  check('upstream', expect.upstream, match?.route.upstream.name)
  check('path', expect.path, upstreamPath)
  for (const [name, value] of Object.entries(expect.fields ?? {})) check(name, value, fieldOf(simulation, name))
  return failures
}

export function toLineNumber(line: number | 'public'): number | 'public' {
  return line === 'public' ? line : line + 1
}

function missingScopes({ error, token }: Simulation): string[] {
  const asked = error?.details.scope?.split(' ') ?? []
  return asked.filter((scope) => !token?.scopes.has(scope))
}

/** By name, whatever its case; null: not there. */
function fieldOf({ identityFields }: Simulation, name: string): string | null {
  const at = identityFields.findIndex((field, i) => i % 2 === 0 && field.toLowerCase() === name.toLowerCase())
  return at === -1 ? null : (identityFields[at + 1] as string)
}

function show(value: unknown): string {
  if (value === undefined || value === null || value === '') return 'none'
  return String(value)
}

function coverageOf(config: GatewayConfig, results: readonly TestResult[]): CoveredLine[] {
  const counts = new Map<string, number>()
  for (const { simulation } of results) {
    const { outcome, decision, match } = simulation
    if (outcome !== 'forwarded' || !decision?.allowed || match === undefined) continue
    const key = keyOf(match.route, decision.line)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return config.routes.flatMap((route) => {
    const inForce = [...writtenPolicy(route).allow.keys()].filter((line) => isInForce(route, line))
    const lines = [...(route.policy.public ? (['public'] as const) : []), ...inForce]
    return lines.map((line) => ({ route, line, tests: counts.get(keyOf(route, line)) ?? 0 }))
  })
}

function keyOf(route: RouteConfig, line: number | 'public'): string {
  return `${line} ${route.path}`
}
