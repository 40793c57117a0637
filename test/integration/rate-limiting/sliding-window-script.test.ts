import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RateLimiter, Verdict, WindowSpec } from '../../../src/rate-limiting/rate-limiter.ts'
import type { RedisClient } from '../../../src/rate-limiting/redis-client.ts'
import { createSlidingWindow, giveBackUnit, takeUnit } from '../../../src/rate-limiting/sliding-window.ts'
import { holds } from '../../support/cases.ts'
import { describeWithAnyRedis, findRedis } from '../../support/redis.ts'
import { connectRedisLimiter } from '../../support/redis-limiter.ts'
import { scenario, windowSpec } from '../../unit/rate-limiting/window-scenarios.ts'

describeWithAnyRedis('sliding-window.lua', () => {
  let redis: Awaited<ReturnType<typeof findRedis>>
  let client: RedisClient
  let limiter: RateLimiter
  let nowMs = 0
  /** When what waits to be sent was asked for. */
  const times: number[] = []

  beforeAll(async () => {
    redis = await findRedis()
    const connected = await connectRedisLimiter({ url: redis.url }, () => times.shift() ?? Number.NaN)
    client = connected.client
    limiter = connected.limiter
  })
  afterAll(async () => {
    await limiter?.close()
    await redis?.close()
  })

  function check(key: string, spec: WindowSpec): Verdict | Promise<Verdict> {
    times.push(nowMs)
    return limiter.check(key, spec)
  }

  function refund(key: string, spec: WindowSpec, slice: number): void {
    times.push(nowMs)
    limiter.refund(key, spec, slice)
  }

  it('gives every verdict that the arithmetic in TypeScript gives, also while limit and window change', async () => {
    const change = fc.option(windowSpec, { nil: undefined, freq: 10 })
    await holds(
      fc.asyncProperty(windowSpec, scenario, fc.array(change), async (first, steps, changes) => {
        const key = `script:${randomUUID()}`
        const window = createSlidingWindow()
        const taken: { slice: number; spec: WindowSpec }[] = []
        const expected: Verdict[] = []
        const answers: (Verdict | Promise<Verdict>)[] = []
        let spec = first
        nowMs = 1_800_000_000_000
        for (const [i, step] of steps.entries()) {
          nowMs += step.waitMs
          spec = changes[i] ?? spec
          for (let n = 0; n < step.burst; n++) {
            const verdict = takeUnit(window, spec, nowMs)
            if (verdict.allowed) taken.push({ slice: verdict.slice, spec })
            expected.push(verdict)
            answers.push(check(key, spec))
          }
          if (step.refund === undefined || taken.length === 0) continue
          const [unit] = taken.splice(step.refund % taken.length, 1)
          if (unit === undefined) continue
          giveBackUnit(window, unit.spec, unit.slice)
          refund(key, unit.spec, unit.slice)
        }
        expect(await Promise.all(answers)).toEqual(expected)
      }),
      { usual: 600, nightly: 3_000 },
    )
  })

  it('opens no window when the clock is set back, and is free again one window later', async () => {
    await holds(
      fc.asyncProperty(windowSpec, scenario, fc.array(fc.nat(5_000_000)), async (spec, steps, setBacks) => {
        const key = `back:${randomUUID()}`
        const sent: { realMs: number; answer: Verdict | Promise<Verdict> }[] = []
        let realMs = 1_800_000_000_000
        let behindMs = 0
        const send = () => {
          nowMs = realMs - behindMs
          sent.push({ realMs, answer: check(key, spec) })
        }
        for (const [i, step] of steps.entries()) {
          realMs += step.waitMs
          behindMs += setBacks[i] ?? 0
          for (let n = 0; n < step.burst; n++) send()
        }
        send()
        realMs += spec.windowMs
        send()
        const verdicts = await Promise.all(sent.map(async ({ realMs: atMs, answer }) => ({ atMs, ...(await answer) })))
        const times = verdicts.filter(({ allowed }) => allowed).map(({ atMs }) => atMs)
        for (const time of times) {
          const held = times.filter((other) => other > time - spec.windowMs && other <= time).length
          expect(held).toBeLessThanOrEqual(spec.limit)
        }
        expect(verdicts.at(-1)?.allowed).toBe(true)
      }),
      { usual: 150, nightly: 1_000 },
    )
  })

  it('writes nothing when it denies', async () => {
    const key = `denied:${randomUUID()}`
    const spec = { limit: 1, windowMs: 60_000 }
    nowMs = 1_800_000_000_000
    await check(key, spec)
    const before = await client.getBuffer(`rl1:${key}`)
    await client.persist(`rl1:${key}`)
    nowMs += 10
    expect((await check(key, spec)).allowed).toBe(false)
    expect(await client.getBuffer(`rl1:${key}`)).toEqual(before)
    expect(await client.pttl(`rl1:${key}`)).toBe(-1)
    await client.del(`rl1:${key}`)
  })

  it('leaves a key that expires with its window, also after a refund', async () => {
    const key = `expiry:${randomUUID()}`
    const spec = { limit: 2, windowMs: 60_000 }
    const { slice } = await check(key, spec)
    expect(await client.pttl(`rl1:${key}`)).toBeGreaterThan(0)
    expect(await client.pexpire(`rl1:${key}`, 50_000)).toBe(1)
    refund(key, spec, slice)
    await new Promise(setImmediate)
    const ttl = await client.pttl(`rl1:${key}`)
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(50_000)
  })

  it('refuses to count in a key that holds something else', async () => {
    const key = `foreign:${randomUUID()}`
    await client.set(`rl1:${key}`, 'hello', 'PX', 60_000)
    await expect(check(key, { limit: 2, windowMs: 60_000 })).rejects.toThrow('NOTAWINDOW')
    await client.del(`rl1:${key}`)
    await client.rpush(`rl1:${key}`, 'hello')
    await expect(check(key, { limit: 2, windowMs: 60_000 })).rejects.toThrow('WRONGTYPE')
    await client.del(`rl1:${key}`)
  })

  it('needs few rights: an ACL user with eval, evalsha, get, set, time and info on rl1:* can count', async () => {
    const admin = client
    await admin.call(
      'ACL',
      'SETUSER',
      'gw',
      'on',
      '>s3cret',
      '~rl1:*',
      '+eval',
      '+evalsha',
      '+get',
      '+set',
      '+time',
      '+info',
    )
    const url = new URL(redis.url)
    const account = { username: 'gw', password: 's3cret' }
    const { limiter: own, state } = await connectRedisLimiter({ url: url.href, ...account })
    expect(state).toBe('ready')
    const verdict = await own.check(`acl:${randomUUID()}`, { limit: 2, windowMs: 60_000 })
    expect(verdict).toMatchObject({ allowed: true, remaining: 1 })
    await own.close()
    await admin.call('ACL', 'DELUSER', 'gw')
  })
})
