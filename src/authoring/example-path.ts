/** A path that a route takes, and no more specific one. */
import type { GatewayConfig, RouteConfig } from '../config/gateway-config.ts'
import type { RouteTable } from '../routing/route-table.ts'

/** Whether a segment of the file is `{name}`; its name. */
export function paramOf(segment: string): string | undefined {
  return /^\{(\w+)\}$/.exec(segment)?.[1]
}

/** Segments as the file has them; none for `/`. */
export function segmentsOf(path: string): string[] {
  return path === '/' ? [] : path.slice(1).split('/')
}

/** Values that are no literal of any route, so that they can only be taken for a parameter. */
export function createFreshValues(configs: readonly GatewayConfig[]): (index: number) => string {
  const literals = new Set(configs.flatMap(({ routes }) => routes.flatMap(({ path }) => segmentsOf(path))))
  const fresh: string[] = []
  let last = 0
  return (index) => {
    while (fresh.length <= index) {
      last += 1
      if (!literals.has(String(last))) fresh.push(String(last))
    }
    return fresh[index] as string
  }
}

/**
 * Undefined: more specific routes take every path of this one.
 * @param params values for parameters that must have them
 */
export function examplePath(
  route: RouteConfig,
  table: RouteTable,
  fresh: (index: number) => string,
  maxDepth: number,
  params: Readonly<Record<string, string>> = {},
): string | undefined {
  const all = segmentsOf(route.path)
  const isBelow = all.at(-1) === '**'
  const fixed = (isBelow ? all.slice(0, -1) : all).map((segment, index) => {
    const param = paramOf(segment)
    if (param === undefined) return segment
    return Object.hasOwn(params, param) ? encodeURIComponent(params[param] as string) : fresh(index)
  })
  const depths = isBelow ? Array.from({ length: Math.max(1, maxDepth - fixed.length + 2) }, (_, depth) => depth) : [0]
  // One segment below looks more like a request than none.
  const inOrder = isBelow ? [1, ...depths.filter((depth) => depth !== 1)] : depths
  for (const depth of inOrder) {
    const rest = Array.from({ length: depth }, (_, index) => fresh(fixed.length + index))
    const path = `/${[...fixed, ...rest].join('/')}`
    if (table.match(path)?.route === route) return path
  }
  return undefined
}
