/** Requests by route and reason, read back from the metrics of all processes. */
import type { MetricsSnapshot } from '../observability/metrics-snapshot.ts'

export type Outcome = 'allowed' | 'denied' | 'failed'

export interface RequestCount {
  /** As the file has it; empty: no route. */
  readonly route: string
  readonly status: number
  readonly reason: string
  readonly outcome: Outcome
  /** Since the processes started. */
  readonly count: number
}

/** More would make the answer to each look large, and nobody reads so many. */
const MAX_COUNTS = 2_000
const LABELS = /^route="((?:[^"\\]|\\.)*)",status="(\d+)",reason="([^"]*)"$/
const ALLOWED = new Set(['allowed', 'public', 'metadata', 'preflight'])

/** The most frequent ones first. */
export function readRequestCounts(metrics: MetricsSnapshot): RequestCount[] {
  const { samples = [] } = metrics.find(({ name }) => name === 'scopegate_requests_total') ?? {}
  const counts = samples.flatMap(({ labels, value }) => {
    const [, route, status, reason = ''] = LABELS.exec(labels) ?? []
    if (route === undefined) return []
    const code = Number(status)
    return [{ route: unescapeLabel(route), status: code, reason, outcome: toOutcome(code, reason), count: value }]
  })
  return counts.toSorted((a, b) => b.count - a.count).slice(0, MAX_COUNTS)
}

/** What the gateway decided; an upstream's own 404 or 500 was allowed. 499: the client left. */
function toOutcome(status: number, reason: string): Outcome {
  if (ALLOWED.has(reason)) return 'allowed'
  return status >= 400 && status < 499 ? 'denied' : 'failed'
}

/** A counter or gauge without labels; 0 when there is none. */
export function readValue(metrics: MetricsSnapshot, family: string, labels = ''): number {
  const { samples = [] } = metrics.find(({ name }) => name === family) ?? {}
  return samples.find((sample) => sample.labels === labels)?.value ?? 0
}

function unescapeLabel(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}
