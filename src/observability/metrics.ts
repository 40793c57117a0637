/** Counters and gauges. Labels come from the file or from closed sets, never from clients. */
import type { MetricFamily, MetricsSnapshot, Sample } from './metrics-snapshot.ts'

export interface Metrics {
  countRequest(route: string, status: number, reason: string): void
  countReload(result: 'applied' | 'refused'): void
  /** A worker that had ended unasked was replaced. */
  countWorkerRestart(): void
  /** Read when the metrics are asked for. */
  gauge(gauge: Gauge): void
  /** Everything as it is now: plain data, which may travel between processes. */
  snapshot(): MetricsSnapshot
}

export interface Gauge extends Pick<MetricFamily, 'name' | 'help' | 'merge'> {
  readonly read: () => readonly Sample[]
}

export function createMetrics(): Metrics {
  const requests = new Map<string, number>()
  const reloads = new Map<string, number>([
    ['applied', 0],
    ['refused', 0],
  ])
  let workerRestarts = 0
  const gauges: Gauge[] = []

  return {
    countRequest(route, status, reason) {
      const labels = `route="${escapeLabel(route)}",status="${status}",reason="${reason}"`
      requests.set(labels, (requests.get(labels) ?? 0) + 1)
    },
    countReload(result) {
      reloads.set(result, (reloads.get(result) ?? 0) + 1)
    },
    countWorkerRestart() {
      workerRestarts++
    },
    gauge(gauge) {
      gauges.push(gauge)
    },
    snapshot: () => [
      counter(
        'scopegate_requests_total',
        'Requests by route, status and reason.',
        [...requests].map(([labels, value]) => ({ labels, value })),
      ),
      counter(
        'scopegate_config_reloads_total',
        'Reloads of the route-scope file by result.',
        [...reloads].map(([result, value]) => ({ labels: `result="${result}"`, value })),
      ),
      counter('scopegate_worker_restarts_total', 'Workers that ended unasked and were replaced.', [
        { labels: '', value: workerRestarts },
      ]),
      ...gauges.map(
        ({ name, help, merge, read }): MetricFamily => ({ name, help, type: 'gauge', merge, samples: read() }),
      ),
    ],
  }
}

function counter(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name, help, type: 'counter', merge: 'sum', samples }
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
