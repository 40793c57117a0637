/** Areas on top of each other, one for each outcome, newest on the right. */
import type { Outcome } from '../counters.ts'
import { svg } from './dom.ts'
import { type Point, SECONDS } from './series.ts'

const WIDTH = 720
const HEIGHT = 160
/** From the bottom up. */
const LAYERS: readonly Outcome[] = ['allowed', 'denied', 'failed']

/** The top of the chart: 1, 2 or 5 times a power of ten, at least 1. */
export function niceMax(points: readonly Point[]): number {
  const max = Math.max(1, ...points.map(({ allowed, denied, failed }) => allowed + denied + failed))
  const power = 10 ** Math.floor(Math.log10(max))
  return ([1, 2, 5].find((step) => step * power >= max) ?? 10) * power
}

/** The outline of each layer, as the `d` of an SVG path. */
export function layerPaths(points: readonly Point[], max: number): Record<Outcome, string> {
  const x = (index: number) => WIDTH - ((points.length - 1 - index) * WIDTH) / (SECONDS - 1)
  const y = (value: number) => round(HEIGHT - (value / max) * HEIGHT)
  let floor = points.map(() => 0)
  const paths: Record<Outcome, string> = { allowed: '', denied: '', failed: '' }
  for (const layer of LAYERS) {
    const top = points.map((point, index) => (floor[index] ?? 0) + point[layer])
    const there = top.map((value, index) => `${round(x(index))},${y(value)}`)
    const back = floor.map((value, index) => `${round(x(index))},${y(value)}`).toReversed()
    if (points.length > 1) paths[layer] = `M${there.join('L')}L${back.join('L')}Z`
    floor = top
  }
  return paths
}

export function createChart(parent: Element): (points: readonly Point[]) => void {
  const root = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' })
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    root.append(svg('line', { class: 'grid', x1: 0, x2: WIDTH, y1: part * HEIGHT, y2: part * HEIGHT }))
  }
  const layers = LAYERS.map((name) => ({ name, path: svg('path', { class: name }) }))
  root.append(...layers.map(({ path }) => path))
  parent.replaceChildren(root)
  return (points) => {
    const paths = layerPaths(points, niceMax(points))
    for (const { name, path } of layers) path.setAttribute('d', paths[name])
    const { allowed, denied, failed } = points.at(-1) ?? { allowed: 0, denied: 0, failed: 0 }
    const [a, d, f] = [allowed, denied, failed].map(Math.round)
    root.setAttribute('aria-label', `In the last second ${a} requests allowed, ${d} denied, ${f} failed`)
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
