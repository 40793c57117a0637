import { describe, expect, it } from 'vitest'
import { drawLineChart } from '../../../bench/line-chart.ts'

const chart = {
  title: 'Growth <fast>',
  sizeTitle: 'routes',
  sizes: [10, 100, 1000],
  curves: [
    { title: 'a', unit: 'µs', values: [10, 20, 40] },
    { title: 'b', unit: 'µs', values: [40, 40, 40] },
    { title: 'memory', unit: 'MiB', values: [0, 1500, 3000] },
  ],
  footer: ['measured here'],
}

const curves = (svg: string) =>
  [...svg.matchAll(/<polyline class="\w+ curve" points="([^"]*)"/g)].map(([, points = '']) =>
    points.split(' ').map((point) => point.split(',').map(Number) as [number, number]),
  )

describe('drawLineChart', () => {
  const svg = drawLineChart(chart)

  it('puts sizes on a logarithmic axis', () => {
    const [left, middle, right] = (curves(svg)[0] ?? []).map(([x]) => x) as [number, number, number]
    expect(middle - left).toBe(right - middle)
  })

  it('puts many sizes on a linear axis, labels the chosen ones, and draws no dots', () => {
    const linear = drawLineChart({ ...chart, sizes: [0, 500, 1000], linearTicks: [0, 250] })
    const [left, middle, right] = (curves(linear)[0] ?? []).map(([x]) => x) as [number, number, number]
    expect(middle - left).toBe(right - middle)
    const labels = [...linear.matchAll(/text-anchor="middle" x="(\d+)"[^>]*>(\d+)</g)]
    expect(labels.map(([, x, label]) => [Number(x), label])).toEqual([
      [left, '0'],
      [left + (middle - left) / 2, '250'],
    ])
    expect(linear).not.toContain('<circle')
  })

  it('puts values of one unit on one axis that begins at 0', () => {
    const [a = [], b = [], memory = []] = curves(svg).map((points) => points.map(([, y]) => y))
    expect(a[2]).toBe(b[2])
    expect(((b[0] ?? 0) - (a[1] ?? 0)) / ((a[1] ?? 0) - (a[0] ?? 0))).toBeCloseTo(2, 1)
    expect(Math.min(...memory)).toBeGreaterThan(Math.max(...a, ...b))
  })

  it('names curves by their last value, each on a line of its own', () => {
    const names = [...svg.matchAll(/y="(\d+)">(a|b): 40</g)].map(([, y]) => Number(y))
    expect(Math.abs((names[0] ?? 0) - (names[1] ?? 0))).toBeGreaterThanOrEqual(17)
    for (const text of ['>memory: 3,000<', '>1,000<', '>routes<', '>Growth &lt;fast&gt;<', '>measured here<']) {
      expect(svg).toContain(text)
    }
  })

  it('says sizes in the words that it is given', () => {
    expect(drawLineChart({ ...chart, labelOf: (size) => `${size} KiB` })).toContain('>100 KiB<')
  })

  it('draws nothing outside its frame, also of one size and of zeros', () => {
    const svgs = [svg, drawLineChart({ ...chart, sizes: [5], curves: [{ title: 'a', unit: 'µs', values: [0] }] })]
    for (const one of svgs) {
      expect(one).not.toContain('NaN')
      const height = Number(/height="(\d+)"/.exec(one)?.[1])
      expect(Math.max(...[...one.matchAll(/ y="(\d+)"/g)].map(([, y]) => Number(y)))).toBeLessThan(height)
    }
  })
})
