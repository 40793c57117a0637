/** A process that checks one key: `node hammer.ts <redis url> <key> <limit> <window ms> <checks>`; prints how many passed. */
import { connectRedisLimiter } from '../../support/redis-limiter.ts'

const [url = '', key = '', limit, windowMs, checks] = process.argv.slice(2)
const { limiter } = await connectRedisLimiter({ url })
const window = { limit: Number(limit), windowMs: Number(windowMs) }
const verdicts = await Promise.all(Array.from({ length: Number(checks) }, () => limiter.check(key, window)))
console.log(verdicts.filter(({ allowed }) => allowed).length)
await limiter.close()
