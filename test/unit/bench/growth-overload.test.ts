import { describe, expect, it } from 'vitest'
import { OVERLOAD, PHASES } from '../../../bench/growth/overload.ts'
import type { Point } from '../../../bench/growth/section.ts'

const KEPT = { good: 20_000, refused: 0, share: 1, mib: 200, growth: 1, healthMs: 50 }

/** A point for each phase; `change` is that of one of them. */
const points = (phase = 0, change: Point['values'] = {}): Point[] =>
  PHASES.map((_, index) => ({ size: index + 1, values: { ...KEPT, ...(index === phase && change) } }))

const broken = (phase: number, change: Point['values']) =>
  OVERLOAD.judge(points(phase, change))
    .filter(({ kept }) => !kept)
    .map(({ text }) => text)

describe('the growth section of overload', () => {
  it('keeps its promises when most is served, memory stays and health is quick', () => {
    expect(
      OVERLOAD.judge(points(1, { share: 0.8, refused: 9000, mib: 400, growth: 1.1, healthMs: 1000 })),
    ).toHaveLength(10)
    expect(broken(1, { share: 0.8, refused: 9000, mib: 400, growth: 1.1, healthMs: 1000 })).toEqual([])
  })

  it.each([
    ['less is served', 1, { share: 0.79 }, '384 connections, 128 places: 0.79 of the most is served (at least 0.8)'],
    [
      'memory grows',
      3,
      { growth: 1.2 },
      '3,000 connections, 20 ms of lag: 200 MiB (at most 400), 1.20 × from its first half to its second (at most 1.1)',
    ],
    [
      'it takes too much memory',
      1,
      { mib: 500 },
      '384 connections, 128 places: 500 MiB (at most 400), 1.00 × from its first half to its second (at most 1.1)',
    ],
    [
      'health is slow',
      3,
      { healthMs: 1500 },
      '3,000 connections, 20 ms of lag: a health check takes 1500 ms at most (1000)',
    ],
    [
      'it is not over after two seconds',
      2,
      { refused: 2 },
      '64 connections, the 2 s after: 2 refusals in a second (none)',
    ],
    [
      'it serves less afterwards',
      4,
      { share: 0.5 },
      '64 connections, the 2 s after: 0.50 of the most is served (at least 0.8)',
    ],
  ])('breaks one when %s', (_, phase, change, text) => {
    expect(broken(phase, change)).toEqual([text])
  })

  it('gives each point a value for each series, and each phase a bar', () => {
    expect(OVERLOAD.series.map(({ id }) => id).sort()).toEqual(Object.keys(KEPT).sort())
    const svg = OVERLOAD.draw?.(points(1, { share: 0.9 }), ['how it was measured']) ?? ''
    for (const { title } of PHASES) expect(svg).toContain(`>${title}<`)
    expect(svg).toContain('0.90 ×; 200 MiB')
  })
})
