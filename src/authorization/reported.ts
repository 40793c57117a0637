import type { AllowLine, ReportConfig, RouteConfig } from '../config/gateway-config.ts'

/** What is only reported at this moment, in ms since the epoch; undefined: nothing, or not any more. */
export function reportedAt({ report }: Pick<RouteConfig, 'report'>, nowMs: number): ReportConfig | undefined {
  return report !== undefined && nowMs < report.untilMs ? report : undefined
}

/** All lines that decide about the route, now or later. */
export function linesOf({ policy, report }: Pick<RouteConfig, 'policy' | 'report'>): readonly AllowLine[] {
  return report === undefined ? policy.allow : [...policy.allow, ...report.policy.allow]
}
