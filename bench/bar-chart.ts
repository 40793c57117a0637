/** Bars beside their names: what is shorter is better. */
import { drawPicture, drawText } from './svg.ts'

export interface Bar {
  readonly label: string
  readonly value: number
  /** Behind the value, faint. */
  readonly note: string
  readonly kind: 'floor' | 'gateway' | 'chosen' | 'other'
}

export interface BarChart {
  readonly title: string
  readonly bars: readonly Bar[]
  /** Lines below the bars: how this was measured. */
  readonly footer: readonly string[]
  /** Bars of more are drawn up to here and end in a gap; their figures are true. */
  readonly longest: number
}

const WIDTH = 860
const LABELS = 330
const FIGURES = 170
const ROW = 24
const TOP = 52

export function drawBarChart({ title, bars, footer, longest }: BarChart): string {
  const scale = (WIDTH - LABELS - FIGURES) / longest
  const bottom = TOP + bars.length * ROW
  const body = [
    drawText(20, 30, title, 'strong'),
    ...bars.flatMap((bar, index) => drawBar(bar, TOP + index * ROW, scale, longest)),
    ...footer.map((line, index) => drawText(20, bottom + 22 + index * 16, line, 'faint')),
  ]
  return drawPicture({ width: WIDTH, height: bottom + 24 + footer.length * 16, title, body })
}

function drawBar({ label, value, note, kind }: Bar, y: number, scale: number, longest: number): string[] {
  const width = Math.max(1, Math.round(Math.min(value, longest) * scale))
  const figure = LABELS + width + 8
  const text = value.toFixed(value < 100 ? 1 : 0)
  return [
    drawText(LABELS - 10, y + 15, label, kind === 'chosen' ? 'strong' : 'text', true),
    `<rect class="${kind}" x="${LABELS}" y="${y + 2}" width="${width}" height="${ROW - 6}" rx="2"/>`,
    ...(value > longest ? [`<rect class="page" x="${LABELS + width - 16}" y="${y}" width="5" height="${ROW}"/>`] : []),
    drawText(figure, y + 15, text, kind === 'chosen' ? 'strong' : 'text'),
    drawText(figure + text.length * 9 + 6, y + 15, note, 'faint'),
  ]
}
