/** Counters and gauges. Labels come from the file or from closed sets, never from clients. */
import type { MetricFamily, MetricsSnapshot, Sample } from './metrics-snapshot.ts'

export interface Metrics {
  countRequest(route: string, status: number, reason: string): void
  /** The policy that is only reported would refuse a request for this reason. */
  countReportDenial(route: string, reason: string): void
  /** The policy that is only reported would allow a request that was refused. */
  countReportAllowance(route: string): void
  countReload(result: 'applied' | 'refused'): void
  /** A worker that had ended unasked was replaced. */
  countWorkerRestart(): void
  /** Read when the metrics are asked for. */
  gauge(gauge: Gauge): void
  /** Likewise; never falls. */
  counter(counter: Omit<Gauge, 'merge'>): void
  /** Everything as it is now: plain data, which may travel between processes. */
  snapshot(): MetricsSnapshot
}

export interface Gauge extends Pick<MetricFamily, 'name' | 'help' | 'merge'> {
  readonly read: () => readonly Sample[]
}

export function createMetrics(): Metrics {
  const requests = createRequestCounters()
  const reportDenials = createCounters()
  const reportAllowances = createCounters()
  const reloads = new Map<string, number>([
    ['applied', 0],
    ['refused', 0],
  ])
  let workerRestarts = 0
  const gauges: Gauge[] = []
  const counters: Omit<Gauge, 'merge'>[] = []

  return {
    countRequest: requests.count,
    countReportDenial(route, reason) {
      reportDenials.count(`route="${escapeLabel(route)}",reason="${reason}"`)
    },
    countReportAllowance(route) {
      reportAllowances.count(`route="${escapeLabel(route)}"`)
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
    counter(added) {
      counters.push(added)
    },
    snapshot: () => [
      counter('scopegate_requests_total', 'Requests by route, status and reason.', requests.samples()),
      counter(
        'scopegate_report_denials_total',
        'Requests that a policy in report mode would refuse, by route and reason.',
        reportDenials.samples(),
      ),
      counter(
        'scopegate_report_allowances_total',
        'Refused requests that a policy in report mode would allow, by route.',
        reportAllowances.samples(),
      ),
      counter(
        'scopegate_config_reloads_total',
        'Reloads of the route-scope file by result.',
        [...reloads].map(([result, value]) => ({ labels: `result="${result}"`, value })),
      ),
      counter('scopegate_worker_restarts_total', 'Workers that ended unasked and were replaced.', [
        { labels: '', value: workerRestarts },
      ]),
      ...counters.map(({ name, help, read }) => counter(name, help, read())),
      ...gauges.map(
        ({ name, help, merge, read }): MetricFamily => ({ name, help, type: 'gauge', merge, samples: read() }),
      ),
    ],
  }
}

/** For what is counted seldom. */
function createCounters() {
  const values = new Map<string, number>()
  return {
    count: (labels: string): void => void values.set(labels, (values.get(labels) ?? 0) + 1),
    samples: (): Sample[] => [...values].map(([labels, value]) => ({ labels, value })),
  }
}

interface RequestCounter extends Sample {
  readonly status: number
  readonly reason: string
  value: number
}

/**
 * Found by their parts: to put labels together for each request would cost ten times as much. Of one route there are few,
 * the most frequent ones usually first.
 */
function createRequestCounters() {
  const all: RequestCounter[] = []
  const byRoute = new Map<string, RequestCounter[]>()

  function add(counters: RequestCounter[], route: string, status: number, reason: string): RequestCounter {
    const labels = `route="${escapeLabel(route)}",status="${status}",reason="${reason}"`
    const added = { labels, status, reason, value: 0 }
    byRoute.set(route, counters)
    counters.push(added)
    all.push(added)
    return added
  }

  return {
    count(route: string, status: number, reason: string): void {
      const counters = byRoute.get(route) ?? []
      const known = counters.find((counter) => counter.status === status && counter.reason === reason)
      const counter = known ?? add(counters, route, status, reason)
      counter.value++
    },
    /** In the order in which they were first counted. */
    samples: (): Sample[] => all.map(({ labels, value }) => ({ labels, value })),
  }
}

function counter(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name, help, type: 'counter', merge: 'sum', samples }
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
