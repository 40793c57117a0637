/**
 * What `scopegate start` loads, for that is what a start costs. Not timed: whatever a start loads without need shows up
 * here by its name.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildProgram } from '../../support/built-program.ts'
import { spawnGateway } from '../../support/gateway-process.ts'
import { createLoadReporter, type Loaded, type LoadReporter } from '../../support/loaded-parts.ts'
import { createTestIssuer, type TestIssuer } from '../../support/test-issuer.ts'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'

let program: Awaited<ReturnType<typeof buildProgram>>
let reporter: LoadReporter
let issuer: TestIssuer
let upstream: TestUpstream

beforeAll(async () => {
  program = await buildProgram()
  reporter = await createLoadReporter(program.folder)
  issuer = await createTestIssuer()
  upstream = await startUpstream()
})
afterAll(async () => {
  await Promise.all([program.remove(), issuer.close(), upstream.close()])
})

/** What comes from a start to the end, with one request that a token opens in between. */
async function loadedBy(
  settings: { readonly issuer?: object; readonly file?: object; readonly page?: string } = {},
): Promise<Loaded> {
  const gateway = await spawnGateway(
    {
      issuers: {
        main: { issuer: issuer.issuer, jwks: issuer.jwksUrl, audience: 'shop-api', ...settings.issuer },
      },
      upstreams: { orders: upstream.url },
      rateLimits: { 'per-user': { limit: 100, window: '1m', key: 'token.sub' } },
      defaults: { issuer: 'main', rateLimits: ['per-user'] },
      routes: [{ path: '/orders/**', to: 'orders', allow: [{ methods: ['GET'], scopes: 'orders:read' }] }],
      ...settings.file,
    },
    {
      program: [...reporter.args, join(program.folder, 'dist/main.js'), 'start'],
      env: reporter.env,
    },
  )
  const authorization = `Bearer ${await issuer.mint({ scope: 'orders:read' })}`
  const answer = await fetch(`${gateway.url}/orders/1`, { headers: { authorization } })
  const refusal = await fetch(`${gateway.url}/orders/1`)
  if (settings.page !== undefined) await fetch(gateway.adminUrl + settings.page)
  expect([answer.status, refusal.status, await gateway.stop()]).toEqual([200, 401, 0])
  return reporter.read()
}

const PINO = [
  ...['@pinojs/redact', 'atomic-sleep', 'on-exit-leak-free', 'pino', 'pino-std-serializers'],
  ...['quick-format-unescaped', 'safe-stable-stringify', 'sonic-boom', 'thread-stream'],
]
const LEAN = [...PINO, 'hono', 'jose', 'yaml', 'zod'].sort()
const REDIS = [
  ...['@ioredis/commands', 'cluster-key-slot', 'debug', 'denque', 'ioredis', 'ms', 'redis-errors'],
  'standard-as-callback',
]
/** Of Node, and large: its `fetch`, and a protocol that nobody here speaks. */
const LARGE = ['internal/deps/undici/undici', 'http2', 'inspector']

describe('scopegate start', () => {
  let lean: Loaded
  beforeAll(async () => {
    lean = await loadedBy()
  })

  it('loads the packages of the request path and of the file, and no others', () => {
    expect(lean.packages).toEqual(LEAN)
  })

  it('loads no code of other commands', () => {
    // Of console, docs-page, sessions, tickets and validation the doors alone: none of their packages is there, see above.
    expect(lean.areas).toEqual([
      ...['authentication', 'authorization', 'cli', 'config', 'console', 'docs-page', 'forwarding'],
      ...['http', 'observability', 'rate-limiting', 'routing', 'sessions', 'tickets', 'validation'],
    ])
  })

  it('leaves the large parts of Node alone, also for a request that it refuses', () => {
    expect(lean.node).toContain('http')
    expect(LARGE.filter((name) => lean.node.includes(name))).toEqual([])
  })

  it.each([
    ['discovery', { issuer: { jwks: undefined } }, ['oauth4webapi', 'openid-client']],
    ['the other upstream client', { file: { upstreamClient: 'undici' } }, ['undici']],
    ['Redis, also while that is away', { file: { redis: { url: 'redis://127.0.0.1:1' } } }, REDIS],
    ['a page of the admin listener', { page: '/readyz' }, ['@hono/node-server']],
  ])('adds what is needed for %s, and no more', async (_what, settings, packages) => {
    expect((await loadedBy(settings)).packages).toEqual([...LEAN, ...packages].sort())
  })
})
