/** What a rule of lint is, and what it may look at. */
import type { GatewayConfig, RouteConfig } from '../../config/gateway-config.ts'
import type { Path } from '../../config/problem.ts'
import { createRouteTable, type RouteTable } from '../../routing/route-table.ts'
import { createFreshValues, examplePath, segmentsOf } from '../example-path.ts'
import { writtenPolicy } from '../report-mode.ts'
import { type Overlap, overlapsOf } from './overlaps.ts'

export interface Find {
  readonly path: Path
  readonly at?: 'key'
  /** Why somebody should look at it. */
  readonly message: string
}

/** Pure: the file in, what it finds out. */
export type Rule = (file: LintFile) => Iterable<Find>

/** A file that loads. The routes stand in the order of the file, so that an index is a place in it. */
export interface LintFile {
  readonly config: GatewayConfig
  readonly routes: readonly LintRoute[]
}

export interface LintRoute {
  readonly route: RouteConfig
  /** Where it stands. */
  readonly path: Path
  /** A path that this route takes; undefined: more specific ones take all of its paths. */
  readonly example: string | undefined
  /** A path that it would take if it were alone. */
  readonly ownExample: string
  /** The other routes that match some of its paths. */
  readonly overlaps: readonly Overlap[]
  /** Who takes its example (without one: its own example) when this route is not there. */
  readonly fallback: RouteConfig | undefined
}

export function createLintFile(file: GatewayConfig): LintFile {
  // What is written, whether or not it is only reported.
  const config = { ...file, routes: file.routes.map((route) => ({ ...route, policy: writtenPolicy(route) })) }
  const fresh = createFreshValues([config])
  const table = createRouteTable(config.routes)
  const depth = Math.max(0, ...config.routes.map(({ path }) => segmentsOf(path).length))
  const overlaps = overlapsOf(config.routes)
  const find = (route: RouteConfig, among: RouteTable) => examplePath(route, among, fresh, depth)
  const routes = config.routes.map((route, index): LintRoute => {
    const own = overlaps[index] ?? []
    const others = own.map(({ other }) => other)
    const example = find(route, table)
    const ownExample = find(route, createRouteTable([route])) ?? route.path
    return {
      route,
      path: ['routes', index],
      example,
      ownExample,
      overlaps: own,
      fallback: others.length === 0 ? undefined : createRouteTable(others).match(example ?? ownExample)?.route,
    }
  })
  return { config, routes }
}
