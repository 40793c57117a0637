/** Curves over one axis, one panel below the other for each unit. */
import { drawPicture, drawText, escapeXml } from './svg.ts'

export interface Curve {
  readonly title: string
  /** Curves of one unit share a panel and its axis, which begins at 0. */
  readonly unit: string
  /** A value for each size, in their order. */
  readonly values: readonly number[]
}

export interface LineChart {
  readonly title: string
  readonly sizeTitle: string
  readonly sizes: readonly number[]
  /** Default: the number with its thousands apart. */
  readonly labelOf?: ((size: number) => string) | undefined
  /** Sizes that are labelled, on a linear axis and without dots: for many values. Default: all, on a logarithmic axis. */
  readonly linearTicks?: readonly number[]
  readonly curves: readonly Curve[]
  /** Lines below: how this was measured. */
  readonly footer: readonly string[]
}

const WIDTH = 860
const LEFT = 76
/** Where the curves end; their names follow. */
const RIGHT = 600
const TOP = 60
const PANEL = 130
const GAP = 34
/** Names of curves that end close together are moved apart so far. */
const LINE = 17
const KINDS = ['chosen', 'other', 'floor', 'gateway'] as const

export function drawLineChart(chart: LineChart): string {
  const units = [...new Set(chart.curves.map(({ unit }) => unit))]
  const bottom = TOP + units.length * (PANEL + GAP) - GAP
  const body = [
    drawText(20, 30, chart.title, 'strong'),
    ...units.flatMap((unit, index) => drawPanel(chart, unit, TOP + index * (PANEL + GAP))),
    ...(chart.linearTicks ?? chart.sizes).map(
      (size) =>
        `<text class="faint" text-anchor="middle" x="${xOf(chart, size)}" y="${bottom + 18}">${escapeXml(labelOf(chart, size))}</text>`,
    ),
    drawText(RIGHT + 40, bottom + 18, chart.sizeTitle, 'faint'),
    ...chart.footer.map((line, index) => drawText(20, bottom + 46 + index * 16, line, 'faint')),
  ]
  return drawPicture({ width: WIDTH, height: bottom + 46 + chart.footer.length * 16, title: chart.title, body })
}

function drawPanel(chart: LineChart, unit: string, top: number): string[] {
  const curves = chart.curves.filter((curve) => curve.unit === unit)
  const greatest = Math.max(...curves.flatMap(({ values }) => values))
  const step = stepOf(greatest)
  const highest = Math.max(1, Math.ceil(greatest / step)) * step
  const yOf = (value: number) => Math.round(top + PANEL - (value / highest) * PANEL)
  const ticks = Array.from({ length: Math.round(highest / step) + 1 }, (_, index) => index * step)
  const names = spreadApart(curves.map(({ values }) => yOf(values.at(-1) ?? 0)))
  return [
    drawText(LEFT - 56, top - 10, unit, 'faint'),
    ...ticks.flatMap((value) => [
      `<line class="line" x1="${LEFT}" x2="${RIGHT}" y1="${yOf(value)}" y2="${yOf(value)}"/>`,
      drawText(LEFT - 8, yOf(value) + 4, toText(value), 'faint', true),
    ]),
    ...curves.flatMap(({ title, values }, index) => {
      const kind = KINDS[index % KINDS.length] as string
      const points = values.map((value, place) => [xOf(chart, chart.sizes[place] ?? 1), yOf(value)] as const)
      return [
        `<polyline class="${kind} curve" points="${points.map((point) => point.join(',')).join(' ')}"/>`,
        ...(chart.linearTicks === undefined ? points : []).map(
          ([x, y]) => `<circle class="${kind}" cx="${x}" cy="${y}" r="3"/>`,
        ),
        `<rect class="${kind}" x="${RIGHT + 16}" y="${(names[index] ?? 0) - 5}" width="10" height="10" rx="2"/>`,
        drawText(RIGHT + 32, (names[index] ?? 0) + 4, `${title}: ${toText(values.at(-1) ?? 0)}`),
      ]
    }),
  ]
}

/** 1, 2 or 5 times a power of ten, so that three to five lines cover the panel. */
function stepOf(highest: number): number {
  const rough = highest > 0 ? highest / 4 : 0.25
  const power = 10 ** Math.floor(Math.log10(rough))
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
}

/** From the top down, each at least a line below the one before. */
function spreadApart(wanted: readonly number[]): number[] {
  const placed = [...wanted]
  let last = Number.NEGATIVE_INFINITY
  for (const index of wanted.map((_, at) => at).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0))) {
    last = Math.max(wanted[index] ?? 0, last + LINE)
    placed[index] = last
  }
  return placed
}

function xOf({ sizes, linearTicks }: LineChart, size: number): number {
  const [first = 1, last = 1] = [sizes[0], sizes.at(-1)]
  if (first === last) return LEFT
  if (linearTicks !== undefined) return Math.round(LEFT + ((RIGHT - LEFT) * (size - first)) / (last - first))
  return Math.round(LEFT + ((RIGHT - LEFT) * Math.log(size / first)) / Math.log(last / first))
}

function labelOf({ labelOf: own }: LineChart, size: number): string {
  return own?.(size) ?? size.toLocaleString('en')
}

function toText(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))
}
