/** Everything there is to say about one request and its answer. */
import type { LineTrace } from '../authorization/trace.ts'
import type { AllowLine, GatewayConfig, RouteConfig } from '../config/gateway-config.ts'
import { notesWithoutToken } from './own-pages.ts'
import { explainOutcome } from './reason.ts'
import { isInForce, type ReportedOutcome, reportedOutcome, writtenPolicy } from './report-mode.ts'
import { findLosers, findNearest } from './route-contest.ts'
import type { SimulatedRequest, Simulation } from './simulate.ts'
import type { LimitUse } from './simulated-limits.ts'
import { findWaysToPass } from './ways-to-pass.ts'
import { describeBody, describeConditions, describeKeyPart } from './words.ts'

/** What `scopegate explain --json` prints; its fields are documented in docs/commands.md. */
export interface Explanation {
  readonly request: { readonly method: string; readonly path: string | null }
  readonly outcome: Simulation['outcome']
  /** 200 for a request that is forwarded. */
  readonly status: number
  readonly code?: string
  readonly reason: string
  readonly route?: ExplainedRoute
  /** Without a route: the nearest ones. */
  readonly nearest?: readonly { readonly path: string; readonly line: number }[]
  readonly token?: ExplainedToken
  readonly public?: { readonly methods: readonly string[]; readonly reason: string; readonly holds: boolean }
  readonly lines: readonly ExplainedLine[]
  /** What the policy that is only reported would do. */
  readonly report?: ReportedOutcome
  readonly limits: readonly ExplainedLimit[]
  readonly upstream?: {
    readonly name: string
    readonly path: string
    readonly identity: Readonly<Record<string, string>>
  }
  readonly answer: {
    readonly status: number
    readonly headers: readonly (readonly [string, string])[]
    readonly body: string
  }
  readonly toPass: readonly string[]
  readonly notes: readonly string[]
}

interface ExplainedRoute {
  readonly path: string
  readonly line: number
  readonly beats: readonly { readonly path: string; readonly line: number; readonly why: string }[]
}

interface ExplainedToken {
  /** Whether the signature was checked, and if not, why not. */
  readonly signature: string
  readonly issuer?: string
  readonly subject?: string
  readonly clientId?: string
  readonly scopes?: readonly string[]
  readonly roles?: readonly string[]
}

interface ExplainedLine {
  /** Of `allow`, from 1. */
  readonly line: number
  /** Line in the file. */
  readonly fileLine: number
  readonly methods: readonly string[]
  readonly applies: boolean
  readonly holds: boolean
  readonly because?: string
  /** Only reported: it lets nobody through yet. */
  readonly mode?: 'report'
  readonly conditions: readonly { readonly text: string; readonly holds: boolean; readonly seen: unknown }[]
}

interface ExplainedLimit {
  readonly name: string
  readonly limit: number
  readonly windowSeconds: number
  readonly key: readonly string[]
  readonly when: string
  readonly counts: boolean
  /** Fields of a form that it counts by and the body does not have. */
  readonly missing?: readonly string[]
}

export interface ExplainedFacts {
  /** Whether the signature was checked; undefined: no token was presented. */
  readonly signature: string | undefined
  readonly notes: readonly string[]
}

export function explain(
  config: GatewayConfig,
  { method, body }: SimulatedRequest,
  simulation: Simulation,
  { signature, notes }: ExplainedFacts,
): Explanation {
  const { path, match, trace, outcome, error, answer, limits } = simulation
  const token = toToken(simulation, signature)
  const report = reportedOutcome(simulation)
  return {
    request: { method, path: path ?? null },
    outcome,
    status: answer.status,
    ...(error && { code: error.code }),
    reason: explainOutcome(simulation),
    ...(match && { route: toRoute(config, match.route, path ?? '') }),
    ...(match === undefined && path !== undefined && { nearest: findNearest(config, path).map(toPlace) }),
    ...(token && { token }),
    ...(trace?.public && { public: trace.public }),
    lines: (trace?.lines ?? []).map((line) => toLine(line, match?.route as RouteConfig)),
    ...(report && { report }),
    limits: limits.map(toLimit),
    ...toUpstream(simulation),
    answer: { status: answer.status, headers: toPairs(answer.headers), body: answer.body },
    toPass: findWaysToPass(config, simulation, method),
    notes: [...notes, ...bodyNotes(simulation, body), ...notesWithoutToken(config, match?.route, token !== undefined)],
  }
}

/** Without a body there is nothing to look at. */
function bodyNotes({ match, outcome }: Simulation, body: string | undefined): string[] {
  const policy = match?.route.body
  if (policy === undefined || outcome !== 'forwarded' || body !== undefined) return []
  return [`a body would be put to ${describeBody(policy)}: give one with --body`]
}

function toRoute(config: GatewayConfig, route: RouteConfig, path: string): ExplainedRoute {
  const beats = findLosers(config, path, route).map(({ route: loser, why }) => ({ ...toPlace(loser), why }))
  return { ...toPlace(route), beats }
}

function toPlace({ path, line }: RouteConfig) {
  return { path, line }
}

function toToken({ token }: Simulation, signature: string | undefined): ExplainedToken | undefined {
  if (signature === undefined) return undefined
  if (token === undefined) return { signature }
  const { issuer, subject, clientId, scopes, roles } = token
  return {
    signature,
    issuer,
    ...(subject !== undefined && { subject }),
    ...(clientId !== undefined && { clientId }),
    scopes: [...scopes].sort(),
    roles: [...roles].sort(),
  }
}

function toLine({ line, methods, applies, holds, conditions, because }: LineTrace, route: RouteConfig): ExplainedLine {
  const allow = writtenPolicy(route).allow[line] as AllowLine
  const texts = describeConditions(allow)
  return {
    line: line + 1,
    fileLine: allow.line,
    methods,
    applies,
    holds,
    ...(because !== undefined && { because }),
    ...(isInForce(route, line) ? {} : { mode: 'report' }),
    conditions: conditions.map(({ holds: isMet, seen }, index) => ({ text: texts[index] ?? '', holds: isMet, seen })),
  }
}

function toLimit({ policy, counts, missing }: LimitUse): ExplainedLimit {
  const { name, limit, windowMs, key, when } = policy
  return {
    name,
    limit,
    windowSeconds: windowMs / 1000,
    key: key.map(describeKeyPart),
    when,
    counts,
    ...(missing.length > 0 && { missing }),
  }
}

function toUpstream({ match, upstreamPath, identityFields }: Simulation): Pick<Explanation, 'upstream'> {
  if (match === undefined || upstreamPath === undefined) return {}
  const identity = Object.fromEntries(toPairs(identityFields))
  return { upstream: { name: match.route.upstream.name, path: upstreamPath, identity } }
}

function toPairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] as string] as [string, string]] : []))
}
