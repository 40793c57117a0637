import { describe, expect, it } from 'vitest'
import { createMetrics, type Metrics } from '../../../src/observability/metrics.ts'
import { countersOf, mergeSnapshots, renderMetrics } from '../../../src/observability/metrics-snapshot.ts'

function worker(fill: (metrics: Metrics) => void, keys: Readonly<Record<string, number>> = {}) {
  const metrics = createMetrics()
  for (const merge of ['min', 'max', 'sum'] as const) {
    const read = () => Object.entries(keys).map(([labels, value]) => ({ labels, value }))
    metrics.gauge({ name: `test_${merge}`, help: 'A test.', merge, read })
  }
  fill(metrics)
  return metrics.snapshot()
}
const lines = (snapshot: ReturnType<typeof worker>) =>
  renderMetrics(snapshot)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

describe('metrics: the Prometheus text format', () => {
  it('names and explains each family once, with its samples below', () => {
    const snapshot = worker((metrics) => metrics.countRequest('/a"\\\n', 200, 'allowed'), { '': 3 })
    expect(renderMetrics(snapshot)).toBe(`# HELP scopegate_requests_total Requests by route, status and reason.
# TYPE scopegate_requests_total counter
scopegate_requests_total{route="/a\\"\\\\\\n",status="200",reason="allowed"} 1
# HELP scopegate_report_denials_total Requests that a policy in report mode would refuse, by route and reason.
# TYPE scopegate_report_denials_total counter
# HELP scopegate_report_allowances_total Refused requests that a policy in report mode would allow, by route.
# TYPE scopegate_report_allowances_total counter
# HELP scopegate_config_reloads_total Reloads of the route-scope file by result.
# TYPE scopegate_config_reloads_total counter
scopegate_config_reloads_total{result="applied"} 0
scopegate_config_reloads_total{result="refused"} 0
# HELP scopegate_worker_restarts_total Workers that ended unasked and were replaced.
# TYPE scopegate_worker_restarts_total counter
scopegate_worker_restarts_total 0
# HELP test_min A test.
# TYPE test_min gauge
test_min 3
# HELP test_max A test.
# TYPE test_max gauge
test_max 3
# HELP test_sum A test.
# TYPE test_sum gauge
test_sum 3
`)
  })
})

describe('metrics: requests', () => {
  it('are counted apart by route, status and reason, in the order in which they came first', () => {
    const counted = [
      ['/b', 200, 'allowed'],
      ['/a', 200, 'allowed'],
      ['/b', 502, 'allowed'],
      ['/b', 200, 'public'],
      ['', 404, 'no_route'],
      ['/a', 200, 'allowed'],
      ['/b', 200, 'allowed'],
      ['/b', 200, 'allowed'],
    ] as const
    const snapshot = worker((metrics) => {
      for (const [route, status, reason] of counted) metrics.countRequest(route, status, reason)
    })
    expect(lines(snapshot).filter((line) => line.startsWith('scopegate_requests_total'))).toEqual([
      'scopegate_requests_total{route="/b",status="200",reason="allowed"} 3',
      'scopegate_requests_total{route="/a",status="200",reason="allowed"} 2',
      'scopegate_requests_total{route="/b",status="502",reason="allowed"} 1',
      'scopegate_requests_total{route="/b",status="200",reason="public"} 1',
      'scopegate_requests_total{route="",status="404",reason="no_route"} 1',
    ])
  })

  it('that come later do not change a snapshot', () => {
    const metrics = createMetrics()
    metrics.countRequest('/a', 200, 'allowed')
    const snapshot = metrics.snapshot()
    metrics.countRequest('/a', 200, 'allowed')
    expect(lines(snapshot)).toContain('scopegate_requests_total{route="/a",status="200",reason="allowed"} 1')
  })
})

describe('metrics: several workers', () => {
  const first = worker(
    (metrics) => {
      metrics.countRequest('/a', 200, 'allowed')
      metrics.countRequest('/a', 200, 'allowed')
      metrics.countRequest('/a', 403, 'no_line_fits')
      metrics.countWorkerRestart()
    },
    { 'of="x"': 2, 'of="y"': 5 },
  )
  const second = worker(
    (metrics) => {
      metrics.countRequest('/b', 200, 'allowed')
      metrics.countRequest('/a', 200, 'allowed')
      metrics.countReload('refused')
    },
    { 'of="x"': 7 },
  )

  it('adds counters, and merges each gauge as it says', () => {
    expect(lines(mergeSnapshots([first, second]))).toEqual([
      'scopegate_requests_total{route="/a",status="200",reason="allowed"} 3',
      'scopegate_requests_total{route="/a",status="403",reason="no_line_fits"} 1',
      'scopegate_requests_total{route="/b",status="200",reason="allowed"} 1',
      'scopegate_config_reloads_total{result="applied"} 0',
      'scopegate_config_reloads_total{result="refused"} 1',
      'scopegate_worker_restarts_total 1',
      'test_min{of="x"} 2',
      'test_min{of="y"} 5',
      'test_max{of="x"} 7',
      'test_max{of="y"} 5',
      'test_sum{of="x"} 9',
      'test_sum{of="y"} 5',
    ])
  })

  it('keeps the counters of one that is gone, and forgets its gauges', () => {
    const left = mergeSnapshots([countersOf(first), second])
    expect(lines(left)).toContain('scopegate_requests_total{route="/a",status="200",reason="allowed"} 3')
    expect(lines(left).filter((line) => line.startsWith('test_'))).toEqual([
      'test_min{of="x"} 7',
      'test_max{of="x"} 7',
      'test_sum{of="x"} 7',
    ])
  })

  it('survives the way from one process to another', () => {
    expect(mergeSnapshots([structuredClone(first), JSON.parse(JSON.stringify(second))])).toEqual(
      mergeSnapshots([first, second]),
    )
  })
})
