/** What was measured of growth, kept section by section: each says when and on what it was measured. */
import { readFile, writeFile } from 'node:fs/promises'
import { drawLineChart } from '../line-chart.ts'
import type { Machine } from '../machine.ts'
import type { Point, Section } from './section.ts'

export interface GrowthRun {
  readonly date: string
  /** The state of the tree that was measured. */
  readonly commit: string
  readonly machine: Machine
  readonly points: readonly Point[]
}

/** By the id of the section. */
export type GrowthRuns = Readonly<Record<string, GrowthRun>>

export async function saveGrowth({ id }: Section, run: GrowthRun, root: string): Promise<void> {
  const path = `${root}bench/growth.json`
  const runs = { ...(JSON.parse(await readFile(path, 'utf8')) as GrowthRuns), [id]: run }
  const text = JSON.stringify(
    runs,
    (key, value) => (typeof value === 'number' && key !== 'size' ? Number(value.toPrecision(4)) : value),
    2,
  )
  await writeFile(path, `${text}\n`)
}

export async function saveGrowthPicture(section: Section, root: string): Promise<void> {
  const runs = JSON.parse(await readFile(`${root}bench/growth.json`, 'utf8')) as GrowthRuns
  const run = runs[section.id]
  if (run !== undefined) await writeFile(`${root}docs/bench-${section.id}.svg`, drawGrowth(section, run))
}

function drawGrowth(section: Section, { points, machine, date, commit }: GrowthRun): string {
  const footer = [
    ...section.footer,
    `${machine.cpu}, one core for the gateway. Node ${machine.versions.node}. ${date.slice(0, 10)}, ${commit}.`,
  ]
  if (section.draw !== undefined) return section.draw(points, footer)
  return drawLineChart({
    title: section.title,
    sizeTitle: section.sizeTitle,
    sizes: points.map(({ size }) => size),
    labelOf: section.labelOf,
    curves: section.series.map(({ id, title, unit }) => ({
      title,
      unit,
      values: points.map(({ values }) => values[id] ?? Number.NaN),
    })),
    footer,
  })
}

/** A line for each size, a column for each series. */
export function toGrowthTable(section: Section, points: readonly Point[]): string {
  const rows = [
    [section.sizeTitle, ...section.series.map(({ title, unit }) => `${title} (${unit})`)],
    ...points.map(({ size, values }) => [
      section.labelOf?.(size) ?? size.toLocaleString('en'),
      ...section.series.map(({ id }) => toFigure(values[id] ?? Number.NaN)),
    ]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')).join('\n')
}

function toFigure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)
}
