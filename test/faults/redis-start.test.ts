import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { type GatewayProcess, spawnGateway } from '../support/gateway-process.ts'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import { LIMITED_PATHS, limitedFile } from './limited-file.ts'
import { FAULT_TIMEOUT_MS, type Making, runFault } from './run-fault.ts'
import { selfSigned } from './sick-server.ts'

describeWithRedis('a gateway that starts while its Redis', () => {
  let folder: string
  let issuer: TestIssuer
  let upstream: TestUpstream
  let tokens: string[]
  let redis: TestRedis | undefined
  let gateway: GatewayProcess | undefined

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scopegate-redis-'))
    issuer = await createTestIssuer()
    upstream = await startUpstream((_, outgoing) => outgoing.end('ok'))
    tokens = await Promise.all(['ann', 'bob'].map((sub) => issuer.mint({ sub })))
  })
  afterEach(async () => {
    await gateway?.stop()
    await redis?.kill()
  })
  afterAll(async () => {
    for (const part of [upstream, issuer]) await part?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const start = async (url: string, env = {}) => {
    gateway = await spawnGateway(limitedFile(issuer.issuer, upstream.url, { url }), { env })
    return gateway
  }
  const row = (making: Pick<Making, 'gateway' | 'make' | 'mend'>): Making => ({
    ...making,
    paths: LIMITED_PATHS,
    tokens,
    decidedWithinMs: 1000,
    maxLines: 5,
  })

  it('refuses connections from the start', { timeout: FAULT_TIMEOUT_MS }, async (context) => {
    const server = await startRedis()
    redis = server
    const making = { gateway: () => start(server.url), make: () => server.stop(), mend: () => server.restart() }
    await runFault(context, 'Redis', 'refuses connections from the start', row(making))
  })

  it('loads its data', { timeout: FAULT_TIMEOUT_MS }, async (context) => {
    const slowly = {
      'key-load-delay': 100,
      'loading-process-events-interval-bytes': 1024,
      'enable-debug-command': 'yes',
    }
    const settings = Object.entries(slowly).flatMap(([name, value]) => [`--${name}`, String(value)])
    const server = await startRedis(...settings, '--dir', folder)
    redis = server
    await server.command('DEBUG', 'POPULATE', 20_000)
    await server.command('SAVE')
    let loaded: Promise<void> | undefined
    const making = {
      gateway: async () => {
        await waitFor('a Redis that loads', async () => /LOADING/.test(await pingOf(server)))
        return start(server.url)
      },
      make: async () => {
        await server.kill()
        loaded = server.restart()
      },
    }
    await runFault(context, 'Redis', 'loads its data', row(making))
    await loaded
  })

  it('has a name that does not resolve', { timeout: FAULT_TIMEOUT_MS }, async (context) => {
    const making = { gateway: () => start('redis://redis.invalid'), make: () => {}, mend: 'never' } as const
    await runFault(context, 'Redis', 'has a name that does not resolve', row(making))
  })

  it('has a certificate that nobody vouches for', { timeout: FAULT_TIMEOUT_MS }, async (context) => {
    const [bad, good] = await Promise.all([writeCertificate('bad'), writeCertificate('good')])
    const port = await freePort()
    const settings = ['--tls-port', String(port), '--tls-auth-clients', 'no']
    const server = await startRedis(...settings, '--tls-cert-file', bad.cert, '--tls-key-file', bad.key)
    redis = server
    const making = {
      gateway: () => start(`rediss://127.0.0.1:${port}`, { NODE_EXTRA_CA_CERTS: good.cert }),
      make: () => {},
      mend: () => server.command('CONFIG', 'SET', 'tls-cert-file', good.cert, 'tls-key-file', good.key),
    }
    await runFault(context, 'Redis', 'has a certificate that nobody vouches for', row(making))
  })

  async function writeCertificate(name: string): Promise<{ readonly cert: string; readonly key: string }> {
    const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
    const { cert, key } = selfSigned()
    await writeFile(files.cert, cert)
    await writeFile(files.key, key)
    return files
  }
})

const pingOf = (redis: TestRedis): Promise<string> =>
  redis.command('PING').then(String, (error: Error) => error.message)
