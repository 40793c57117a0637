/** Where the areas of the chart lie. */
import type { Outcome } from '../counters.ts'
import { type Point, SECONDS } from './series.ts'

export const WIDTH = 720
export const HEIGHT = 160
/** From the bottom up. */
export const LAYERS: readonly Outcome[] = ['allowed', 'denied', 'failed']

/** The top of the chart: 1, 2 or 5 times a power of ten, at least 1. */
export function niceMax(points: readonly Point[]): number {
  const max = Math.max(1, ...points.map(({ allowed, denied, failed }) => allowed + denied + failed))
  const power = 10 ** Math.floor(Math.log10(max))
  return ([1, 2, 5].find((step) => step * power >= max) ?? 10) * power
}

/** The outline of each layer, as the `d` of an SVG path; empty for one of which there is nothing. */
export function layerPaths(points: readonly Point[], max: number): Record<Outcome, string> {
  const x = (index: number) => WIDTH - ((points.length - 1 - index) * WIDTH) / (SECONDS - 1)
  const y = (value: number) => round(HEIGHT - (value / max) * HEIGHT)
  let floor = points.map(() => 0)
  const paths: Record<Outcome, string> = { allowed: '', denied: '', failed: '' }
  for (const layer of LAYERS) {
    const top = points.map((point, index) => (floor[index] ?? 0) + point[layer])
    const there = top.map((value, index) => `${round(x(index))},${y(value)}`)
    const back = floor.map((value, index) => `${round(x(index))},${y(value)}`).toReversed()
    if (points.length > 1 && points.some((point) => point[layer] > 0))
      paths[layer] = `M${there.join('L')}L${back.join('L')}Z`
    floor = top
  }
  return paths
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
