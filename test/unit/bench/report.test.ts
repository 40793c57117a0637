import { describe, expect, it } from 'vitest'
import type { Measured, Round } from '../../../bench/measure.ts'
import { describeDisturbance, summarise, toTable } from '../../../bench/report.ts'
import type { Row } from '../../../bench/row.ts'

function round(cpuUs: number, requests = 1000): Round {
  const errors = { status: 0, connect: 0, read: 0, write: 0, timeout: 0 }
  const latency = { p50: 1, p99: cpuUs / 10, p999: cpuUs / 5, max: cpuUs }
  return {
    load: { requests, seconds: 2, bytes: requests * 1200, latency, errors },
    cpuUs,
    rssMiB: cpuUs * 2,
    disturbed: cpuUs / 1000,
  }
}

function measured(id: string, rounds: Round[], errors = 0): Measured {
  const row: Row = {
    ...{ id, title: `The ${id}`, group: 'gateway', tokens: 'few', checks: [] },
    missing: () => undefined,
    start: () => Promise.reject(new Error('not started here')),
  }
  return { row, rounds, errors }
}

describe('summarise', () => {
  const results = summarise([
    measured('gateway', [round(30, 2000), round(28, 2400), round(50, 1000)], 3),
    measured('haproxy', [round(40), round(40), round(41)]),
    measured('envoy-cache', [round(60)]),
  ])

  it('takes medians with their spread, and the most memory', () => {
    expect(results[0]).toMatchObject({
      requestsPerSecond: { median: 1000, min: 500, max: 1200 },
      cpuUs: { median: 30, min: 28, max: 50 },
      latencyMs: { p50: 1, p99: 3, p999: 6 },
      rssMiB: 100,
      errors: 3,
    })
  })

  it('compares with HAProxy, and with Envoy and its cache', () => {
    expect(results.map(({ ofHaproxy, ofEnvoyCache }) => [ofHaproxy, ofEnvoyCache])).toEqual([
      [0.75, 0.5],
      [1, 40 / 60],
      [1.5, 1],
    ])
  })

  it('has no ratio to what was not measured', () => {
    const [alone] = summarise([measured('gateway', [round(30)])])
    expect(alone).not.toHaveProperty('ofHaproxy')
    expect(alone).not.toHaveProperty('ofEnvoyCache')
  })

  it('fits into columns', () => {
    const lines = toTable(results).split('\n')
    expect(lines).toHaveLength(4)
    expect(lines[1]).toBe(
      'The gateway       1000  500–1200    30.0  28.0–50.0       0.75       0.50    1.00  3.00   6.00  100      3',
    )
    expect(new Set(lines.map((line) => line.length)).size).toBe(1)
  })
})

describe('describeDisturbance', () => {
  it('says nothing of a quiet machine', () => {
    expect(describeDisturbance(summarise([measured('gateway', [round(30)])]))).toBeUndefined()
  })

  it('names what something else took of the core', () => {
    const results = summarise([measured('gateway', [round(30)]), measured('haproxy', [round(250)])])
    expect(describeDisturbance(results)).toMatch(/^in 1 of 2 rows .* up to 25 %/)
  })
})
