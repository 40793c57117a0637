import { createMemoryRateLimiter } from '../../src/rate-limiting/memory-rate-limiter.ts'
import { describeRateLimiter } from './rate-limiter.contract.ts'

describeRateLimiter('memory', async () => {
  let nowMs = 0
  const limiter = createMemoryRateLimiter({ clock: () => nowMs })
  return {
    limiter,
    setNow(ms) {
      nowMs = ms
    },
    async settled() {},
    close: () => limiter.close(),
  }
})
