/**
 * Envoy with its JWT filter, keys from the issuer's JWKS, and its RBAC filter for the scope. One thread, no access log.
 * Written as JSON, which Envoy reads as well as YAML.
 */
export interface EnvoyOptions {
  readonly port: number
  readonly upstreamPort: number
  readonly issuer: string
  readonly jwksUrl: string
  readonly audience: string
  readonly scope: string
  /** Verified tokens kept; 0: each is verified each time. */
  readonly cachedTokens: number
}

type Json = Record<string, unknown>

export function envoyConfig(options: EnvoyOptions): string {
  const manager = {
    ...typed('filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'gateway',
    generate_request_id: false,
    route_config: {
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/orders/' }, route: { cluster: 'orders' } }] },
      ],
    },
    http_filters: [
      { name: 'envoy.filters.http.jwt_authn', typed_config: jwtFilter(options) },
      { name: 'envoy.filters.http.rbac', typed_config: scopeFilter(options.scope) },
      { name: 'envoy.filters.http.router', typed_config: typed('filters.http.router.v3.Router') },
    ],
  }
  const chain = { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] }
  const listener = { name: 'gateway', address: address(options.port), filter_chains: [chain] }
  const clusters = [cluster('orders', options.upstreamPort), cluster('issuer', Number(new URL(options.jwksUrl).port))]
  return JSON.stringify({ static_resources: { listeners: [listener], clusters } })
}

function jwtFilter({ issuer, audience, jwksUrl, cachedTokens }: EnvoyOptions): Json {
  const http_uri = { uri: jwksUrl, cluster: 'issuer', timeout: '3s' }
  const provider = {
    issuer,
    audiences: [audience],
    remote_jwks: { http_uri, cache_duration: { seconds: 600 }, async_fetch: {} },
    payload_in_metadata: 'claims',
    normalize_payload_in_metadata: { space_delimited_claims: ['scope'] },
    clock_skew_seconds: 30,
    ...(cachedTokens > 0 && { jwt_cache_config: { jwt_cache_size: cachedTokens } }),
  }
  const rules = [{ match: { prefix: '/' }, requires: { provider_name: 'main' } }]
  return { ...typed('filters.http.jwt_authn.v3.JwtAuthentication'), providers: { main: provider }, rules }
}

function scopeFilter(scope: string): Json {
  const metadata = {
    filter: 'envoy.filters.http.jwt_authn',
    path: [{ key: 'claims' }, { key: 'scope' }],
    value: { list_match: { one_of: { string_match: { exact: scope } } } },
  }
  const permissions = [{ header: { name: ':method', string_match: { exact: 'GET' } } }]
  const policies = { read: { permissions, principals: [{ metadata }] } }
  return { ...typed('filters.http.rbac.v3.RBAC'), rules: { action: 'ALLOW', policies } }
}

function cluster(name: string, port: number): Json {
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }]
  return { name, type: 'STATIC', connect_timeout: '2s', load_assignment: { cluster_name: name, endpoints } }
}

function address(port: number): Json {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}

function typed(name: string): Json {
  return { '@type': `type.googleapis.com/envoy.extensions.${name}` }
}
