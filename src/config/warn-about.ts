/** What is odd about a file that loads, as far as a start has to say it; `validate` looks for more. */
import type { FindingCode } from './findings.ts'
import type { Path } from './problem.ts'
import type { Report } from './report.ts'
import { type NamedThings, SECTIONS } from './resolve-names.ts'
import { endOf } from './resolve-report.ts'
import type { GatewayFile } from './schema.ts'
import type { RouteFile } from './schema-routes.ts'

/** @param routeIndexes where the routes stand in the file. @param now ms since the epoch */
export function warnAboutFile(
  file: GatewayFile,
  things: NamedThings,
  report: Report,
  { routeIndexes, now }: { readonly routeIndexes: readonly number[]; readonly now: number },
): void {
  for (const section of SECTIONS) {
    const unused = [...things[section].keys()].filter((name) => !things.isUsed(section, name))
    for (const name of unused) report.warn('unused', [section, name], 'nothing uses this', { at: 'key' })
  }
  if (!file.redis && file.workers !== 1) {
    const message = 'without redis each worker counts alone, so a client gets the limit several times'
    report.warn('workers-without-redis', ['workers'], message)
  }
  for (const [index, block] of file.trustedProxies.entries()) {
    if (!block.endsWith('/0')) continue
    report.warn('proxies-anybody', ['trustedProxies', index], 'this believes the X-Forwarded-For of anybody')
  }
  for (const [position, route] of file.routes.entries()) {
    warnAboutReport(route, ['routes', routeIndexes[position] ?? position], now, report)
  }
}

function warnAboutReport({ allow, candidate, mode, until }: RouteFile, path: Path, now: number, report: Report): void {
  const warn = (code: FindingCode, field: string, message: string) => report.warn(code, [...path, field], message)
  if (mode === 'report' && !allow)
    warn('report-public', 'mode', 'a public route refuses nobody, so there is nothing to report')
  if (endOf(until) <= now) {
    const mend = candidate === undefined ? 'remove mode and until' : 'put candidate in place of allow, and remove until'
    warn('report-over', 'until', `this day is over, so what was reported is enforced; ${mend}`)
  }
}
