/** The gateway as its users run it: `scopegate start` from the bundle. Only the route-scope file differs between rows. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort, GATEWAY_CORE, type Running, startPinned } from '../processes.ts'
import { AUDIENCE, SCOPE } from '../tokens.ts'
import type { World } from '../world.ts'

export interface Stages {
  readonly access: 'public' | 'any token' | 'scope'
  readonly limit?: 'memory' | 'redis'
  readonly accessLog?: true
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

/** @param root Checkout whose `dist/main.js` is run; default is this one. */
export async function startGateway(world: World, id: string, stages: Stages, root = ROOT): Promise<Running> {
  const port = await freePort()
  const redis = stages.limit === 'redis' ? await world.redis() : undefined
  const file = join(world.folder, `${id}.yaml`)
  const { issuer, jwksUrl } = world.issuer
  const at = { port, issuer, jwksUrl, upstreamPort: world.upstream.port }
  const redisUrl = redis && { redisUrl: `redis://127.0.0.1:${redis.port}` }
  await writeFile(file, stringify(routeScopeFile(stages, { ...at, ...redisUrl })))
  const command = [process.execPath, join(root, 'dist/main.js'), 'start', '-c', file]
  return startPinned(command, { core: GATEWAY_CORE, port, outputFile: world.outputFile(id), cwd: root })
}
