/** What report mode means for tools: which lines are as written, and what the policy that is only reported says. */

import type { GatewayConfig, RouteConfig, RoutePolicy } from '../config/gateway-config.ts'
import { ERRORS } from '../errors.ts'
import { findRemedies } from './remedies.ts'
import type { Simulation } from './simulate.ts'

type ReportedRoute = Pick<RouteConfig, 'policy' | 'report' | 'until'>

/** The lines of `allow` as the file has them, those that are only reported included. */
export function writtenPolicy({ policy, report }: ReportedRoute): RoutePolicy {
  return report === undefined || report.of === 'candidate' ? policy : report.policy
}

/** As if everything that is only reported were enforced. */
export function enforceReported(config: GatewayConfig): GatewayConfig {
  const routes = config.routes.map(({ report, ...route }) =>
    report === undefined ? route : { ...route, policy: report.policy },
  )
  return { ...config, routes }
}

/** What the route is meant to be: of a new one in report mode its lines, of others what is enforced. */
export function meantPolicy({ policy, report }: Pick<RouteConfig, 'policy' | 'report'>): RoutePolicy {
  return report?.of === 'route' ? report.policy : policy
}

/** Whether a line of `allow` (index from 0) lets anybody through now. */
export function isInForce({ policy, report }: ReportedRoute, line: number): boolean {
  return report?.of !== 'lines' || (policy.allow[line]?.methods.size ?? 0) > 0
}

/** `report mode until 2027-03-31`; `report mode`: without an end. Undefined for a route that has nothing to report. */
export function describeReport({ report, until }: ReportedRoute): string | undefined {
  if (report === undefined) return undefined
  const name = report.of === 'candidate' ? 'candidate reported' : 'report mode'
  return until === undefined ? name : `${name} until ${until}`
}

export interface ReportedOutcome {
  /** What the policy that is only reported would do. */
  readonly would: 'allow' | 'deny'
  /** It would do otherwise than what is enforced. */
  readonly differs: boolean
  readonly until?: string
  /** One sentence. */
  readonly reason: string
}

/** Undefined where nothing is reported, or nobody is known of whom to report. */
export function reportedOutcome({ match, decision, reported, token }: Simulation): ReportedOutcome | undefined {
  if (match === undefined || decision === undefined || reported === undefined || token === undefined) return undefined
  const { route } = match
  const { allowed } = reported.decision
  const differs = allowed !== decision.allowed
  const verdict = allowed ? whyAllowed(reported.decision.line) : whyDenied(reported)
  const mode = describeReport(route) ?? ''
  return {
    would: allowed ? 'allow' : 'deny',
    differs,
    ...(route.until !== undefined && { until: route.until }),
    reason: `would ${differs ? '' : 'also '}be ${allowed ? 'let through' : 'refused'} (${mode}): ${verdict}`,
  }
}

function whyAllowed(line: number | 'public'): string {
  return line === 'public' ? 'the method is public' : `line ${line + 1} fits`
}

function whyDenied({ decision, policy, trace }: NonNullable<Simulation['reported']>): string {
  if (!decision.allowed && decision.code === 'method_not_allowed') return '405, no line is for this method'
  const [nearest] = findRemedies({ policy }, trace)
  return nearest === undefined
    ? ERRORS.insufficient_scope.title
    : `403, line ${nearest.line} lacks ${nearest.missing.join(' and ')}`
}
