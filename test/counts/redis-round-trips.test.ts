import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts'
import { waitFor } from '../support/wait-for.ts'
import { head, sendAll } from './callers.ts'
import { type CountedShop, startShop } from './shop.ts'

const REQUESTS = 200
/** As many as one call of the script takes. */
const CALLERS = 128

describeWithRedis('round trips to Redis', () => {
  let redis: TestRedis
  let shop: CountedShop
  beforeAll(async () => {
    redis = await startRedis()
    shop = await startShop({ counters: ['writes'], callers: CALLERS, redis: redis.url })
    // Redis then knows the script, and the gateway the token.
    const warm = await shop.request('/twice/1')
    await sendAll(shop.callers, CALLERS, () => warm)
  })
  afterAll(async () => {
    await shop.close()
    await redis.kill()
  })

  /** Calls of the script that Redis itself has counted. */
  async function calls(): Promise<number> {
    const text = String(await redis.command('INFO', 'commandstats'))
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(text)?.[1] ?? 0)
  }

  /**
   * As often as Redis is asked. On a machine so busy that Redis is given up for a moment, less often: the gateway then
   * counts by itself.
   */
  async function expectRoundTrips(expected: number, work: () => Promise<unknown>): Promise<void> {
    const before = await calls()
    const counts = await shop.gateway.count(work)
    const seen = { calls: (await calls()) - before, writes: counts[`writes to ${redis.port}`] }
    for (const count of Object.values(seen)) {
      expect(count).toBeLessThanOrEqual(expected)
      expect(count).toBeGreaterThanOrEqual(Math.min(1, expected))
    }
  }

  it('takes one for a request with one limit', async () => {
    const bytes = await shop.request('/orders/7')
    await expectRoundTrips(REQUESTS, () => shop.send(bytes, REQUESTS))
  })

  it('takes one for a request with two limits at the same moment', async () => {
    const bytes = await shop.request('/twice/7')
    await expectRoundTrips(REQUESTS, () => shop.send(bytes, REQUESTS))
  })

  it('takes two for a request with limits before and after authentication', async () => {
    const bytes = await shop.request('/early/7')
    await expectRoundTrips(2 * REQUESTS, () => shop.send(bytes, REQUESTS))
  })

  it('takes one for all requests that are read in one turn of the event loop', async () => {
    const { gateway, callers } = shop
    const bytes = await shop.request('/orders/7')
    const work = async () => {
      const answers: Promise<number>[] = []
      await gateway.whileStanding(async () => {
        for (const caller of callers) answers.push(caller.send(bytes))
        await waitFor('the requests to be sent', () => callers.every(({ socket }) => socket.writableLength === 0))
      })
      await Promise.all(answers)
    }
    await expectRoundTrips(1, work)
  })

  it('takes none for a request that is refused before it is counted, or whose route has no limit', async () => {
    const { send } = shop
    const free = await shop.request('/free/7')
    const hidden = await shop.request('/hidden/7')
    const work = async () => {
      await send(free, 50)
      await send(hidden, 50, 403)
      await send(head('/open/7'), 50)
      await send(head('/orders/7'), 50, 401)
      await send(head('/orders/7', 'Authorization: Bearer garbage'), 50, 401)
    }
    await expectRoundTrips(0, work)
  })
})
