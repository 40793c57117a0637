/**
 * Envoy with its JWT filter, keys from the issuer's JWKS, and its RBAC filter for the scope. One thread, no access log.
 * Written as JSON, which Envoy reads as well as YAML.
 */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../test/support/free-port.ts'
import { ALL_CHECKS } from '../checks.ts'
import { findProgram, GATEWAY_CORE, startPinned } from '../processes.ts'
import type { Row } from '../row.ts'
import { AUDIENCE, SCOPE } from '../tokens.ts'

interface EnvoyOptions {
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

function envoyConfig(options: EnvoyOptions): string {
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

/** As many as our own cache holds. */
const CACHED_TOKENS = 10_000

/** Where `--install` puts it, or from PATH. */
export function findEnvoy(): string | undefined {
  const installed = new URL('../alternatives/.venv/bin/envoy', import.meta.url).pathname
  return existsSync(installed) ? installed : findProgram('envoy')
}

function envoy(id: string, title: string, cachedTokens: number): Row {
  return {
    ...{ id, title, group: 'other', tokens: 'few', checks: ALL_CHECKS },
    missing: () => (findEnvoy() === undefined ? 'envoy is not installed (npm run bench -- --install)' : undefined),
    async start(world) {
      const port = await freePort()
      const config = join(world.folder, `${id}.json`)
      const { issuer, jwksUrl } = world.issuer
      const expected = { issuer, jwksUrl, audience: AUDIENCE, scope: SCOPE }
      await writeFile(config, envoyConfig({ port, upstreamPort: world.upstream.port, cachedTokens, ...expected }))
      const flags = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'warning']
      const options = { core: GATEWAY_CORE, port, outputFile: world.outputFile(id) }
      return startPinned([findEnvoy() as string, '-c', config, ...flags], options)
    },
  }
}

export const ENVOY_ROWS: readonly Row[] = [
  envoy('envoy-cache', 'Envoy with its token cache (no limit, no log)', CACHED_TOKENS),
  envoy('envoy', 'Envoy (no limit, no log)', 0),
]
