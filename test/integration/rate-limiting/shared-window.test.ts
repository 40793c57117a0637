import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RateLimitPolicy, RedisConfig } from '../../../src/config/gateway-config.ts'
import { createLimitStage, type LimitStage, type LimitSubject } from '../../../src/rate-limiting/limit.ts'
import { describeWithRedis, startRedis, type TestRedis } from '../../support/redis.ts'
import { connectRedisLimiter } from '../../support/redis-limiter.ts'

const subject: LimitSubject = { clientIp: '192.0.2.1', routePath: '/', header: () => undefined, form: () => undefined }

function policy(limit: number): RateLimitPolicy {
  const name = `p${randomUUID()}`
  return { name, limit, windowMs: 60_000, key: [{ from: 'client.ip' }], when: 'before-auth', onStoreError: 'deny' }
}

async function startStage(redis: RedisConfig): Promise<LimitStage> {
  const { limiter } = await connectRedisLimiter(redis)
  return createLimitStage({ limiter, clock: () => performance.now() })
}

async function countPassed(answers: readonly (() => unknown)[]): Promise<number> {
  const settled = await Promise.allSettled(answers.map(async (answer) => answer()))
  const refused = settled.filter(({ status }) => status === 'rejected')
  for (const answer of refused) expect(answer).toMatchObject({ reason: { code: 'rate_limited' } })
  return settled.length - refused.length
}

describeWithRedis('a window shared through Redis', () => {
  let redis: TestRedis
  let stages: LimitStage[] = []

  beforeAll(async () => {
    redis = await startRedis()
    stages = [await startStage({ url: redis.url }), await startStage({ url: redis.url })]
  })
  afterAll(async () => {
    for (const stage of stages) await stage.close()
    await redis?.kill()
  })

  it.each([1, 5, 100, 1000])('lets exactly %d of twice as many requests pass through two gateways', async (limit) => {
    const shared = policy(limit)
    const requests = Array.from({ length: 2 * limit }, (_, i) => () => stages[i % 2]?.limit([shared], subject))
    expect(await countPassed(requests)).toBe(limit)
  })

  it('lets exactly the limit pass through four processes', async () => {
    const hammer = new URL('./hammer.ts', import.meta.url).pathname
    const args = [hammer, redis.url, `hammer:${randomUUID()}`, '100', '60000', '100']
    const runs = Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, args))
    const passed = (await Promise.all(runs)).map(({ stdout }) => Number(stdout))
    expect(passed.reduce((sum, count) => sum + count, 0)).toBe(100)
  })

  it('survives the loss of the script: the window goes on', async () => {
    const shared = policy(10)
    const ask = () => stages[0]?.limit([shared], subject)
    expect(await countPassed([ask, ask, ask])).toBe(3)
    await redis.command('SCRIPT', 'FLUSH')
    expect(await countPassed(Array.from({ length: 20 }, () => ask))).toBe(7)
  })

  it('gives back what one policy counted when another one refuses', async () => {
    const wide = policy(10)
    const narrow = policy(1)
    await stages[1]?.limit([narrow], subject)
    const both = () => stages[0]?.limit([wide, narrow], subject)
    expect(await countPassed([both, both, both, both])).toBe(0)
    const [quota] = (await stages[1]?.limit([wide], subject)) ?? []
    expect(quota?.remaining).toBe(9)
  })

  it('counts by the clock of Redis', async () => {
    const shared = policy(1)
    const [quota] = (await stages[0]?.limit([shared], subject)) ?? []
    const [seconds] = (await redis.command('TIME')) as [string, string]
    expect(Math.abs((quota?.verdict?.slice ?? 0) - Number(seconds) * 1000)).toBeLessThan(10_000)
  })
})
