import type { GatewayConfig, ReportConfig } from './gateway-config.ts'

/** A route with something that is only reported, or that was until its last day was over. */
export interface RouteReport {
  readonly route: string
  /** Line of the route in the file. */
  readonly line: number
  /** Absent once the day is over at load: then it is nothing but the rule. */
  readonly of?: ReportConfig['of']
  readonly until?: string
  /** The last day is over: it enforces, and the file should say no more about it. */
  readonly isOver: boolean
}

/** `nowMs` is in ms since the epoch. */
export function reportsOf({ routes }: GatewayConfig, nowMs: number): RouteReport[] {
  return routes.flatMap(({ path, line, report, until }) => {
    if (report === undefined && until === undefined) return []
    const isOver = report === undefined || nowMs >= report.untilMs
    return [{ route: path, line, ...(report && { of: report.of }), ...(until !== undefined && { until }), isOver }]
  })
}
