/** Areas on top of each other, one for each outcome, newest on the right. */
import { HEIGHT, LAYERS, layerPaths, niceMax, WIDTH } from './chart-paths.ts'
import { svg } from './dom.ts'
import type { Point } from './series.ts'

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
