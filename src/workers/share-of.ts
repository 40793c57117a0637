import type { GatewayConfig, UpstreamConfig } from '../config/gateway-config.ts'

/** What one of several workers may take of the connections and requests that the file allows the gateway, rounded up. */
export function shareOf(config: GatewayConfig, workers: number): GatewayConfig {
  const share = (count: number): number => Math.ceil(count / workers)
  const shared = new Map<UpstreamConfig, UpstreamConfig>()
  for (const upstream of config.upstreams.values()) {
    shared.set(upstream, { ...upstream, connections: share(upstream.connections) })
  }
  const toShared = (upstream: UpstreamConfig): UpstreamConfig => shared.get(upstream) ?? upstream
  const { server } = config
  return {
    ...config,
    server: { ...server, connections: share(server.connections), inFlight: share(server.inFlight) },
    upstreams: new Map([...config.upstreams].map(([name, upstream]) => [name, toShared(upstream)])),
    routes: config.routes.map((route) => ({ ...route, upstream: toShared(route.upstream) })),
  }
}
