import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RateLimiterUnavailable } from '../../../src/rate-limiting/rate-limiter.ts'
import { TAKE } from '../../../src/rate-limiting/window-store.ts'
import { ANSWERS, advance, createGuardedStore, FAILS, nextTurn, VERDICT, WINDOW } from './guarded-store.ts'

describe('guarded rate limiter', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('passes answers on', async () => {
    const { check, guarded } = createGuardedStore()
    expect(await check()).toEqual(VERDICT)
    expect(guarded.breaker).toBe('closed')
    expect(vi.getTimerCount()).toBe(0)
  })

  describe('batches', () => {
    it('sends all that is asked in one turn together and in its order, also by different sockets', async () => {
      const { guarded, batches } = createGuardedStore()
      void guarded.check('a', WINDOW)
      await Promise.resolve()
      guarded.refund('b', WINDOW, 7)
      process.nextTick(() => void guarded.check('c', WINDOW))
      await nextTurn()
      expect(batches).toHaveLength(1)
      expect(batches[0]?.map(({ key, slice }) => [key, slice])).toEqual([
        ['a', TAKE],
        ['b', 7],
        ['c', TAKE],
      ])
    })

    it('gives each check its own answer', async () => {
      const { setAnswer, check } = createGuardedStore()
      setAnswer((order, i) =>
        i === 1 ? order.fail(new RateLimiterUnavailable('WRONGTYPE')) : order.decide({ ...VERDICT, remaining: i }),
      )
      const answers = await Promise.all([check('a'), check('b'), check('c')])
      expect(answers).toEqual([{ ...VERDICT, remaining: 0 }, 'WRONGTYPE', { ...VERDICT, remaining: 2 }])
    })

    it('sends at most 128 together, and keeps their order', async () => {
      const { guarded, batches } = createGuardedStore()
      await Promise.all(Array.from({ length: 300 }, (_, i) => guarded.check(`${i}`, WINDOW)))
      expect(batches.map(({ length }) => length)).toEqual([128, 128, 44])
      expect(batches.flat().map(({ key }) => key)).toEqual(Array.from({ length: 300 }, (_, i) => `${i}`))
    })

    it('sends what still waits when it is closed', async () => {
      const { guarded, batches, check } = createGuardedStore()
      const answer = check()
      guarded.refund('key', WINDOW, 0)
      await guarded.close()
      expect(batches.map(({ length }) => length)).toEqual([2])
      expect(await answer).toEqual(VERDICT)
    })
  })

  describe('breaker', () => {
    it('opens after five failures in a row, and then does not ask', async () => {
      const { check, batches, changes, setAnswer, guarded } = createGuardedStore()
      setAnswer(FAILS)
      for (let i = 0; i < 4; i++) expect(await check()).toBe('ECONNRESET')
      expect(guarded.breaker).toBe('closed')
      expect(await check()).toBe('ECONNRESET')
      expect(guarded.breaker).toBe('open')
      for (let i = 0; i < 100; i++) expect(await check()).toBe('circuit_open')
      expect(batches).toHaveLength(5)
      expect(changes).toEqual(['open: ECONNRESET'])
    })

    it('takes a batch that fails for one failure, however many checks it holds', async () => {
      const { checkAtOnce, guarded, setAnswer } = createGuardedStore()
      setAnswer(FAILS)
      for (let i = 0; i < 4; i++) expect(new Set(await checkAtOnce(100))).toEqual(new Set(['ECONNRESET']))
      expect(guarded.breaker).toBe('closed')
      await checkAtOnce(100)
      expect(guarded.breaker).toBe('open')
    })

    it('stays closed while one check of a batch is decided', async () => {
      const { checkAtOnce, guarded, setAnswer } = createGuardedStore()
      for (const place of [0, 5, 9]) {
        setAnswer((order, i) => (i === place ? ANSWERS : FAILS)(order, i))
        for (let i = 0; i < 5; i++) await checkAtOnce(10)
      }
      expect(guarded.breaker).toBe('closed')
    })

    it('does not count a batch of which one check is decided', async () => {
      const { check, checkAtOnce, guarded, setAnswer } = createGuardedStore()
      setAnswer((order, i) => (i === 0 ? ANSWERS : FAILS)(order, i))
      await checkAtOnce(10)
      setAnswer(FAILS)
      for (let i = 0; i < 4; i++) await check()
      expect(guarded.breaker).toBe('closed')
    })

    it('stays closed when an answer comes in between', async () => {
      const { check, setAnswer, guarded } = createGuardedStore()
      for (let round = 0; round < 3; round++) {
        setAnswer(FAILS)
        for (let i = 0; i < 4; i++) await check()
        setAnswer(ANSWERS)
        await check()
      }
      expect(guarded.breaker).toBe('closed')
    })

    it('tries one check each 250 ms while open, and closes with the first answer', async () => {
      const { check, checkAtOnce, batches, changes, setAnswer } = createGuardedStore()
      setAnswer(FAILS)
      for (let i = 0; i < 5; i++) await check()
      await advance(249)
      expect(await check()).toBe('circuit_open')
      await advance(1)
      expect(await checkAtOnce(3)).toEqual(['ECONNRESET', 'circuit_open', 'circuit_open'])
      expect(batches).toHaveLength(6)
      setAnswer(ANSWERS)
      await advance(250)
      expect(await check()).toEqual(VERDICT)
      expect(await check()).toEqual(VERDICT)
      expect(changes).toEqual(['open: ECONNRESET', 'closed: recovered'])
    })

    it('does not close on the answer to what was sent before it opened', async () => {
      const { check, setAnswer, guarded } = createGuardedStore()
      setAnswer((order) => setTimeout(() => order.decide(VERDICT), 20))
      const early = check()
      await nextTurn()
      setAnswer(FAILS)
      for (let i = 0; i < 5; i++) await check()
      await advance(20)
      expect(await early).toEqual(VERDICT)
      expect(guarded.breaker).toBe('open')
    })

    it('gives units back only while the store can be asked', async () => {
      const { check, batches, setAnswer, guarded } = createGuardedStore()
      setAnswer(FAILS)
      guarded.refund('key', WINDOW, 0)
      await nextTurn()
      expect(batches).toHaveLength(1)
      for (let i = 0; i < 5; i++) await check()
      guarded.refund('key', WINDOW, 0)
      await nextTurn()
      expect(batches).toHaveLength(6)
    })
  })
})
