/** Counters and gauges in the Prometheus text format. Labels come from the file or from closed sets, never from clients. */
export interface Metrics {
  countRequest(route: string, status: number, reason: string): void
  countReload(result: 'applied' | 'refused'): void
  /** Read when the metrics are asked for. */
  gauge(name: string, help: string, read: () => readonly { readonly labels: string; readonly value: number }[]): void
  render(): string
}

export function createMetrics(): Metrics {
  const requests = new Map<string, number>()
  const reloads = new Map<string, number>([
    ['applied', 0],
    ['refused', 0],
  ])
  const gauges: { name: string; help: string; read: Parameters<Metrics['gauge']>[2] }[] = []

  return {
    countRequest(route, status, reason) {
      const labels = `route="${escapeLabel(route)}",status="${status}",reason="${reason}"`
      requests.set(labels, (requests.get(labels) ?? 0) + 1)
    },
    countReload(result) {
      reloads.set(result, (reloads.get(result) ?? 0) + 1)
    },
    gauge(name, help, read) {
      gauges.push({ name, help, read })
    },
    render() {
      const lines = [
        '# HELP scopegate_requests_total Requests by route, status and reason.',
        '# TYPE scopegate_requests_total counter',
        ...[...requests].map(([labels, count]) => `scopegate_requests_total{${labels}} ${count}`),
        '# HELP scopegate_config_reloads_total Reloads of the route-scope file by result.',
        '# TYPE scopegate_config_reloads_total counter',
        ...[...reloads].map(([result, count]) => `scopegate_config_reloads_total{result="${result}"} ${count}`),
      ]
      for (const { name, help, read } of gauges) {
        lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`)
        for (const { labels, value } of read()) lines.push(`${name}${labels === '' ? '' : `{${labels}}`} ${value}`)
      }
      return `${lines.join('\n')}\n`
    },
  }
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
