/** `allow` and `public` of a route → what it demands. */
import { readClaimPath } from './claim-path.ts'
import type { AllowLine, Method, RoutePolicy } from './gateway-config.ts'
import type { Path } from './problem.ts'
import type { Report } from './report.ts'
import { describeParams, type RoutePath } from './route-path.ts'
import type { CandidateLineFile, RouteFile } from './schema-routes.ts'

export const ALL_METHODS: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** `params` are those of the path; undefined when the path cannot be read. */
export function resolvePolicy(
  route: RouteFile,
  path: Path,
  params: RoutePath['params'] | undefined,
  report: Report,
): RoutePolicy {
  if (!route.allow && route.public === undefined) {
    report.error(path, 'nobody may use this route: add allow, a list of who may, or public with the reason')
  }
  checkPublic(route, path, report)
  const allow = (route.allow ?? []).map((line, index) =>
    resolveLine(line, route, [...path, 'allow', index], params, report),
  )
  return toPolicy(route, allow, [...path, 'allow'], report)
}

/** `path` is that of the list of lines. */
function toPolicy(route: RouteFile, allow: readonly AllowLine[], path: Path, report: Report): RoutePolicy {
  if (route.public === undefined) return { allow }
  const methods = toMethods(route.methods ?? 'any')
  for (const [index, line] of allow.entries()) checkOverlap(line, methods, [...path, index], route, report)
  return { public: { methods, reason: route.public }, allow }
}

/** The lines of `candidate`, with what is public on the route. */
export function resolveCandidate(
  route: RouteFile,
  path: Path,
  params: RoutePath['params'] | undefined,
  report: Report,
): RoutePolicy {
  const at = [...path, 'candidate']
  const lines = (route.candidate ?? []).map((line, index) => resolveLine(line, route, [...at, index], params, report))
  return toPolicy(route, lines, at, report)
}

function checkPublic(route: RouteFile, path: Path, report: Report): void {
  if (route.public !== undefined && route.allow && route.methods === undefined) {
    const message = 'with both public and allow, methods must say which methods are public'
    report.error([...path, 'public'], message, { at: 'key' })
  }
}

function resolveLine(
  line: CandidateLineFile,
  route: RouteFile,
  path: Path,
  params: RoutePath['params'] | undefined,
  report: Report,
): AllowLine {
  checkLine(line, route, path, report)
  for (const key of Object.keys(line.where ?? {})) {
    const name = key.slice('path.'.length)
    if (params && !params.includes(name)) {
      const mend = describeParams(params, [...path.slice(0, -2), 'path'], report)
      report.error([...path, 'where', key], `the path has no parameter {${name}}${mend}`, { at: 'key' })
    }
  }
  return {
    line: report.line(path),
    methods: toMethods(line.methods ?? route.methods ?? []),
    ...(line.scopes ? { scopes: line.scopes } : {}),
    ...(line.roles ? { roles: line.roles } : {}),
    claims: Object.entries(line.claims ?? {}).map(([name, condition]) => ({
      ...{ name, path: readClaimPath(name) ?? [] },
      ...condition,
    })),
    where: Object.entries(line.where ?? {}).map(([key, claim]) => ({
      param: key.slice('path.'.length),
      claim: readClaimPath(claim.slice('token.'.length)) ?? [],
    })),
    anyToken: line.token === 'any',
    ...(line.because === undefined ? {} : { because: line.because }),
  }
}

function checkLine(line: CandidateLineFile, route: RouteFile, path: Path, report: Report): void {
  const conditions = [line.scopes, line.roles, ...Object.keys(line.claims ?? {}), ...Object.keys(line.where ?? {})]
  const isEmpty = conditions.every((condition) => condition === undefined)
  if (isEmpty && line.token === undefined) {
    report.error(
      path,
      'this line has no condition: add scopes, roles, claims or where; for any valid token say token: any',
    )
  }
  if (!isEmpty && line.token !== undefined) {
    report.error([...path, 'token'], 'token: any stands beside other conditions and would mean nothing; leave it out')
  }
  if (line.methods === undefined && route.methods === undefined) {
    report.error(path, 'this line names no methods, and neither does the route: add methods: [GET], or methods: any')
  }
}

function checkOverlap(line: AllowLine, open: ReadonlySet<Method>, path: Path, route: RouteFile, report: Report): void {
  if (route.methods === undefined) return
  const both = [...line.methods].filter((method) => open.has(method))
  if (both.length === 0) return
  const [list, index] = path.slice(-2)
  const lines: readonly CandidateLineFile[] | undefined = list === 'allow' ? route.allow : route.candidate
  const inherits = lines?.[Number(index)]?.methods === undefined
  const mend = inherits
    ? 'give the line methods of its own'
    : 'leave them out of the line, or out of the public methods'
  report.error(
    inherits ? path : [...path, 'methods'],
    `${both.join(', ')}: public on this route, so the line would mean nothing; ${mend}`,
  )
}

/** The sets of methods that were asked for, by their members as bits: many lines share few of them. */
const SETS: ReadonlySet<Method>[] = []

/** HEAD follows GET (RFC 9110 section 9.3.2). */
function toMethods(methods: 'any' | readonly Method[]): ReadonlySet<Method> {
  const has = (it: Method) => methods === 'any' || methods.includes(it) || (it === 'HEAD' && methods.includes('GET'))
  const bits = ALL_METHODS.reduce((sum, it, index) => sum + (has(it) ? 1 << index : 0), 0)
  const known = SETS[bits] ?? new Set(ALL_METHODS.filter(has))
  SETS[bits] = known
  return known
}
