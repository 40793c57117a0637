/** `mode: report`, `candidate` and `until` of a route → what is enforced now, and what is only reported. */
import type { AllowLine, Method, RouteConfig, RoutePolicy } from './gateway-config.ts'
import type { Path } from './problem.ts'
import type { Report } from './report.ts'
import { ALL_METHODS, resolveCandidate, resolvePolicy } from './resolve-policy.ts'
import type { RoutePath } from './route-path.ts'
import type { RouteFile } from './schema-routes.ts'

type Policies = Pick<RouteConfig, 'policy' | 'report'>

const DAY_MS = 86_400_000
const NO_METHOD: ReadonlySet<Method> = new Set()

/** A route whose last day of report is over has nothing but the policy that it was to get. `now` is in ms since the epoch. */
export function resolvePolicies(
  route: RouteFile,
  path: Path,
  params: RoutePath['params'] | undefined,
  now: number,
  report: Report,
): Policies {
  checkReport(route, path, report)
  const written = resolvePolicy(route, path, params, report)
  const candidate = route.candidate && resolveCandidate(route, path, params, report)
  const both = readReport(route, written, candidate, () => report.line(path))
  if (both === undefined) return { policy: written }
  const untilMs = endOf(route.until)
  if (untilMs <= now) return { policy: both.later }
  return { policy: both.now, report: { of: both.of, policy: both.later, untilMs } }
}

function readReport(route: RouteFile, written: RoutePolicy, candidate: RoutePolicy | undefined, line: () => number) {
  if (route.allow === undefined) return undefined
  if (candidate !== undefined) return { of: 'candidate' as const, now: written, later: candidate }
  if (route.mode === 'report') {
    const now = { ...written, allow: [...written.allow, anyToken(line())] }
    return { of: 'route' as const, now, later: written }
  }
  const isReported = route.allow.map(({ mode }) => mode === 'report')
  if (!isReported.includes(true)) return undefined
  const allow = written.allow.map((it, index) => (isReported[index] ? { ...it, methods: NO_METHOD } : it))
  return { of: 'lines' as const, now: { ...written, allow }, later: written }
}

function anyToken(line: number): AllowLine {
  return { line, methods: new Set(ALL_METHODS), claims: [], where: [], anyToken: true }
}

/** The moment after the last millisecond of the day. */
export function endOf(day: string | undefined): number {
  return day === undefined ? Number.POSITIVE_INFINITY : Date.parse(day) + DAY_MS
}

function checkReport(route: RouteFile, path: Path, report: Report): void {
  const { allow, candidate, mode, until } = route
  const reported = (allow ?? []).findIndex((line) => line.mode === 'report')
  if (candidate !== undefined) checkCandidate(route, [...path, 'candidate'], report)
  if (reported >= 0 && (candidate !== undefined || mode === 'report')) {
    const other = candidate === undefined ? 'the route is in report mode as a whole' : 'there is a candidate'
    report.error([...path, 'allow', reported, 'mode'], `this line cannot be reported: ${other}`, { at: 'key' })
  }
  if (until !== undefined && mode !== 'report' && candidate === undefined && reported < 0) {
    report.error([...path, 'until'], 'until means nothing without mode: report or candidate', { at: 'key' })
  }
}

function checkCandidate({ allow, mode }: RouteFile, path: Path, report: Report): void {
  if (allow === undefined) report.error(path, 'candidate stands beside allow, and there is none', { at: 'key' })
  if (mode === 'report') {
    report.error(path, 'either candidate or mode: report: a candidate is reported anyway', { at: 'key' })
  }
}
