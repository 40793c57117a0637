import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { RateLimitPolicy } from '../../../src/config/gateway-config.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { LimitDecision, LimitStage, LimitSubject } from '../../../src/rate-limiting/limit.ts'
import { createRateLimiting, type StoreStateChange } from '../../../src/rate-limiting/rate-limiting.ts'
import { describeWithRedis, startRedis, type TestRedis } from '../../support/redis.ts'
import { waitFor } from '../../support/wait-for.ts'

const subject: LimitSubject = { clientIp: '192.0.2.1', routePath: '/', header: () => undefined, form: () => undefined }

function policy(name: string, onStoreError: RateLimitPolicy['onStoreError'], limit = 1000): RateLimitPolicy {
  return { name, limit, windowMs: 60_000, key: [{ from: 'client.ip' }], when: 'before-auth', onStoreError }
}

const LOCAL = policy('local', 'local')
const ALLOW = policy('allow', 'allow')
const DENY = policy('deny', 'deny')

describeWithRedis('rate limiting while Redis fails', () => {
  const cleanUps: (() => unknown)[] = []
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
  })

  async function start(url: string) {
    const changes: StoreStateChange[] = []
    const decisions: LimitDecision[] = []
    const stage = await createRateLimiting({
      redis: { url },
      clock: () => performance.now(),
      onStateChange: (change) => changes.push(change),
      onDecision: (decision) => decisions.push(decision),
    })
    cleanUps.push(() => stage.close())
    return { stage, changes, decisions }
  }

  async function startServer(): Promise<TestRedis> {
    const redis = await startRedis()
    cleanUps.push(() => redis.kill())
    return redis
  }

  /** A server that takes connections and says nothing. */
  async function startMute(): Promise<string> {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanUps.push(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** Decides 40 requests and expects each to fall back as its policy says, at once. */
  async function expectFallBack({ stage, decisions }: { stage: LimitStage; decisions: LimitDecision[] }) {
    decisions.length = 0
    const tookMs: number[] = []
    for (let i = 0; i < 40; i++) {
      const startedAtMs = performance.now()
      const answers = await Promise.allSettled([
        stage.limit([LOCAL], subject),
        stage.limit([ALLOW], subject),
        (async () => stage.limit([DENY], subject))(),
      ])
      tookMs.push(performance.now() - startedAtMs)
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
      const [local, allow, deny] = answers
      expect(local.status === 'fulfilled' && local.value).toMatchObject([{ name: 'local', limit: 1000 }])
      expect(allow.status === 'fulfilled' && allow.value).toEqual([])
      const error = deny.status === 'rejected' ? deny.reason : undefined
      expect(error).toBeInstanceOf(GatewayError)
      expect(error).toMatchObject({ code: 'rate_limiter_unavailable', details: { retryAfterSeconds: 1 } })
    }
    expect(decisions.map(({ policy: name, source }) => name === source)).not.toContain(false)
    expect(stage.status()).toEqual({ store: 'redis', breaker: 'open' })
    // Two rounds may open the breaker and one more may be a probe; all others do not wait for anything.
    expect(tookMs.toSorted((a, b) => a - b)[20]).toBeLessThan(25)
    expect(Math.max(...tookMs)).toBeLessThan(1000)
  }

  async function expectRecovery({ stage, decisions }: { stage: LimitStage; decisions: LimitDecision[] }) {
    await waitFor('an answer of Redis', async () => {
      decisions.length = 0
      await stage.limit([LOCAL], subject)
      return decisions[0]?.source === 'store'
    })
    expect(stage.status()).toEqual({ store: 'redis', breaker: 'closed' })
  }

  it('falls back when Redis refuses connections', async () => {
    const redis = await startServer()
    await redis.stop()
    const gateway = await start(redis.url)
    await expectFallBack(gateway)
    expect(gateway.changes).toEqual([
      { of: 'connection', state: 'lost', reason: 'ECONNREFUSED' },
      { of: 'breaker', state: 'open', reason: 'not_connected' },
    ])
    await redis.restart()
    await expectRecovery(gateway)
  })

  it('falls back when Redis is killed, and returns to it when it is back', async () => {
    const redis = await startServer()
    const gateway = await start(redis.url)
    await gateway.stage.limit([LOCAL], subject)
    expect(gateway.decisions).toMatchObject([{ source: 'store' }])
    await redis.kill()
    await waitFor('the loss of the connection', () => gateway.changes.some(({ state }) => state === 'lost'))
    await expectFallBack(gateway)
    await redis.restart()
    await expectRecovery(gateway)
    expect(gateway.changes.map(({ of, state }) => `${of} ${state}`).toSorted()).toEqual(
      ['connection ready', 'connection lost', 'breaker open', 'connection ready', 'breaker closed'].toSorted(),
    )
  })

  it('falls back when Redis hangs, and few checks that it answered itself reach Redis later', async () => {
    const redis = await startServer()
    const gateway = await start(redis.url)
    redis.pause()
    await expectFallBack(gateway)
    expect(gateway.changes).toContainEqual({ of: 'breaker', state: 'open', reason: 'deadline' })
    redis.resume()
    await expectRecovery(gateway)
    const [quota] = await gateway.stage.limit([ALLOW], subject)
    expect(quota?.remaining).toBeGreaterThan(1000 - 20)
  })

  it('falls back when something takes the connection and never answers', async () => {
    const gateway = await start(await startMute())
    await expectFallBack(gateway)
  })

  it('does not take its own lateness for that of Redis', async () => {
    const redis = await startServer()
    const { stage, decisions } = await start(redis.url)
    for (let i = 0; i < 6; i++) {
      const answer = stage.limit([LOCAL], subject)
      const busyUntilMs = performance.now() + 60
      while (performance.now() < busyUntilMs) {}
      await answer
    }
    expect(decisions.map(({ source }) => source)).toEqual(Array(6).fill('store'))
  })

  it('counts in the local window while Redis is away, and refuses there too', async () => {
    const redis = await startServer()
    await redis.stop()
    const { stage } = await start(redis.url)
    const few = policy('few', 'local', 3)
    const answers = await Promise.allSettled(Array.from({ length: 10 }, async () => stage.limit([few], subject)))
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    expect(answers.at(-1)).toMatchObject({ reason: { code: 'rate_limited' } })
  })

  it('says nothing secret when Redis refuses the password', async () => {
    const redis = await startServer()
    const { stage, changes } = await start(redis.url.replace('//', '//mallory:hunter2@'))
    await waitFor('an event', () => changes.length > 0)
    await Promise.allSettled([(async () => stage.limit([DENY], subject))()])
    expect(changes[0]).toEqual({ of: 'connection', state: 'lost', reason: 'WRONGPASS' })
    expect(JSON.stringify(changes)).not.toMatch(/hunter2|mallory/)
  })
})
