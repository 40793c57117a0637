import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RateLimiterUnavailable } from '../../../src/rate-limiting/rate-limiter.ts'
import { advance, createGuardedStore, NEVER, nextTurn, VERDICT, WINDOW } from './guarded-store.ts'

describe('batch', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('needs one timer for all checks of a batch', async () => {
    const { checkAtOnce, setAnswer } = createGuardedStore()
    setAnswer(NEVER)
    void checkAtOnce(100)
    await nextTurn()
    expect(vi.getTimerCount()).toBe(1)
  })

  it('needs no timer for refunds alone', async () => {
    const { guarded, setAnswer } = createGuardedStore()
    setAnswer(NEVER)
    guarded.refund('key', WINDOW, 0)
    await nextTurn()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('takes one answer of a store that gives two, and goes on waiting for the others', async () => {
    const { check, setAnswer, guarded } = createGuardedStore()
    setAnswer((order, i) => {
      if (i > 0) return
      order.decide(VERDICT)
      order.decide({ ...VERDICT, remaining: 0 })
      order.fail(new RateLimiterUnavailable('late'))
    })
    const answers = Promise.all([check(), check()])
    await nextTurn()
    await advance(20)
    expect(await answers).toEqual([VERDICT, 'deadline'])
    expect(guarded.breaker).toBe('closed')
  })

  describe('deadline', () => {
    it('waits 20 ms for an answer, and no longer', async () => {
      const { check, setAnswer } = createGuardedStore()
      setAnswer(NEVER)
      let settled: unknown
      void check().then((result) => {
        settled = result
      })
      await nextTurn()
      await advance(19)
      expect(settled).toBeUndefined()
      await advance(1)
      expect(settled).toBe('deadline')
    })

    it('decides both checks of a request, before and after authentication, within 50 ms', async () => {
      const { check, setAnswer } = createGuardedStore()
      setAnswer(NEVER)
      let settled: unknown
      void check()
        .then(() => check())
        .then((result) => {
          settled = result
        })
      await nextTurn()
      await advance(25)
      await nextTurn()
      await advance(24)
      expect(settled).toBe('deadline')
    })

    it('takes an answer that had arrived while this process was busy', async () => {
      const { check, setAnswer } = createGuardedStore()
      // Timers run before sockets are read: the deadline has fired, and the answer comes in the same turn.
      setAnswer((order) => setTimeout(() => order.decide(VERDICT), 20))
      const answer = check()
      await nextTurn()
      await advance(20)
      expect(await answer).toEqual(VERDICT)
    })

    it('counts from when a check is sent, whatever a timer thinks', async () => {
      const { check, setAnswer } = createGuardedStore()
      setAnswer(NEVER)
      let settled: unknown
      void check().then((result) => {
        settled = result
      })
      await nextTurn()
      // A timer counts from the start of the turn in which it is set: it fires, and hardly any time has passed.
      vi.setSystemTime(Date.now() - 15)
      await advance(20)
      expect(settled).toBeUndefined()
      await advance(15)
      expect(settled).toBe('deadline')
    })

    it('fails only those of a batch that have no answer', async () => {
      const { check, setAnswer, guarded } = createGuardedStore()
      setAnswer((order, i) => (i === 0 ? order.decide(VERDICT) : undefined))
      const answers = Promise.all([check(), check()])
      await nextTurn()
      await advance(20)
      expect(await answers).toEqual([VERDICT, 'deadline'])
      expect(guarded.breaker).toBe('closed')
    })
  })
})
