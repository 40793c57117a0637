import path from 'node:path'
import type { GatewayConfig, UpstreamConfig } from '../config/gateway-config.ts'

/**
 * What one of several workers may take of the connections and requests that the file allows the gateway, rounded up; and the
 * decision log of its own: `decisions.2.ndjson` for the second.
 */
export function shareOf(config: GatewayConfig, workers: number, worker: number): GatewayConfig {
  const share = (count: number): number => Math.ceil(count / workers)
  const shared = new Map<UpstreamConfig, UpstreamConfig>()
  for (const upstream of config.upstreams.values()) {
    shared.set(upstream, { ...upstream, connections: share(upstream.connections) })
  }
  const toShared = (upstream: UpstreamConfig): UpstreamConfig => shared.get(upstream) ?? upstream
  const { decisions, ...server } = config.server
  return {
    ...config,
    server: {
      ...server,
      ...{ connections: share(server.connections), inFlight: share(server.inFlight) },
      ...(decisions && { decisions: { ...decisions, file: fileOf(decisions.file, worker) } }),
    },
    upstreams: new Map([...config.upstreams].map(([name, upstream]) => [name, toShared(upstream)])),
    routes: config.routes.map((route) => ({ ...route, upstream: toShared(route.upstream) })),
  }
}

/** Not a suffix: that is for the full ones. */
function fileOf(file: string, worker: number): string {
  const { dir, name, ext } = path.parse(file)
  return path.join(dir, `${name}.${worker}${ext}`)
}
