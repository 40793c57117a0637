import { describe, expect, it } from 'vitest'
import { CONNECTIONS, missingFiles } from '../../../bench/growth/connections.ts'
import { parsePeakMiB } from '../../../bench/growth/peak-memory.ts'
import type { Point } from '../../../bench/growth/section.ts'

const point = (size: number, mib: number): Point => ({ size, values: { mib, cpuUs: 50, rate: 1000, p99: 5 } })

describe('the growth section of connections', () => {
  it('keeps its promise when a connection takes little', () => {
    const verdicts = CONNECTIONS.judge([point(32, 100), point(1000, 130), point(10_032, 500)])
    expect(verdicts).toEqual([
      { text: '10,032 connections, all asking, take 500 MiB: 41 KiB each (at most 64), without an error', kept: true },
    ])
  })

  it('breaks it when a connection takes much', () => {
    expect(CONNECTIONS.judge([point(32, 100), point(10_032, 800)])).toMatchObject([{ kept: false }])
  })

  it('breaks it when nobody knows', () => {
    expect(CONNECTIONS.judge([point(32, 100), { size: 1000, values: {} }])).toMatchObject([{ kept: false }])
  })

  it('says nothing of one size', () => {
    expect(CONNECTIONS.judge([point(32, 100)])).toEqual([])
  })

  it('gives each point a value for each series', () => {
    expect(CONNECTIONS.series.map(({ id }) => id).sort()).toEqual(Object.keys(point(1, 1).values).sort())
  })
})

describe('missingFiles', () => {
  it.each([
    ['Max open files            1024                 524288               files     \n', 'have 1024 files'],
    ['Max open files            20000                20000                files     \n', undefined],
    ['Max open files            unlimited            unlimited            files     \n', undefined],
    ['', 'have 0 files'],
  ])('reads the limit of this process: %j', (limits, missing) => {
    if (missing === undefined) expect(missingFiles(limits)).toBeUndefined()
    else expect(missingFiles(limits)).toContain(missing)
  })
})

describe('parsePeakMiB', () => {
  it('reads VmHWM, and not VmRSS', () => {
    expect(parsePeakMiB('Name:\tnode\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n')).toBe(200)
  })

  it('is 0 for a process that has ended', () => {
    expect(parsePeakMiB('Name:\tnode\nState:\tZ (zombie)\n')).toBe(0)
  })
})
