import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RateLimiterUnavailable, type Verdict, type WindowSpec } from '../../../src/rate-limiting/rate-limiter.ts'
import {
  createSlidingWindow,
  giveBackUnit,
  type SlidingWindow,
  takeUnit,
} from '../../../src/rate-limiting/sliding-window.ts'
import { holds } from '../../support/cases.ts'
import { describeWithRedis, startRedis, type TestRedis } from '../../support/redis.ts'
import { connectRedisLimiter, type RedisLimiter } from '../../support/redis-limiter.ts'
import { windowSpec } from '../../unit/rate-limiting/window-scenarios.ts'

const WIDE: WindowSpec = { limit: 1000, windowMs: 60_000 }
const T0 = 1_800_000_000_000

/** What a request asks: of which window, how long after the one before, and whether it gives an earlier unit back. */
interface Request {
  readonly window: number
  readonly waitMs: number
  readonly refund: number | undefined
}

const request: fc.Arbitrary<Request> = fc.record({
  window: fc.nat(3),
  waitMs: fc.oneof(fc.constant(0), fc.nat(20_000)),
  refund: fc.option(fc.nat(100), { nil: undefined, freq: 3 }),
})

interface Order {
  readonly window: number
  readonly atMs: number
  /** The slice to give a unit back to; absent: a check. */
  readonly slice?: number
}

describeWithRedis('batches of checks on Redis', () => {
  let redis: TestRedis
  let connected: RedisLimiter
  let times: number[] | undefined

  beforeAll(async () => {
    redis = await startRedis()
    connected = await connectRedisLimiter({ url: redis.url })
    await connected.limiter.check('warm', WIDE)
  })
  afterAll(async () => {
    await connected?.limiter.close()
    await redis?.kill()
  })

  const newKey = () => `batch:${randomUUID()}`
  const check = (key: string, window = WIDE) => connected.limiter.check(key, window)
  const nextTurn = () => new Promise(setImmediate)

  /** Calls of the script since the last reset. */
  async function countCalls(): Promise<number> {
    const stats = String(await redis.command('INFO', 'commandstats'))
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0)
  }

  it('costs one call for all checks and refunds of a turn', async () => {
    const taken = newKey()
    const { slice } = await check(taken)
    await redis.command('CONFIG', 'RESETSTAT')
    connected.limiter.refund(taken, WIDE, slice)
    const answers = Array.from({ length: 50 }, () => check(newKey()))
    expect(await Promise.all(answers)).toHaveLength(50)
    expect(await countCalls()).toBe(1)
    expect(await check(taken)).toMatchObject({ remaining: 999 })
  })

  it('needs several calls for more than 128', async () => {
    await redis.command('CONFIG', 'RESETSTAT')
    const key = newKey()
    const answers = await Promise.all(Array.from({ length: 300 }, () => check(key)))
    expect(answers.map(({ remaining }) => remaining)).toEqual(Array.from({ length: 300 }, (_, i) => 999 - i))
    expect(await countCalls()).toBe(3)
  })

  it('fails only the checks of a window that cannot be counted', async () => {
    const [text, list, unsound, good] = [newKey(), newKey(), newKey(), newKey()]
    await redis.command('SET', `rl1:${text}`, 'hello')
    await redis.command('RPUSH', `rl1:${list}`, 'hello')
    // One unit in all, and a slice that lost a hundred of them long ago.
    await connected.client.set(`rl1:${unsound}`, Buffer.from('01000000' + '010000000000' + '64000000', 'hex'))
    const answers = await Promise.allSettled([text, good, list, unsound, good].map(async (key) => check(key)))
    const told = answers.map((answer) =>
      answer.status === 'fulfilled' ? answer.value.remaining : (answer.reason as Error).message,
    )
    expect(told).toEqual(['NOTAWINDOW', 999, 'WRONGTYPE', 'malformed_answer', 998])
  })

  it('carries a batch out when Redis has forgotten the script', async () => {
    const key = newKey()
    await check(key)
    await redis.command('SCRIPT', 'FLUSH')
    const answers = await Promise.all([check(key), check(newKey()), check(key)])
    expect(answers.map(({ remaining }) => remaining)).toEqual([998, 999, 997])
  })

  it('says of every check that Redis is full, and still tells what is over its limit', async () => {
    const full = newKey()
    const one = { limit: 1, windowMs: 60_000 }
    await check(full, one)
    await redis.command('CONFIG', 'SET', 'maxmemory', 1)
    const answers = await Promise.allSettled([newKey(), full, newKey()].map(async (key) => check(key, one)))
    await redis.command('CONFIG', 'SET', 'maxmemory', 0)
    const oom = { status: 'rejected', reason: new RateLimiterUnavailable('OOM') }
    expect(answers).toEqual([oom, { status: 'fulfilled', value: expect.objectContaining({ allowed: false }) }, oom])
  })

  it('settles what is under way and what still waits when it is closed', async () => {
    const { limiter } = await connectRedisLimiter({ url: redis.url })
    redis.pause()
    const underWay = limiter.check(newKey(), WIDE)
    await nextTurn()
    const waiting = limiter.check(newKey(), WIDE)
    const closed = limiter.close()
    redis.resume()
    await closed
    const answers = await Promise.allSettled([underWay, waiting, limiter.check(newKey(), WIDE)])
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toBeInstanceOf(RateLimiterUnavailable)
    }
    expect(answers[2]).toMatchObject({ status: 'rejected', reason: { message: 'not_connected' } })
  })

  describe('with a clock of its own', () => {
    let alone: RedisLimiter

    beforeAll(async () => {
      alone = await connectRedisLimiter({ url: redis.url }, () => times?.shift() ?? Number.NaN)
    })
    afterAll(() => alone?.limiter.close())

    /** Carries the steps out on new windows; `isApart`: each in a call of its own, and not all together. */
    async function run(specs: readonly WindowSpec[], orders: readonly Order[], isApart: boolean) {
      const windows = specs.map((spec) => ({ spec, key: newKey() }))
      const answers: (Verdict | Promise<Verdict>)[] = []
      times = []
      for (const { window, slice, atMs } of orders) {
        const { spec, key } = windows[window] as { spec: WindowSpec; key: string }
        times.push(atMs)
        if (slice === undefined) answers.push(alone.limiter.check(key, spec))
        else alone.limiter.refund(key, spec, slice)
        if (isApart) await nextTurn()
      }
      return Promise.all(answers)
    }

    /** What the arithmetic says, and what it was asked. */
    function model(specs: readonly WindowSpec[], requests: readonly Request[]) {
      const windows = specs.map((spec) => ({ spec, window: createSlidingWindow() }))
      const at = (index: number) => windows[index] as { spec: WindowSpec; window: SlidingWindow }
      const orders: Order[] = []
      const verdicts: Verdict[] = []
      const taken: Required<Order>[] = []
      let atMs = T0
      for (const { window, waitMs, refund } of requests) {
        atMs += waitMs
        const verdict = takeUnit(at(window).window, at(window).spec, atMs)
        orders.push({ window, atMs })
        verdicts.push(verdict)
        if (verdict.allowed) taken.push({ window, atMs, slice: verdict.slice })
        if (refund === undefined) continue
        for (const unit of taken.splice(refund % Math.max(1, taken.length), 1)) {
          giveBackUnit(at(unit.window).window, at(unit.window).spec, unit.slice)
          orders.push({ ...unit, atMs })
        }
      }
      return { orders, verdicts }
    }

    it('gives a batch the very verdicts of as many calls one after the other, and of the arithmetic', async () => {
      await holds(
        fc.asyncProperty(
          fc.array(windowSpec, { minLength: 4, maxLength: 4 }),
          fc.array(request, { minLength: 1, maxLength: 120 }),
          async (specs, requests) => {
            const { orders, verdicts } = model(specs, requests)
            expect(await run(specs, orders, false)).toEqual(verdicts)
            expect(await run(specs, orders, true)).toEqual(verdicts)
          },
        ),
        { usual: 60, nightly: 500 },
      )
    })
  })
})
