import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { describeWithRedis, startRedis, type TestRedis } from '../../support/redis.ts'
import { connectRedisLimiter } from '../../support/redis-limiter.ts'
import { waitFor } from '../../support/wait-for.ts'

describeWithRedis('redis: cluster', () => {
  let directory: string
  let redis: TestRedis

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'scopegate-cluster-'))
    const busPort = String(await freePort())
    const cluster = ['--cluster-enabled', 'yes', '--cluster-port', busPort, '--cluster-announce-ip', '127.0.0.1']
    redis = await startRedis(...cluster, '--dir', directory)
    await redis.command('CLUSTER', 'ADDSLOTSRANGE', 0, 16383)
    await waitFor('the cluster', async () =>
      String(await redis.command('CLUSTER', 'INFO')).includes('cluster_state:ok'),
    )
  })
  afterAll(async () => {
    await redis?.kill()
    await rm(directory, { recursive: true, force: true })
  })

  it('counts windows on whichever node holds them', async () => {
    const { limiter, state } = await connectRedisLimiter({ cluster: [`127.0.0.1:${redis.port}`] })
    expect(state).toBe('ready')
    const keys = Array.from({ length: 20 }, (_, i) => `cluster:${i}`)
    for (const remaining of [1, 0]) {
      const verdicts = await Promise.all(keys.map((key) => limiter.check(key, { limit: 2, windowMs: 60_000 })))
      expect(verdicts.map((verdict) => verdict.remaining)).toEqual(keys.map(() => remaining))
    }
    await limiter.close()
  })
})
