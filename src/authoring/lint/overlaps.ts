/** Which routes match paths of each other. */
import type { RouteConfig } from '../../config/gateway-config.ts'
import { paramOf, segmentsOf } from '../example-path.ts'

export interface Overlap {
  readonly other: RouteConfig
  /**
   * `wider`: the other matches all paths of this one. `narrower`: the other way round. `crossing`: only some, and each is the
   * more specific one in a segment.
   */
  readonly relation: 'wider' | 'narrower' | 'crossing'
  /** A path that both match. */
  readonly example: string
}

type Rank = 'literal' | 'param' | 'rest'
const ORDER: readonly Rank[] = ['rest', 'param', 'literal']
const OPPOSITE = { wider: 'narrower', narrower: 'wider', crossing: 'crossing' } as const

/** For each route, in the order of the list. Compares each with each, most of them by their first segments alone. */
export function overlapsOf(routes: readonly RouteConfig[]): Overlap[][] {
  const all = routes.map((route) => ({ route, segments: segmentsOf(route.path), overlaps: [] as Overlap[] }))
  for (const [index, one] of all.entries()) {
    for (const two of all.slice(index + 1)) {
      const found = compare(one.segments, two.segments)
      if (found === undefined) continue
      const { relation, example } = found
      one.overlaps.push({ other: two.route, relation, example })
      two.overlaps.push({ other: one.route, relation: OPPOSITE[relation], example })
    }
  }
  return all.map(({ overlaps }) => overlaps)
}

/** What the second is to the first; undefined: no path is matched by both, or neither surprises. */
function compare(one: readonly string[], two: readonly string[]): Omit<Overlap, 'other'> | undefined {
  const common = intersect(one, two)
  if (common === undefined) return undefined
  const example = `/${common.map((text) => (text === '{}' ? '1' : text === '**' ? 'x' : text)).join('/')}`
  const shape = shapeOf(common)
  if (shape === shapeOf(one)) return { relation: 'wider', example }
  if (shape === shapeOf(two)) return { relation: 'narrower', example }
  const signs = new Set(common.map((_, index) => Math.sign(rankAt(one, index) - rankAt(two, index))))
  return signs.has(1) && signs.has(-1) ? { relation: 'crossing', example } : undefined
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

function shapeOf(segments: readonly string[]): string {
  return segments.map(toShape).join('/')
}

/** How specific a route is about a segment; everything behind its end is left to `**`. */
function rankAt(segments: readonly string[], index: number): number {
  const segment = segments[index] ?? '**'
  const rank: Rank = segment === '**' ? 'rest' : paramOf(segment) === undefined ? 'literal' : 'param'
  return ORDER.indexOf(rank)
}
