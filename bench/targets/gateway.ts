/** The gateway as its users run it: `scopegate start` from the bundle. Only the route-scope file differs between rows. */
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from '../../test/support/free-port.ts'
import { ALL_CHECKS, TOKEN_CHECKS } from '../checks.ts'
import { GATEWAY_CORE, programOf, type Running, startPinned } from '../processes.ts'
import { missingProgram, type Row } from '../row.ts'
import { AUDIENCE, SCOPE } from '../tokens.ts'
import type { World } from '../world.ts'

export interface Stages {
  readonly access: 'public' | 'any token' | 'scope'
  readonly limit?: 'memory' | 'redis'
  readonly accessLog?: true
  /** Default is the file's. */
  readonly upstreamClient?: 'lean' | 'undici'
}

const ROOT = new URL('../..', import.meta.url).pathname

/** One route, `GET /orders/**`, with the stages that are on. The limit counts each request and is never reached. */
export function routeScopeFile(
  stages: Stages,
  at: {
    readonly port: number
    readonly issuer: string
    readonly jwksUrl: string
    readonly upstreamPort: number
    readonly redisUrl?: string
  },
): Record<string, unknown> {
  const condition = stages.access === 'scope' ? { scopes: SCOPE } : { token: 'any' }
  const open = { methods: ['GET'], public: 'measured without a token' }
  const limited = {
    rateLimits: { 'per-user': { limit: 1_000_000, window: '1m', key: 'token.sub' } },
    defaults: { issuer: 'main', rateLimits: ['per-user'] },
  }
  return {
    version: 1,
    listen: { host: '127.0.0.1', port: at.port },
    admin: { port: 0 },
    log: { access: stages.accessLog === true ? 'all' : 'none' },
    issuers: { main: { issuer: at.issuer, jwks: at.jwksUrl, audience: AUDIENCE } },
    upstreams: { orders: `http://127.0.0.1:${at.upstreamPort}` },
    ...(stages.upstreamClient !== undefined && { upstreamClient: stages.upstreamClient }),
    ...(at.redisUrl !== undefined && { redis: { url: at.redisUrl } }),
    ...(stages.limit === undefined ? { defaults: { issuer: 'main' } } : limited),
    routes: [
      {
        path: '/orders/**',
        to: 'orders',
        ...(stages.access === 'public' ? open : { allow: [{ methods: ['GET'], ...condition }] }),
      },
    ],
  }
}

async function start(world: World, id: string, stages: Stages, root: string): Promise<Running> {
  const port = await freePort()
  const redis = stages.limit === 'redis' ? await world.redis() : undefined
  const file = join(world.folder, `${id}.yaml`)
  const { issuer, jwksUrl } = world.issuer
  const at = { port, issuer, jwksUrl, upstreamPort: world.upstream.port }
  const redisUrl = redis && { redisUrl: `redis://127.0.0.1:${redis.port}` }
  await writeFile(file, stringify(routeScopeFile(stages, { ...at, ...redisUrl })))
  const command = [...programOf(root), 'start', '-c', file]
  return startPinned(command, { core: GATEWAY_CORE, port, outputFile: world.outputFile(id), cwd: root })
}

function gateway(id: string, title: string, stages: Stages, more: { tokens?: 'many'; root?: string } = {}): Row {
  const checks = { public: [], 'any token': TOKEN_CHECKS, scope: ALL_CHECKS }[stages.access]
  return {
    ...{ id, title, group: 'gateway', tokens: more.tokens ?? 'few', checks },
    missing: () => (stages.limit === 'redis' ? missingProgram('redis-server') : undefined),
    start: (world) => start(world, id, stages, more.root ?? ROOT),
  }
}

const EVERYTHING: Stages = { access: 'scope', limit: 'memory', accessLog: true }

/** A `+` adds a stage to those above; `verified` and `limit-redis` stand in place of the row above them. */
export const GATEWAY_ROWS: readonly Row[] = [
  gateway('route', 'Scopegate, a public route', { access: 'public' }),
  gateway('cached', '+ token, found in the cache', { access: 'any token' }),
  gateway('verified', '+ token, each verified for the first time', { access: 'any token' }, { tokens: 'many' }),
  gateway('scope', '+ scope', { access: 'scope' }),
  gateway('limit', '+ limit in memory', { access: 'scope', limit: 'memory' }),
  gateway('limit-redis', '+ limit in Redis instead', { access: 'scope', limit: 'redis' }),
  gateway('gateway', '+ access log: everything on', EVERYTHING),
  gateway('gateway-undici', 'everything on, upstream client undici', { ...EVERYTHING, upstreamClient: 'undici' }),
  gateway('gateway-redis', 'everything on, limit in Redis', { ...EVERYTHING, limit: 'redis' }),
]

/** The gateway of another checkout with everything on, to compare a change with what was before. */
export function otherCheckout(root: string): Row {
  return gateway('gateway-other', 'everything on, of the other checkout', EVERYTHING, { root: resolve(root) })
}
