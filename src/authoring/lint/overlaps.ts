/** Which routes match paths of each other. */
import type { RouteConfig } from '../../config/gateway-config.ts'
import { paramOf, segmentsOf } from '../example-path.ts'

export interface Overlap {
  readonly other: RouteConfig
  /** Each is the more specific one in some segment, so that neither matches all paths of the other. */
  readonly isCrossing: boolean
  /** A path that both match. */
  readonly example: string
}

type Rank = 'literal' | 'param' | 'rest'
const ORDER: readonly Rank[] = ['rest', 'param', 'literal']

/** For each route, in the order of the list. Compares each with each, most of them by their first segments alone. */
export function overlapsOf(routes: readonly RouteConfig[]): Overlap[][] {
  const all = routes.map((route) => ({ route, segments: segmentsOf(route.path), overlaps: [] as Overlap[] }))
  for (const [index, one] of all.entries()) {
    for (const two of all.slice(index + 1)) {
      const found = compare(one.segments, two.segments)
      if (found === undefined) continue
      one.overlaps.push({ other: two.route, ...found })
      two.overlaps.push({ other: one.route, ...found })
    }
  }
  return all.map(({ overlaps }) => overlaps)
}

/** Undefined: no path is matched by both. */
function compare(one: readonly string[], two: readonly string[]): Omit<Overlap, 'other'> | undefined {
  const common = intersect(one, two)
  if (common === undefined) return undefined
  const example = `/${common.map((text) => (text === '{}' ? '1' : text === '**' ? 'x' : text)).join('/')}`
  const signs = new Set(common.map((_, index) => Math.sign(rankAt(one, index) - rankAt(two, index))))
  return { isCrossing: signs.has(1) && signs.has(-1), example }
}

/** Segments that both match, `{}` for any one and `**` for any number. */
function intersect(one: readonly string[], two: readonly string[]): string[] | undefined {
  const common: string[] = []
  for (let index = 0; ; index += 1) {
    const [a, b] = [one[index], two[index]]
    if (a === undefined && b === undefined) return common
    if (a === '**') return [...common, ...two.slice(index).map(toShape)]
    if (b === '**') return [...common, ...one.slice(index).map(toShape)]
    const both = intersectSegments(a, b)
    if (both === undefined) return undefined
    common.push(both)
  }
}

function intersectSegments(one: string | undefined, two: string | undefined): string | undefined {
  if (one === undefined || two === undefined) return undefined
  if (paramOf(one) !== undefined) return toShape(two)
  return one === two || paramOf(two) !== undefined ? one : undefined
}

function toShape(segment: string): string {
  return paramOf(segment) === undefined ? segment : '{}'
}

/** How specific a route is about a segment; everything behind its end is left to `**`. */
function rankAt(segments: readonly string[], index: number): number {
  const segment = segments[index] ?? '**'
  const rank: Rank = segment === '**' ? 'rest' : paramOf(segment) === undefined ? 'literal' : 'param'
  return ORDER.indexOf(rank)
}
