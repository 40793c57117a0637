import { createRedisClient } from '../../src/rate-limiting/redis-client.ts'
import { createRedisRateLimiter } from '../../src/rate-limiting/redis-rate-limiter.ts'
import { describeWithAnyRedis, findRedis } from '../support/redis.ts'
import { describeRateLimiter } from './rate-limiter.contract.ts'

describeWithAnyRedis('redis-rate-limiter', () => {
  describeRateLimiter('redis', async () => {
    const redis = await findRedis()
    const client = createRedisClient({ url: redis.url })
    const ready = Promise.withResolvers<void>()
    let nowMs = 0
    const limiter = createRedisRateLimiter({ client, clock: () => nowMs, onConnectionChange: () => ready.resolve() })
    await ready.promise
    return {
      limiter,
      setNow(ms) {
        nowMs = ms
      },
      // One connection: what was sent before has been carried out when this is answered.
      async settled() {
        await client.ping()
      },
      async close() {
        await limiter.close()
        await redis.close()
      },
    }
  })
})
