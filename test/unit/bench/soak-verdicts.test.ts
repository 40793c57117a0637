import { describe, expect, it } from 'vitest'
import { parseSoakArguments } from '../../../bench/soak/arguments.ts'
import { createFaultLog } from '../../../bench/soak/faults.ts'
import { judgeFlatness } from '../../../bench/soak/flatness.ts'
import { parseMetrics } from '../../../bench/soak/gateway.ts'
import { quantile, type Sample } from '../../../bench/soak/samples.ts'
import { parseWaitedMs } from '../../../bench/soak/starvation.ts'
import { createTally } from '../../../bench/soak/tally.ts'
import type { Visitor } from '../../../bench/soak/visitor.ts'

const visitor = (more: Partial<Visitor> = {}): Visitor => ({
  ...{ name: 'read', perSecond: 1, expects: ['200'], visit: async () => '200' },
  ...more,
})

function world(toleratedShare?: number) {
  let nowMs = 0
  const faults = createFaultLog(() => nowMs)
  const told: string[] = []
  const tally = createTally(faults, (text) => told.push(text), toleratedShare)
  const at = (ms: number) => {
    nowMs = ms
  }
  return { faults, tally, told, at }
}

describe('faults', () => {
  it('last from their announcement to a while after their end, for whatever overlaps', () => {
    const { faults, at } = world()
    at(1000)
    const end = faults.begin('upstream')
    expect([...faults.during(0, 999)]).toEqual([])
    expect([...faults.during(0, 1000)]).toEqual(['upstream'])
    expect([...faults.during(90_000, 91_000)]).toEqual(['upstream'])
    at(2000)
    end()
    expect([...faults.during(4999, 6000)]).toEqual(['upstream'])
    expect([...faults.during(5001, 6000)]).toEqual([])
    expect(faults.count).toBe(1)
  })
})

describe('the tally', () => {
  it('takes an expected outcome for right, and complains of any other', () => {
    const { tally, told } = world()
    tally.add(visitor(), '200', 0, 1)
    expect(tally.complaints()).toEqual([])
    tally.add(visitor(), '502', 1, 2)
    expect(tally.complaints()).toEqual(['read: 1 wrong outcomes'])
    expect(told).toEqual(['read: 502 (1 to 2 ms)'])
    expect(tally.counts.get('read')).toEqual({ right: 1, excused: 0, tolerated: 0, wrong: 1 })
  })

  it('excuses what a fault excuses, during that fault and no other', () => {
    const { tally, faults } = world()
    const excused = visitor({ excuses: { upstream: ['502'] } })
    tally.add(excused, '200', 0, 1)
    faults.begin('redis')
    tally.add(excused, '502', 10, 20)
    expect(tally.counts.get('read')).toMatchObject({ excused: 0, wrong: 1 })
    faults.begin('upstream')
    tally.add(excused, '502', 10, 20)
    tally.add(excused, '500', 10, 20)
    expect(tally.counts.get('read')).toMatchObject({ excused: 1, wrong: 2 })
  })

  it('excuses what comes late on a busy machine, and nothing that is wrong at any time', () => {
    const { tally, faults, at } = world()
    at(5000)
    tally.add(visitor(), '200', 0, 1)
    faults.begin('machine', 1000)
    expect(faults.count).toBe(0)
    tally.add(visitor(), 'hung', 3000, 3999)
    expect(tally.counts.get('read')).toMatchObject({ excused: 0, wrong: 1 })
    for (const outcome of ['hung', '503', '504', 'cut']) tally.add(visitor(), outcome, 4000, 5000)
    expect(tally.counts.get('read')).toMatchObject({ excused: 4, wrong: 1 })
    for (const outcome of ['401', '500', 'not what was sent']) tally.add(visitor(), outcome, 4000, 5000)
    expect(tally.counts.get('read')).toMatchObject({ excused: 4, wrong: 4 })
  })

  it('complains of a kind that is always excused', () => {
    const { tally, faults } = world()
    faults.begin('upstream')
    tally.add(visitor({ excuses: { upstream: ['502'] } }), '502', 0, 1)
    expect(tally.complaints()).toEqual(['read: never went right'])
  })

  it.each([
    ['three in any case', 3, 0, undefined, []],
    ['not four of a few', 4, 90, undefined, ['read: 4 outcomes that only a busy machine explains']],
    ['one in a hundred of many', 5, 495, undefined, []],
    ['no more', 6, 494, undefined, ['read: 6 outcomes that only a busy machine explains']],
    ['any, when it is asked not to judge it', 90, 10, 1, []],
  ])('tolerates what a busy machine brings about: %s', (_what, tolerated, right, share, complaints) => {
    const { tally } = world(share)
    for (let i = 0; i < right + 1; i++) tally.add(visitor(), '200', 0, 1)
    for (let i = 0; i < tolerated; i++) tally.add(visitor({ tolerates: ['503'] }), '503', 0, 1)
    expect(tally.complaints()).toEqual(complaints)
  })
})

describe('flatness', () => {
  const sample = (more: Partial<Sample>): Sample => ({
    ...{ atS: 0, rssMiB: 100, descriptors: 60, cpuPercent: 20, p50Ms: 2, p99Ms: 20, ...more },
  })
  const run = (last: Partial<Sample>): Sample[] => [
    ...Array.from({ length: 20 }, () => sample({ rssMiB: 1, descriptors: 1 })),
    ...Array.from({ length: 10 }, () => sample({})),
    // Of the last third, and the middle one as well, less than half may be anything.
    ...Array.from({ length: 4 }, () => sample({ rssMiB: 9999, descriptors: 9999, p50Ms: 9999, p99Ms: Number.NaN })),
    ...Array.from({ length: 6 }, () => sample({})),
    ...Array.from({ length: 6 }, () => sample({ rssMiB: 9999, descriptors: 9999, p50Ms: 9999, p99Ms: Number.NaN })),
    ...Array.from({ length: 14 }, () => sample(last)),
  ]
  const grown = (samples: readonly Sample[], heap = [10, 20, 20]) =>
    judgeFlatness(samples, heap).flatMap(({ title, kept }) => (kept ? [] : title))

  it('compares medians of the last two thirds', () => {
    expect(grown(run({}))).toEqual([])
    expect(judgeFlatness(run({ rssMiB: 105 }), [10, 20, 20])[1]).toMatchObject({ before: 100, after: 105, kept: true })
  })

  it.each([
    ['resident memory, MiB', { rssMiB: 118 }, { rssMiB: 118.1 }],
    ['open descriptors', { descriptors: 66 }, { descriptors: 67 }],
    ['latency p50, ms', { p50Ms: 3.5 }, { p50Ms: 3.6 }],
    ['latency p99, ms', { p99Ms: 40 }, { p99Ms: 40.1 }],
  ])('lets %s grow a little, and no more', (title, little, more) => {
    expect(grown(run(little))).toEqual([])
    expect(grown(run(more))).toEqual([title])
  })

  it('lets the live heap grow by a twentieth and a MiB, and breaks when nobody knows it', () => {
    expect(grown(run({}), [1, 20, 22])).toEqual([])
    expect(grown(run({}), [1, 20, 22.1])).toEqual(['live heap, MiB'])
    expect(grown(run({}), [1, 20])).toEqual(['live heap, MiB'])
  })
})

describe('what the soak reads', () => {
  it('is the time that a thread waited for a processor, in ms', () => {
    expect(parseWaitedMs('123456789 5000000 42\n')).toBe(5)
  })

  it('is metrics by name with labels', () => {
    expect([...parseMetrics('# TYPE a counter\na{route="/x y",status="200"} 3\nb 0.5\n')]).toEqual([
      ['a{route="/x y",status="200"}', 3],
      ['b', 0.5],
    ])
  })

  it('is quantiles of what was measured', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect([quantile(values, 0.5), quantile(values, 0.99), quantile([7], 0.99), quantile([], 0.5)]).toEqual([
      ...[50, 99, 7, Number.NaN],
    ])
  })

  it('is minutes, from 1 on', () => {
    expect(parseSoakArguments([])).toEqual({ minutes: 30, cycleMs: 60_000, smoke: false })
    expect(parseSoakArguments(['--minutes', '2.5']).minutes).toBe(2.5)
    expect(parseSoakArguments(['--smoke']).smoke).toBe(true)
    for (const text of ['0', 'x', '', '1e9']) expect(() => parseSoakArguments(['--minutes', text])).toThrow('--minutes')
  })
})
