/** Metrics at one moment: how those of several processes become one, and their text in the Prometheus format. */

export interface Sample {
  /** As in the text format, such as `route="/a",status="200"`; empty: none. */
  readonly labels: string
  readonly value: number
}

export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  /** How the values of several workers become one. A counter's is `sum`. */
  readonly merge: 'sum' | 'min' | 'max'
  readonly samples: readonly Sample[]
}

export type MetricsSnapshot = readonly MetricFamily[]

const MERGE = {
  sum: (a: number, b: number) => a + b,
  min: Math.min,
  max: Math.max,
}

/** One snapshot of all; families and samples stay in the order in which they come first. */
export function mergeSnapshots(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const families = new Map<string, { readonly family: MetricFamily; readonly values: Map<string, number> }>()
  for (const family of snapshots.flat()) {
    const known = families.get(family.name) ?? { family, values: new Map<string, number>() }
    families.set(family.name, known)
    for (const { labels, value } of family.samples) {
      const before = known.values.get(labels)
      known.values.set(labels, before === undefined ? value : MERGE[known.family.merge](before, value))
    }
  }
  return [...families.values()].map(({ family, values }) => ({
    ...family,
    samples: [...values].map(([labels, value]) => ({ labels, value })),
  }))
}

/** What is left of a process that is gone: its counters count on, its gauges say nothing any more. */
export function countersOf(snapshot: MetricsSnapshot): MetricsSnapshot {
  return snapshot.filter(({ type }) => type === 'counter')
}

/** The Prometheus text format, version 0.0.4. */
export function renderMetrics(snapshot: MetricsSnapshot): string {
  const lines: string[] = []
  for (const { name, help, type, samples } of snapshot) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const { labels, value } of samples) lines.push(`${name}${labels === '' ? '' : `{${labels}}`} ${value}`)
  }
  return `${lines.join('\n')}\n`
}
