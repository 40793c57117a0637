import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, it } from 'vitest'
import { type GatewayProcess, spawnGateway } from '../support/gateway-process.ts'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import { GOES_ON, LIMITED_PATHS, limitedFile } from './limited-file.ts'
import { FAULT_TIMEOUT_MS, type Making, runFault } from './run-fault.ts'

const SENTINELS = 3

describeWithRedis('a gateway whose Redis has Sentinel', () => {
  let folder: string
  let nodes: TestRedis[] = []
  let sentinels: TestRedis[] = []
  let issuer: TestIssuer
  let upstream: TestUpstream
  let gateway: GatewayProcess
  let tokens: string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scopegate-sentinel-'))
    const master = await startRedis('--dir', folder, '--repl-diskless-sync-delay', '0')
    const replicaOf = ['--replicaof', '127.0.0.1', String(master.port)]
    nodes = [master, await startRedis('--dir', folder, '--repl-diskless-sync-delay', '0', ...replicaOf)]
    await waitFor('the replica', async () => /state=online/.test(String(await master.command('INFO', 'replication'))))
    sentinels = await Promise.all(Array.from({ length: SENTINELS }, (_, i) => startSentinel(`sentinel-${i}`, master)))
    await waitFor('sentinels that know each other and the replica', isWatched)
    issuer = await createTestIssuer()
    upstream = await startUpstream((_, outgoing) => outgoing.end('ok'))
    const addresses = sentinels.map(({ port }) => `127.0.0.1:${port}`)
    gateway = await spawnGateway(
      limitedFile(issuer.issuer, upstream.url, { sentinel: { name: 'shop', nodes: addresses } }),
    )
    tokens = await Promise.all(['ann', 'bob'].map((sub) => issuer.mint({ sub })))
  })
  afterAll(async () => {
    for (const node of nodes) node.resume()
    await gateway?.stop()
    for (const part of [upstream, issuer]) await part?.close()
    for (const server of [...sentinels, ...nodes]) await server.kill()
    await rm(folder, { recursive: true, force: true })
  })

  async function startSentinel(name: string, master: TestRedis): Promise<TestRedis> {
    const file = join(folder, `${name}.conf`)
    const settings = [
      `sentinel monitor shop 127.0.0.1 ${master.port} 2`,
      'sentinel down-after-milliseconds shop 500',
      'sentinel failover-timeout shop 3000',
    ]
    await writeFile(file, `${settings.join('\n')}\n`)
    return startRedis(file, '--sentinel')
  }

  async function isWatched(): Promise<boolean> {
    const states = await Promise.all(sentinels.map((one) => one.command('SENTINEL', 'MASTER', 'shop')))
    return states.every((state) => {
      const fields = state as string[]
      const field = (name: string) => fields[fields.indexOf(name) + 1]
      return field('num-slaves') === '1' && field('num-other-sentinels') === String(SENTINELS - 1)
    })
  }

  /** The node that the sentinels name. */
  async function master(): Promise<TestRedis> {
    const address = await sentinels[0]?.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'shop')
    return nodes.find(({ port }) => String(port) === (address as string[])[1]) as TestRedis
  }

  const MAKINGS: [string, Pick<Making, 'make' | 'mend'> & Partial<Making>][] = [
    [
      'loses its sentinels',
      {
        ...GOES_ON,
        make: () => Promise.all(sentinels.map((one) => one.kill())),
        mend: () => Promise.all(sentinels.map((one) => one.restart())),
      },
    ],
    ['has a master that hangs', { make: async () => (await master()).pause() }],
    ['loses its master', { make: async () => (await master()).kill() }],
  ]

  beforeEach(heal)

  it.for(MAKINGS)('%s', { timeout: FAULT_TIMEOUT_MS }, async ([fault, making], context) => {
    await runFault(context, 'Redis with Sentinel', fault, {
      gateway,
      paths: LIMITED_PATHS,
      tokens,
      decidedWithinMs: 1000,
      maxLines: 4,
      ...making,
    })
  })

  /** Left alone, the sentinels take ten seconds to tell an old master who the new one is. */
  async function heal(): Promise<void> {
    for (const server of [...sentinels, ...nodes]) {
      server.resume()
      if (!server.isRunning()) await server.restart()
    }
    const current = await master()
    const old = nodes.find((node) => node !== current) as TestRedis
    await old.command('REPLICAOF', '127.0.0.1', current.port)
    await waitFor('a master with its replica', async () => {
      const isOnline = /state=online/.test(String(await current.command('INFO', 'replication')))
      return isOnline && (await isWatched())
    })
  }
})
