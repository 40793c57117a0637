import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { type GatewayProcess, spawnGateway } from '../support/gateway-process.ts'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts'
import { connectRedisLimiter } from '../support/redis-limiter.ts'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import { GOES_ON, LIMITED_PATHS, limitedFile } from './limited-file.ts'
import { FAULT_TIMEOUT_MS, type Making, runFault } from './run-fault.ts'

const NODES = 6
/** So many that each master holds windows of some. */
const CALLERS = 12

describeWithRedis('a gateway whose Redis is a Cluster of 6', () => {
  let folder: string
  let nodes: TestRedis[] = []
  let issuer: TestIssuer
  let upstream: TestUpstream
  let gateway: GatewayProcess
  let tokens: string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scopegate-cluster-'))
    nodes = await Promise.all(Array.from({ length: NODES }, (_, i) => startNode(i)))
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
    await cluster('create', ...addresses, '--cluster-replicas', '1', '--cluster-yes')
    await waitFor('a cluster with replicas', isWhole, FAULT_TIMEOUT_MS)
    issuer = await createTestIssuer()
    upstream = await startUpstream((_, outgoing) => outgoing.end('ok'))
    gateway = await spawnGateway(limitedFile(issuer.issuer, upstream.url, { cluster: addresses }))
    tokens = await Promise.all(Array.from({ length: CALLERS }, (_, i) => issuer.mint({ sub: `user-${i}` })))
  })
  afterAll(async () => {
    for (const node of nodes) node.resume()
    await gateway?.stop()
    for (const part of [upstream, issuer]) await part?.close()
    for (const node of nodes) await node.kill()
    await rm(folder, { recursive: true, force: true })
  })

  async function startNode(i: number): Promise<TestRedis> {
    const settings = {
      'cluster-enabled': 'yes',
      'cluster-port': await freePort(),
      'cluster-announce-ip': '127.0.0.1',
      'cluster-node-timeout': 1000,
      'cluster-require-full-coverage': 'no',
      'cluster-config-file': `nodes-${i}`,
      'repl-diskless-sync-delay': 0,
      dir: folder,
    }
    return startRedis(...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]))
  }

  const cluster = (...args: string[]) => promisify(execFile)('redis-cli', ['--cluster', ...args])

  /** Lines of CLUSTER NODES, as one of the nodes sees them. */
  async function view(node: TestRedis): Promise<string[][]> {
    const text = String(await node.command('CLUSTER', 'NODES').catch(() => ''))
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' '))
  }

  async function isWhole(): Promise<boolean> {
    const views = await Promise.all(nodes.map(view))
    const isGood = ([, , flags = '', , , , , link]: string[]) => !/fail|handshake/.test(flags) && link === 'connected'
    const count = (lines: string[][], flag: string) => lines.filter(([, , flags = '']) => flags.includes(flag)).length
    return views.every(
      (lines) =>
        lines.length === NODES &&
        lines.every(isGood) &&
        count(lines, 'master') === NODES / 2 &&
        lines.filter(([, , , , , , , , slots]) => slots !== undefined).length === NODES / 2,
    )
  }

  /** One of the masters, or of their replicas. */
  async function pick(flag: 'master' | 'slave'): Promise<TestRedis> {
    const line = (await view(nodes[0] as TestRedis)).find(([, , flags = '']) => flags.includes(flag))
    return nodes.find(({ port }) => line?.[1]?.includes(`:${port}@`)) as TestRedis
  }

  async function moveSlots(): Promise<void> {
    const masters = (await view(nodes[0] as TestRedis)).filter(([, , flags = '']) => flags.includes('master'))
    const [from = [], to = []] = masters
    const [source = '', target = ''] = [from[0], to[0]]
    const options = ['--cluster-from', source, '--cluster-to', target, '--cluster-slots', '300', '--cluster-yes']
    await cluster('reshard', `127.0.0.1:${nodes[0]?.port}`, ...options)
  }

  let broken: TestRedis | undefined
  const MAKINGS: [string, Pick<Making, 'make' | 'mend'> & Partial<Making>][] = [
    ['moves slots', { ...GOES_ON, maxLines: 10, make: moveSlots, mend: () => {} }],
    [
      'loses a replica',
      {
        ...GOES_ON,
        make: async () => {
          broken = await pick('slave')
          await broken.kill()
        },
      },
    ],
    [
      'loses a master',
      {
        make: async () => {
          broken = await pick('master')
          await broken.kill()
        },
      },
    ],
    [
      'has a master that hangs',
      {
        make: async () => {
          broken = await pick('master')
          broken.pause()
        },
      },
    ],
    [
      'is gone as a whole',
      {
        make: () => Promise.all(nodes.map((node) => node.kill())),
        mend: () => Promise.all(nodes.map((node) => node.restart())),
      },
    ],
  ]

  beforeEach(async () => {
    for (const node of nodes) {
      node.resume()
      if (!node.isRunning()) await node.restart()
    }
    await waitFor('a whole cluster', isWhole, FAULT_TIMEOUT_MS)
  })

  it('is connected to every master before the first request comes', async () => {
    const { client, limiter } = await connectRedisLimiter({ cluster: nodes.map(({ port }) => `127.0.0.1:${port}`) })
    const isReady = ({ status }: Redis) => status === 'ready'
    await waitFor('all masters', () => (client as Cluster).nodes('master').filter(isReady).length === NODES / 2)
    await limiter.close()
  })

  it.for(MAKINGS)('%s', { timeout: FAULT_TIMEOUT_MS }, async ([fault, making], context) => {
    await runFault(context, 'Redis Cluster', fault, {
      gateway,
      paths: LIMITED_PATHS,
      tokens,
      decidedWithinMs: 1000,
      maxLines: 10,
      ...making,
    })
  })
})
