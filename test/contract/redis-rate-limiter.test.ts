import { describeWithAnyRedis, findRedis } from '../support/redis.ts'
import { connectRedisLimiter } from '../support/redis-limiter.ts'
import { describeRateLimiter } from './rate-limiter.contract.ts'

describeWithAnyRedis('guarded-rate-limiter on redis-window-store', () => {
  describeRateLimiter('redis', async () => {
    const redis = await findRedis()
    let nowMs = 0
    const { limiter, client } = await connectRedisLimiter({ url: redis.url }, () => nowMs)
    return {
      limiter,
      setNow(ms) {
        nowMs = ms
      },
      // At the end of a turn it is sent; one connection: what was sent before has been carried out when this is answered.
      async settled() {
        await new Promise(setImmediate)
        await client.ping()
      },
      async close() {
        await limiter.close()
        await redis.close()
      },
    }
  })
})
