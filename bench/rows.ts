/** The rows of the table: what each is called, what it checks, how it is started. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ALL_CHECKS, type Check, TOKEN_CHECKS } from './checks.ts'
import { findProgram, freePort, GATEWAY_CORE, type Running, startPinned } from './processes.ts'
import { envoyConfig } from './targets/envoy.ts'
import { type Stages, startGateway } from './targets/gateway.ts'
import { haproxyConfig } from './targets/haproxy.ts'
import { nginxProxyConfig } from './targets/nginx.ts'
import { AUDIENCE, publicKeyPem, SCOPE } from './tokens.ts'
import type { World } from './world.ts'

export type Group = 'floor' | 'gateway' | 'other'

export interface Row {
  /** What `--rows` names. */
  readonly id: string
  readonly title: string
  readonly group: Group
  /** `many` are never found in a cache. */
  readonly tokens: 'few' | 'many'
  readonly checks: readonly Check[]
  /** What has to be installed first, in one line; undefined when all is there. */
  missing(): string | undefined
  start(world: World): Promise<Running>
}

export const HERE = new URL('.', import.meta.url).pathname

function floor(id: string, title: string, script: string): Row {
  return {
    ...{ id, title, group: 'floor', tokens: 'few', checks: [] },
    missing: () => undefined,
    async start(world) {
      const port = await freePort()
      const command = [process.execPath, join(HERE, 'floors', script), String(port), String(world.upstream.port)]
      return startPinned(command, { core: GATEWAY_CORE, port, outputFile: world.outputFile(id) })
    },
  }
}

function gateway(id: string, title: string, stages: Stages, tokens: 'few' | 'many' = 'few'): Row {
  const checks = { public: [], 'any token': TOKEN_CHECKS, scope: ALL_CHECKS }[stages.access]
  return {
    ...{ id, title, group: 'gateway', tokens, checks },
    missing: () => (stages.limit === 'redis' ? missingProgram('redis-server') : undefined),
    start: (world) => startGateway(world, id, stages),
  }
}

/** The gateway of another checkout with everything on, to compare a change with what was before. */
export function otherCheckout(root: string): Row {
  const row = gateway('gateway-other', `the gateway of ${root}`, { access: 'scope', limit: 'memory', accessLog: true })
  return { ...row, start: (world) => startGateway(world, row.id, EVERYTHING, root) }
}

const EVERYTHING: Stages = { access: 'scope', limit: 'memory', accessLog: true }

function missingProgram(name: string): string | undefined {
  return findProgram(name) === undefined ? `${name} is not installed (apt-get install ${name})` : undefined
}

const haproxy: Row = {
  ...{ id: 'haproxy', title: 'HAProxy (key from a file; no limit, no log)', group: 'other' },
  ...{ tokens: 'few', checks: ALL_CHECKS },
  missing: () => missingProgram('haproxy'),
  async start(world) {
    const port = await freePort()
    const keyFile = join(world.folder, 'haproxy.pem')
    const config = join(world.folder, 'haproxy.cfg')
    const upstreamPort = world.upstream.port
    const expected = { issuer: world.issuer.issuer, audience: AUDIENCE, scope: SCOPE }
    await writeFile(keyFile, publicKeyPem(world.issuer))
    await writeFile(config, haproxyConfig({ port, upstreamPort, keyFile, ...expected }))
    const options = { core: GATEWAY_CORE, port, outputFile: world.outputFile('haproxy') }
    return startPinned([findProgram('haproxy') as string, '-db', '-f', config], options)
  },
}

/** As many as our own cache holds. */
const CACHED_TOKENS = 10_000

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

/** From PATH, or where `--install` puts it. */
export function findEnvoy(): string | undefined {
  const installed = join(HERE, 'alternatives/.venv/bin/envoy')
  return existsSync(installed) ? installed : findProgram('envoy')
}

const nginx: Row = {
  ...{ id: 'nginx', title: 'nginx (no checks)', group: 'other', tokens: 'few', checks: [] },
  missing: () => missingProgram('nginx'),
  async start(world) {
    const port = await freePort()
    const config = join(world.folder, 'nginx-proxy.conf')
    await writeFile(config, nginxProxyConfig(port, world.folder, world.upstream.port))
    const options = { core: GATEWAY_CORE, port, outputFile: world.outputFile('nginx') }
    return startPinned([findProgram('nginx') as string, '-c', config, '-e', '/dev/stderr'], options)
  },
}

export const ROWS: readonly Row[] = [
  floor('passthrough', 'bare passthrough: node:http → undici', 'bare-passthrough.ts'),
  gateway('gateway', 'everything on', EVERYTHING),
  gateway('gateway-redis', 'everything on, limit in Redis', { ...EVERYTHING, limit: 'redis' }),
  nginx,
  haproxy,
  envoy('envoy-cache', 'Envoy, with its token cache', CACHED_TOKENS),
  envoy('envoy', 'Envoy', 0),
]
