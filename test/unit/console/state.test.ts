import { describe, expect, it } from 'vitest'
import type { ConfigStatus } from '../../../src/config/config-record.ts'
import type { GatewayConfig } from '../../../src/config/gateway-config.ts'
import { readRequestCounts } from '../../../src/console/counters.ts'
import type { ProcessLook } from '../../../src/console/process-look.ts'
import { toRoutes } from '../../../src/console/routes.ts'
import { toState } from '../../../src/console/state.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import { complete, load, show } from '../config/mistakes.ts'

function configOf(text: string): GatewayConfig {
  const result = load(complete(text))
  if (result.config === undefined) throw new Error(show(result))
  return result.config
}

const status: ConfigStatus = {
  ...{ digest: 'd', appliedAt: '2026-11-25T00:00:00.000Z', source: '/a.yaml', routes: 1 },
  ...{ tests: { run: 0, green: 0 }, reports: [] },
}
const look = (more: Partial<ProcessLook> = {}): ProcessLook => ({
  issuers: [{ name: 'main', keys: [{ kid: 'k', alg: 'RS256' }], fetchedAtMs: 1000 }],
  store: { store: 'memory', breaker: 'closed' },
  down: [],
  ...more,
})
const gathered = (looks: readonly ProcessLook[]) => ({ notReady: [], metrics: createMetrics().snapshot(), looks })

describe('the requests that the console shows', () => {
  it('are those of the metrics, the most frequent first, with what was decided', () => {
    const metrics = createMetrics()
    const odd = '/a"b\\c\nd'
    metrics.countRequest('/a', 200, 'allowed')
    for (let n = 0; n < 3; n += 1) metrics.countRequest(odd, 403, 'no_line_fits')
    for (let n = 0; n < 2; n += 1) metrics.countRequest('', 401, 'token_missing')
    expect(readRequestCounts(metrics.snapshot())).toEqual([
      { route: odd, status: 403, reason: 'no_line_fits', outcome: 'denied', count: 3 },
      { route: '', status: 401, reason: 'token_missing', outcome: 'denied', count: 2 },
      { route: '/a', status: 200, reason: 'allowed', outcome: 'allowed', count: 1 },
    ])
  })

  it.each([
    [200, 'allowed', 'allowed'],
    [500, 'allowed', 'allowed'],
    [404, 'public', 'allowed'],
    [204, 'preflight', 'allowed'],
    [404, 'no_route', 'denied'],
    [429, 'rate_limited', 'denied'],
    [499, 'client_closed', 'failed'],
    [502, 'upstream_connect', 'failed'],
    [200, 'upstream_reset', 'failed'],
  ])('%d %s was %s', (code, reason, outcome) => {
    const metrics = createMetrics()
    metrics.countRequest('/a', code, reason)
    expect(readRequestCounts(metrics.snapshot())).toMatchObject([{ outcome }])
  })

  it('are bounded', () => {
    const metrics = createMetrics()
    for (let n = 0; n < 2500; n += 1) metrics.countRequest(`/${n}`, 200, 'allowed')
    metrics.countRequest('/7', 200, 'allowed')
    const counts = readRequestCounts(metrics.snapshot())
    expect(counts).toHaveLength(2000)
    expect(counts[0]).toMatchObject({ route: '/7', count: 2 })
  })
})

describe('the state that the console shows', () => {
  it('is that of the worst process', () => {
    const config = configOf('redis: { url: "redis://r" }\nworkers: 3\n')
    const old = { name: 'main', keys: [], fetchedAtMs: 500, lastError: 'timeout' }
    const state = toState(
      config,
      status,
      {
        ...gathered([
          look(),
          look({ issuers: [old], store: { store: 'redis', breaker: 'open' }, down: ['http://up'] }),
        ]),
        processes: 3,
      },
      2000,
    )
    expect(state).toMatchObject({
      atMs: 2000,
      processes: { running: 2, wanted: 3, restarts: 0 },
      issuers: [{ ...old, issuer: 'https://id.example.com', freshForMs: 600_000, staleForMs: 86_400_000 }],
      limiter: { store: 'redis', open: 1 },
      upstreams: [{ name: 'up', urls: [{ url: 'http://up', isDown: true }] }],
    })
  })

  it('says of an issuer without any process that it has no keys', () => {
    const state = toState(configOf(''), status, { ...gathered([]), processes: 1 }, 0)
    expect(state.issuers).toMatchObject([{ name: 'main', keys: [] }])
  })
})

describe('the routes that the console shows', () => {
  it('come with their limits, and with nothing that is secret', () => {
    const config = configOf(
      'redis: { url: "redis://:marked@r" }\nadmin: { password: marked-admin-password }\n' +
        'rateLimits: { a: { limit: 3, window: 1m, key: [token.sub, client.ip] } }\ndefaults: { rateLimits: [a] }\n',
    )
    const routes = toRoutes(config)
    expect(routes.digest).toBe(config.digest)
    expect(routes.routes).toMatchObject([{ path: '/', rateLimits: ['a'], access: [{ who: 'any valid token' }] }])
    expect(routes.limits).toEqual({
      a: { limit: 3, windowMs: 60_000, key: ['token.sub', 'client.ip'], when: 'after-auth', onStoreError: 'local' },
    })
    expect(JSON.stringify(routes)).not.toContain('marked')
  })
})
