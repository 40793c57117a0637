/** Why one route takes a path and not another, and which routes a path without one comes close to. */
import type { GatewayConfig, RouteConfig } from '../config/gateway-config.ts'
import { editDistance } from '../config/nearest.ts'
import { createRouteTable } from '../routing/route-table.ts'
import { paramOf, segmentsOf } from './example-path.ts'

export interface Loser {
  readonly route: RouteConfig
  readonly why: string
}

/** The other routes that would take `path` if the winner were not there, the most specific first. */
export function findLosers({ routes }: GatewayConfig, path: string, winner: RouteConfig): Loser[] {
  const losers: Loser[] = []
  for (let left = routes.filter((route) => route !== winner); ; ) {
    const next = createRouteTable(left).match(path)?.route
    if (next === undefined) return losers
    losers.push({ route: next, why: compare(winner.path, next.path) })
    left = left.filter((route) => route !== next)
  }
}

/** `segment 2: "export" before {id}`. */
function compare(winner: string, loser: string): string {
  const [own, other] = [segmentsOf(winner), segmentsOf(loser)]
  const at = own.findIndex((segment, index) => kindOf(segment) !== kindOf(other[index]))
  const index = at === -1 ? own.length : at
  const shown = [own[index], other[index]].map((segment) => {
    if (segment === undefined) return 'the end of the path'
    return kindOf(segment) === 'literal' ? `"${segment}"` : segment
  })
  return `segment ${index + 1}: ${shown.join(' before ')}`
}

function kindOf(segment: string | undefined): 'literal' | 'param' | 'rest' | 'end' {
  if (segment === undefined) return 'end'
  if (segment === '**') return 'rest'
  return paramOf(segment) === undefined ? 'literal' : 'param'
}

/** Of a path that no route takes: the routes that it misses by the least, at most three. */
export function findNearest({ routes }: GatewayConfig, path: string): RouteConfig[] {
  const wanted = path.slice(1).replace(/\/$/, '').split('/')
  const rated = routes.map((route) => ({ route, distance: distanceTo(segmentsOf(route.path), wanted) }))
  const near = rated.filter(({ distance }) => distance <= 1.5).toSorted((a, b) => a.distance - b.distance)
  return near.slice(0, 3).map(({ route }) => route)
}

/** 1 for each segment that is too much or too little, and for one that is another word altogether. */
function distanceTo(segments: readonly string[], wanted: readonly string[]): number {
  const isBelow = segments.at(-1) === '**'
  const fixed = isBelow ? segments.slice(0, -1) : segments
  const surplus = wanted.length - fixed.length
  let distance = isBelow ? Math.max(0, -surplus) : Math.abs(surplus)
  for (const [index, segment] of fixed.entries()) {
    const other = wanted[index]
    if (other === undefined || paramOf(segment) !== undefined || segment === other) continue
    distance += Math.min(1, (2 * editDistance(segment.toLowerCase(), other.toLowerCase())) / segment.length)
  }
  // At least one word must be the same, or nearly so.
  const literals = fixed.filter((segment) => paramOf(segment) === undefined).length
  return literals > 0 && distance >= literals ? Number.POSITIVE_INFINITY : distance
}
