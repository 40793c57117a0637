import { describe, expect, it } from 'vitest'
import type { AccessToken } from '../../../src/authentication/access-token.ts'
import type { RateLimitPolicy } from '../../../src/config/gateway-config.ts'
import type { GatewayError } from '../../../src/errors.ts'
import { createLimitStage, type LimitDecision, type LimitSubject } from '../../../src/rate-limiting/limit.ts'
import { createMemoryRateLimiter } from '../../../src/rate-limiting/memory-rate-limiter.ts'
import { type RateLimiter, RateLimiterUnavailable } from '../../../src/rate-limiting/rate-limiter.ts'

function policy(name: string, limit: number, more: Partial<RateLimitPolicy> = {}): RateLimitPolicy {
  const key = [{ from: 'client.ip' }] as const
  return { name, limit, windowMs: 60_000, key, when: 'after-auth', onStoreError: 'local', ...more }
}

function subject(clientIp = '192.0.2.1', token?: AccessToken): LimitSubject {
  return { clientIp, routePath: '/', token, header: () => undefined, form: () => undefined }
}

const ALICE: AccessToken = {
  issuer: 'main',
  subject: 'alice',
  clientId: undefined,
  subjectHash: '',
  scopes: new Set(),
  roles: new Set(),
  claims: { sub: 'alice' },
  expiresAtMs: 0,
}

function create(options: { remote?: (memory: RateLimiter) => RateLimiter } = {}) {
  const clock = { nowMs: 1_000_000 }
  const decisions: LimitDecision[] = []
  const memory = createMemoryRateLimiter({ clock: () => clock.nowMs })
  const checks = { count: 0 }
  const counted: RateLimiter = {
    ...memory,
    check(key, window) {
      checks.count++
      return memory.check(key, window)
    },
  }
  const stage = createLimitStage({
    limiter: options.remote?.(counted) ?? counted,
    local: memory,
    clock: () => clock.nowMs,
    onDecision: (decision) => decisions.push(decision),
  })
  return { stage, clock, decisions, checks }
}

/** The refusal of a stage, whether thrown or rejected. */
async function refusal(answer: () => unknown): Promise<GatewayError> {
  try {
    await answer()
  } catch (error) {
    return error as GatewayError
  }
  throw new Error('was not refused')
}

const asynchronous = (memory: RateLimiter): RateLimiter => ({
  ...memory,
  check: async (key, window) => memory.check(key, window),
})

const unavailable = (): RateLimiter => ({
  check: () => Promise.reject(new RateLimiterUnavailable('deadline')),
  refund() {
    throw new Error('nothing was counted there')
  },
  async close() {},
})

describe('limit stage', () => {
  it('answers without a promise when the limiter does', () => {
    const { stage } = create()
    expect(stage.limit([policy('a', 2), policy('b', 9)], subject())).toMatchObject([
      { name: 'a', limit: 2, windowSeconds: 60, remaining: 1, resetSeconds: 60 },
      { name: 'b', limit: 9, windowSeconds: 60, remaining: 8, resetSeconds: 60 },
    ])
    expect(stage.limit([], subject())).toEqual([])
    expect(stage.status()).toEqual({ store: 'memory', breaker: 'closed' })
  })

  it('counts a policy by token only when there is one', () => {
    const { stage } = create()
    const perUser = policy('u', 1, { key: [{ from: 'token', claim: ['sub'] }] })
    expect(stage.limit([perUser], subject())).toEqual([])
    expect(stage.limit([perUser], subject('192.0.2.1', ALICE))).toHaveLength(1)
    expect(() => stage.limit([perUser], subject('192.0.2.2', ALICE))).toThrow('rate_limited')
  })

  describe.each([
    ['synchronous', undefined],
    ['asynchronous', asynchronous],
  ])('with a limiter that is %s', (_, remote) => {
    const start = () => create(remote === undefined ? {} : { remote })

    it('refuses with the policies that were exceeded, the longest wait, and where all of them stand', async () => {
      const { stage, clock } = start()
      const wide = policy('wide', 10)
      const short = policy('short', 1, { windowMs: 5000 })
      const long = policy('long', 1, { windowMs: 90_000 })
      await stage.limit([wide, short, long], subject())
      clock.nowMs += 1500
      const error = await refusal(() => stage.limit([wide, short, long], subject()))
      expect(error.code).toBe('rate_limited')
      expect(error.details).toEqual({
        retryAfterSeconds: 89,
        violatedPolicies: ['short', 'long'],
        quotas: [
          { name: 'wide', limit: 10, windowSeconds: 60, remaining: 9, resetSeconds: 59 },
          { name: 'short', limit: 1, windowSeconds: 5, remaining: 0, resetSeconds: 4 },
          { name: 'long', limit: 1, windowSeconds: 90, remaining: 0, resetSeconds: 89 },
        ],
      })
    })

    it('counts a refused request in no policy', async () => {
      const { stage, clock } = start()
      const [wide, narrow] = [policy('wide', 10), policy('narrow', 1)]
      await stage.limit([narrow], subject())
      for (let i = 0; i < 5; i++) {
        await refusal(() => stage.limit([wide, narrow], subject()))
        clock.nowMs += 2000 // beyond the deny cache
      }
      expect(await stage.limit([wide], subject())).toMatchObject([{ remaining: 9 }])
    })

    it('tells a wait of at least one second', async () => {
      const { stage, clock } = start()
      await stage.limit([policy('a', 1)], subject())
      clock.nowMs += 59_999
      const error = await refusal(() => stage.limit([policy('a', 1)], subject()))
      expect(error.details.retryAfterSeconds).toBe(1)
      clock.nowMs += 1
      expect(await stage.limit([policy('a', 1)], subject())).toHaveLength(1)
    })

    it('does not ask the limiter about a key that is known to be denied, and counts nothing else meanwhile', async () => {
      const { stage, clock, checks, decisions } = start()
      const [wide, narrow] = [policy('wide', 10), policy('narrow', 1)]
      await stage.limit([narrow], subject())
      await refusal(() => stage.limit([narrow], subject()))
      const asked = checks.count
      clock.nowMs += 999
      const error = await refusal(() => stage.limit([wide, narrow], subject()))
      expect(error.details).toMatchObject({ retryAfterSeconds: 60, violatedPolicies: ['narrow'] })
      expect(checks.count).toBe(asked)
      expect(decisions.at(-1)).toEqual({ policy: 'narrow', allowed: false, source: 'cache' })
      expect(await stage.limit([narrow], subject('192.0.2.2'))).toHaveLength(1)
    })

    it('gives everything back when the pipeline asks for it, and lets the next request pass at once', async () => {
      const { stage } = start()
      const narrow = policy('narrow', 1)
      const quotas = await stage.limit([narrow], subject())
      await refusal(() => stage.limit([narrow], subject()))
      stage.refundAll(quotas)
      expect(await stage.limit([narrow], subject())).toMatchObject([{ remaining: 0 }])
    })
  })

  it('counts locally, lets pass or refuses when the store cannot decide, as each policy says', async () => {
    const { stage, decisions } = create({ remote: unavailable })
    const local = policy('local', 1)
    const allow = policy('allow', 1, { onStoreError: 'allow' })
    const deny = policy('deny', 1, { onStoreError: 'deny' })
    expect(await stage.limit([local, allow], subject())).toMatchObject([{ name: 'local', remaining: 0 }])
    expect((await refusal(() => stage.limit([local], subject()))).code).toBe('rate_limited')
    expect(await stage.limit([allow], subject())).toEqual([])
    const error = await refusal(() => stage.limit([deny], subject()))
    expect(error).toMatchObject({ code: 'rate_limiter_unavailable', details: { retryAfterSeconds: 1 } })
    expect(decisions.map(({ policy: name, allowed, source }) => `${name} ${allowed} ${source}`)).toEqual([
      'local true local',
      'allow true allow',
      'local false local',
      'allow true allow',
      'deny false deny',
    ])
  })

  it('gives back what it counted locally when another policy cannot be decided', async () => {
    const { stage } = create({ remote: unavailable })
    const local = policy('local', 1)
    const deny = policy('deny', 1, { onStoreError: 'deny' })
    await refusal(() => stage.limit([local, deny], subject()))
    expect(await stage.limit([local], subject())).toMatchObject([{ remaining: 0 }])
  })

  it('fails when the limiter fails in a way that is not foreseen, also where a policy says allow', async () => {
    const broken = (): RateLimiter => ({
      check: () => Promise.reject(new TypeError('bug')),
      refund() {},
      async close() {},
    })
    const { stage } = create({ remote: broken })
    const allow = policy('allow', 1, { onStoreError: 'allow' })
    await expect(stage.limit([allow], subject())).rejects.toThrow(TypeError)
  })
})
