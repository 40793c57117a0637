import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createGuardedRateLimiter } from '../../../src/rate-limiting/guarded-rate-limiter.ts'
import { type RateLimiter, RateLimiterUnavailable, type Verdict } from '../../../src/rate-limiting/rate-limiter.ts'

const WINDOW = { limit: 5, windowMs: 60_000 }
const VERDICT: Verdict = { allowed: true, remaining: 4, resetMs: 60_000, slice: 0 }

type Answer = (resolve: (verdict: Verdict) => void, reject: (error: unknown) => void) => void
const ANSWERS: Answer = (resolve) => resolve(VERDICT)
const NEVER: Answer = () => {}
const FAILS: Answer = (_, reject) => reject(new RateLimiterUnavailable('ECONNRESET'))

/** A store that answers as it is told, under a guard whose clock the test moves. */
function create() {
  const calls = { checks: 0, refunds: 0 }
  const changes: string[] = []
  let answer: Answer = ANSWERS
  const store: RateLimiter = {
    check() {
      calls.checks++
      return new Promise(answer)
    },
    refund() {
      calls.refunds++
    },
    async close() {},
  }
  const guarded = createGuardedRateLimiter({
    limiter: store,
    clock: () => Date.now(),
    onBreakerChange: (state, reason) => changes.push(`${state}: ${reason}`),
  })
  return {
    guarded,
    calls,
    changes,
    setAnswer(next: Answer) {
      answer = next
    },
    /** The verdict, or the reason why there is none. */
    check: async () => {
      try {
        return await guarded.check('key', WINDOW)
      } catch (error) {
        expect(error).toBeInstanceOf(RateLimiterUnavailable)
        return (error as Error).message
      }
    },
  }
}

/** Runs the timers that are due within `ms` in one turn of the event loop, and then the turn's end. */
async function advance(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms)
  await new Promise(setImmediate)
}

describe('guarded rate limiter', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('passes answers on', async () => {
    const { check, guarded } = create()
    expect(await check()).toEqual(VERDICT)
    expect(guarded.breaker).toBe('closed')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits 20 ms for an answer, and no longer', async () => {
    const { check, setAnswer } = create()
    setAnswer(NEVER)
    let settled: unknown
    void check().then((result) => {
      settled = result
    })
    await advance(19)
    expect(settled).toBeUndefined()
    await advance(1)
    expect(settled).toBe('deadline')
  })

  it('decides both checks of a request, before and after authentication, within 50 ms', async () => {
    const { check, setAnswer } = create()
    setAnswer(NEVER)
    let settled: unknown
    void check()
      .then(check)
      .then((result) => {
        settled = result
      })
    await advance(25)
    await advance(24)
    expect(settled).toBe('deadline')
  })

  it('takes an answer that had arrived while this process was busy', async () => {
    const { check, setAnswer } = create()
    // Timers run before sockets are read: the deadline has fired, and the answer comes in the same turn.
    setAnswer((resolve) => setTimeout(() => resolve(VERDICT), 20))
    const answer = check()
    await advance(20)
    expect(await answer).toEqual(VERDICT)
  })

  it('opens after five failures in a row, and then does not ask', async () => {
    const { check, calls, changes, setAnswer, guarded } = create()
    setAnswer(FAILS)
    for (let i = 0; i < 4; i++) expect(await check()).toBe('ECONNRESET')
    expect(guarded.breaker).toBe('closed')
    expect(await check()).toBe('ECONNRESET')
    expect(guarded.breaker).toBe('open')
    for (let i = 0; i < 100; i++) expect(await check()).toBe('circuit_open')
    expect(calls.checks).toBe(5)
    expect(changes).toEqual(['open: ECONNRESET'])
  })

  it('stays closed when an answer comes in between', async () => {
    const { check, setAnswer, guarded } = create()
    for (let round = 0; round < 3; round++) {
      setAnswer(FAILS)
      for (let i = 0; i < 4; i++) await check()
      setAnswer(ANSWERS)
      await check()
    }
    expect(guarded.breaker).toBe('closed')
  })

  it('tries one check each 250 ms while open, and closes with the first answer', async () => {
    const { check, calls, changes, setAnswer } = create()
    setAnswer(FAILS)
    for (let i = 0; i < 5; i++) await check()
    await advance(249)
    expect(await check()).toBe('circuit_open')
    await advance(1)
    expect(await Promise.all([check(), check(), check()])).toEqual(['ECONNRESET', 'circuit_open', 'circuit_open'])
    expect(calls.checks).toBe(6)
    setAnswer(ANSWERS)
    await advance(250)
    expect(await check()).toEqual(VERDICT)
    expect(await check()).toEqual(VERDICT)
    expect(changes).toEqual(['open: ECONNRESET', 'closed: recovered'])
  })

  it('does not close on the answer to what was sent before it opened', async () => {
    const { check, setAnswer, guarded } = create()
    setAnswer((resolve) => setTimeout(() => resolve(VERDICT), 20))
    const early = check()
    setAnswer(FAILS)
    for (let i = 0; i < 5; i++) await check()
    await advance(20)
    expect(await early).toEqual(VERDICT)
    expect(guarded.breaker).toBe('open')
  })

  it('opens once for many checks that fail together', async () => {
    const { check, changes, setAnswer } = create()
    setAnswer(NEVER)
    const checks = Array.from({ length: 200 }, check)
    await advance(25)
    expect(new Set(await Promise.all(checks))).toEqual(new Set(['deadline']))
    expect(changes).toEqual(['open: deadline'])
  })

  it('turns whatever a store throws into a reason', async () => {
    const { check, setAnswer } = create()
    setAnswer((_, reject) => reject(new TypeError('redis://user:secret@host')))
    expect(await check()).toBe('unknown')
  })

  it('gives units back only while the store can be asked', async () => {
    const { check, calls, setAnswer, guarded } = create()
    guarded.refund('key', WINDOW, 0)
    expect(calls.refunds).toBe(1)
    setAnswer(FAILS)
    for (let i = 0; i < 5; i++) await check()
    guarded.refund('key', WINDOW, 0)
    expect(calls.refunds).toBe(1)
  })
})
