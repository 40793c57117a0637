import { once } from 'node:events'
import { createRedisClient } from '../../src/rate-limiting/redis-client.ts'
import { createRedisRenewalStore } from '../../src/sessions/redis-renewal-store.ts'
import { describeWithAnyRedis, findRedis } from '../support/redis.ts'
import { describeRenewalStore } from './renewal-store.contract.ts'

describeWithAnyRedis('redis-renewal-store', () => {
  describeRenewalStore('the renewal store of several processes', async () => {
    const redis = await findRedis()
    const client = createRedisClient({ url: redis.url })
    await once(client, 'ready')
    return { ...createRedisRenewalStore(client), stop: redis.close }
  })
})
