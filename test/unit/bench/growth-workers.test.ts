import { describe, expect, it } from 'vitest'
import type { Point } from '../../../bench/growth/section.ts'
import { WORKERS } from '../../../bench/growth/workers.ts'

const point = (size: number, cpuUs: number): Point => ({ size, values: { cpuUs, mib: 100, rate: 1000 } })

describe('the growth section of workers', () => {
  it('keeps its promise when two cost a request little more than one does', () => {
    expect(WORKERS.judge([point(1, 40), point(2, 42)])).toEqual([
      { text: '2 workers do 1.90 × the work of one, on a core each (at least 1.8)', kept: true },
    ])
  })

  it.each([45, Number.NaN])('breaks it at %d µs for a request', (cpuUs) => {
    expect(WORKERS.judge([point(1, 40), point(2, cpuUs)])).toMatchObject([{ kept: false }])
  })

  it('says nothing of one size', () => {
    expect(WORKERS.judge([point(1, 40)])).toEqual([])
  })
})
