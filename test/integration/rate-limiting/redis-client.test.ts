import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cluster, Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import type { RedisConfig } from '../../../src/config/gateway-config.ts'
import { createRedisClient, type RedisClient } from '../../../src/rate-limiting/redis-client.ts'
import { describeWithRedis, startRedis } from '../../support/redis.ts'
import { connectRedisLimiter } from '../../support/redis-limiter.ts'

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

function create(config: RedisConfig): RedisClient {
  const client = createRedisClient(config)
  client.on('error', () => {})
  client.disconnect()
  return client
}

describe('createRedisClient', () => {
  it.each([
    ['redis://127.0.0.1', { host: '127.0.0.1', port: 6379, db: 0, username: null, password: null }],
    ['redis://[::1]:7000/3', { host: '::1', port: 7000, db: 3 }],
    ['rediss://gw:p%40ss@127.0.0.1:1', { host: '127.0.0.1', username: 'gw', password: 'p@ss', tls: {} }],
    ['redis://:p@127.0.0.1:1/', { username: null, password: 'p', db: 0 }],
  ])('reads %s', (url, options) => {
    expect((create({ url }) as Redis).options).toMatchObject(options)
  })

  it('uses TLS when the URL or the setting says so, and only then', () => {
    const isTls = (config: RedisConfig) => (create(config) as Redis).options.tls !== undefined
    expect(isTls({ url: 'redis://127.0.0.1:1' })).toBe(false)
    expect(isTls({ url: 'rediss://127.0.0.1:1' })).toBe(true)
    expect(isTls({ url: 'redis://127.0.0.1:1', tls: true })).toBe(true)
  })

  it('prefers the account that is configured beside the URL', () => {
    const client = create({ url: 'redis://a:b@127.0.0.1:1', username: 'gw', password: 'secret' }) as Redis
    expect(client.options).toMatchObject({ username: 'gw', password: 'secret' })
  })

  it('lets no parameter of the URL change how it fails', () => {
    const client = create({ url: 'redis://127.0.0.1:1/0?enableOfflineQueue=true&maxRetriesPerRequest=20' }) as Redis
    expect(client.options).toMatchObject({
      enableOfflineQueue: false,
      enableAutoPipelining: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
    })
  })

  it.each([
    {},
    { url: '' },
    { url: 'http://user:hunter2@localhost' },
    { url: 'redis://user:hunter2@localhost/path' },
    { url: 'user:hunter2@localhost' },
    { cluster: ['localhost:hunter2'] },
    { sentinel: { name: 'm', nodes: ['a:b:hunter2'] } },
  ])('refuses %j without showing it', (config: RedisConfig) => {
    expect(() => createRedisClient(config)).toThrow(/^redis: expected|^redis: the path/)
    expect(() => createRedisClient(config)).not.toThrow('hunter2')
  })

  it('sends nothing twice to a cluster, and uses TLS by name when told so', () => {
    const { options } = create({ cluster: ['[::1]:1', '127.0.0.1:2'], tls: true, password: 'p' }) as Cluster
    expect(options).toMatchObject({ enableOfflineQueue: false, retryDelayOnFailover: 0 })
    expect(options.redisOptions).toMatchObject({ tls: {}, password: 'p', maxRetriesPerRequest: 0 })
    expect(options.dnsLookup).toBeTypeOf('function')
  })
})

describeWithRedis('redis: sentinel', () => {
  it('counts on the master that the sentinels name', async () => {
    const master = await startRedis()
    cleanUps.push(() => master.kill())
    const directory = await mkdtemp(join(tmpdir(), 'scopegate-sentinel-'))
    cleanUps.push(() => rm(directory, { recursive: true, force: true }))
    const file = join(directory, 'sentinel.conf')
    await writeFile(file, `sentinel monitor shop 127.0.0.1 ${master.port} 1\n`)
    const sentinel = await startRedis(file, '--sentinel')
    cleanUps.push(() => sentinel.kill())

    const nodes = [`127.0.0.1:${sentinel.port}`]
    const { limiter, state } = await connectRedisLimiter({ sentinel: { name: 'shop', nodes } })
    cleanUps.push(() => limiter.close())
    expect(state).toBe('ready')
    const verdict = await limiter.check('sentinel', { limit: 2, windowMs: 60_000 })
    expect(verdict).toMatchObject({ allowed: true, remaining: 1 })
    expect(await master.command('EXISTS', 'rl1:sentinel')).toBe(1)
  })
})
