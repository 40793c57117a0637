/** What every RateLimiter promises. Time is moved by the test. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RateLimiter, Verdict, WindowSpec } from '../../src/rate-limiting/rate-limiter.ts'

export interface LimiterUnderTest {
  readonly limiter: RateLimiter
  /** Sets the clock the limiter counts by. */
  setNow(ms: number): void
  /** Waits until refunds have been carried out. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** A multiple of every grain used here, so that the first unit opens a cell. */
const T0 = 1_800_000_000_000

// Windows are long: a real store expires keys by its own clock, which a test must not outrun.
const EXACT: WindowSpec = { limit: 3, windowMs: 60_000 }
const SLICED: WindowSpec = { limit: 100, windowMs: 64_000 }

export function describeRateLimiter(name: string, create: () => Promise<LimiterUnderTest>): void {
  describe(`RateLimiter: ${name}`, () => {
    let under: LimiterUnderTest
    const run = randomUUID()
    let serial = 0

    beforeAll(async () => {
      under = await create()
    })
    afterAll(() => under?.close())

    const newKey = () => `contract:${run}-${serial++}`

    async function checkAt(ms: number, key: string, window: WindowSpec): Promise<Verdict> {
      under.setNow(T0 + ms)
      return await under.limiter.check(key, window)
    }

    async function refund(key: string, window: WindowSpec, slice: number): Promise<void> {
      under.limiter.refund(key, window, slice)
      await under.settled()
    }

    it('counts down, then denies', async () => {
      const key = newKey()
      expect(await checkAt(0, key, EXACT)).toMatchObject({ allowed: true, remaining: 2, resetMs: 60_000 })
      expect(await checkAt(1000, key, EXACT)).toMatchObject({ allowed: true, remaining: 1, resetMs: 59_000 })
      expect(await checkAt(2000, key, EXACT)).toMatchObject({ allowed: true, remaining: 0, resetMs: 58_000 })
      expect(await checkAt(3000, key, EXACT)).toMatchObject({ allowed: false, remaining: 0, resetMs: 57_000 })
    })

    it('allows again exactly when it said', async () => {
      const key = newKey()
      for (const ms of [0, 1000, 2000]) await checkAt(ms, key, EXACT)
      const { resetMs } = await checkAt(5000, key, EXACT)
      expect(await checkAt(5000 + resetMs - 1, key, EXACT)).toMatchObject({ allowed: false, resetMs: 1 })
      expect(await checkAt(5000 + resetMs, key, EXACT)).toMatchObject({ allowed: true, remaining: 0, resetMs: 1000 })
    })

    it('does not count a denied check', async () => {
      const key = newKey()
      for (const ms of [0, 0, 0]) await checkAt(ms, key, EXACT)
      for (let ms = 1; ms < 50; ms++) expect((await checkAt(ms, key, EXACT)).allowed).toBe(false)
      expect(await checkAt(60_000, key, EXACT)).toMatchObject({ allowed: true, remaining: 2 })
    })

    it('keeps the windows of different keys apart', async () => {
      const [one, other] = [newKey(), newKey()]
      for (const ms of [0, 0, 0, 0]) await checkAt(ms, one, EXACT)
      expect(await checkAt(0, other, EXACT)).toMatchObject({ allowed: true, remaining: 2 })
    })

    it('holds a slice of a large limit until its newest unit has left', async () => {
      const key = newKey()
      for (let i = 0; i < 50; i++) await checkAt(0, key, SLICED)
      for (let i = 0; i < 50; i++) await checkAt(900, key, SLICED)
      expect(await checkAt(1000, key, SLICED)).toMatchObject({ allowed: false, resetMs: 63_900 })
      expect((await checkAt(64_899, key, SLICED)).allowed).toBe(false)
      expect(await checkAt(64_900, key, SLICED)).toMatchObject({ allowed: true, remaining: 99 })
    })

    it('never tells a time beyond the window', async () => {
      const key = newKey()
      for (let i = 0; i < 100; i++) await checkAt(999, key, SLICED)
      expect(await checkAt(999, key, SLICED)).toMatchObject({ allowed: false, resetMs: 64_000 })
    })

    it('gives a unit back to the slice that took it', async () => {
      const key = newKey()
      const first = await checkAt(0, key, EXACT)
      await checkAt(10_000, key, EXACT)
      await checkAt(20_000, key, EXACT)
      await refund(key, EXACT, first.slice)
      expect(await checkAt(20_000, key, EXACT)).toMatchObject({ allowed: true, remaining: 0, resetMs: 50_000 })
    })

    it('gives back one unit of several', async () => {
      const key = newKey()
      const { slice } = await checkAt(0, key, EXACT)
      await checkAt(0, key, EXACT)
      await refund(key, EXACT, slice)
      expect(await checkAt(0, key, EXACT)).toMatchObject({ allowed: true, remaining: 1 })
    })

    it('gives nothing back twice, and nothing for a slice or a key it does not know', async () => {
      const key = newKey()
      const { slice } = await checkAt(0, key, EXACT)
      await checkAt(5, key, EXACT)
      for (const unknown of [slice, slice, slice, slice + 1, 0]) await refund(key, EXACT, unknown)
      expect(await checkAt(6, key, EXACT)).toMatchObject({ allowed: true, remaining: 1 })
      await refund(newKey(), EXACT, slice)
    })

    it('starts anew after everything was given back', async () => {
      const key = newKey()
      const { slice } = await checkAt(0, key, EXACT)
      await refund(key, EXACT, slice)
      expect(await checkAt(1, key, EXACT)).toMatchObject({ allowed: true, remaining: 2, resetMs: 60_000 })
    })

    it('keeps what was counted when the limit is lowered', async () => {
      const key = newKey()
      for (let i = 0; i < 80; i++) await checkAt(0, key, SLICED)
      expect(await checkAt(1, key, { limit: 10, windowMs: 64_000 })).toMatchObject({ allowed: false, resetMs: 63_999 })
      expect(await checkAt(64_000, key, { limit: 10, windowMs: 64_000 })).toMatchObject({ allowed: true, remaining: 9 })
    })

    it('keeps what was counted when the limit, and with it the grain, is raised', async () => {
      const key = newKey()
      for (const ms of [0, 100, 200]) await checkAt(ms, key, EXACT)
      const raised = { limit: 100, windowMs: 60_000 }
      expect(await checkAt(300, key, raised)).toMatchObject({ allowed: true, remaining: 96 })
    })

    it('counts by the new length when the window is shortened', async () => {
      const key = newKey()
      for (const ms of [0, 100, 200]) await checkAt(ms, key, EXACT)
      const shorter = { limit: 3, windowMs: 30_000 }
      expect(await checkAt(300, key, shorter)).toMatchObject({ allowed: false, resetMs: 29_700 })
      expect(await checkAt(30_000, key, shorter)).toMatchObject({ allowed: true, remaining: 0 })
    })

    it('opens no window when the clock is set back, and is free again one window later', async () => {
      const key = newKey()
      for (const ms of [0, 1000, 2000]) await checkAt(ms, key, EXACT)
      expect(await checkAt(-3_600_000, key, EXACT)).toMatchObject({ allowed: false, resetMs: 60_000 })
      expect(await checkAt(-3_600_000 + 59_999, key, EXACT)).toMatchObject({ allowed: false, resetMs: 1 })
      expect(await checkAt(-3_600_000 + 60_000, key, EXACT)).toMatchObject({ allowed: true, remaining: 2 })
    })

    it('counts what lies after a clock that was set back, and in its slice, as taken now', async () => {
      const key = newKey()
      await checkAt(900, key, SLICED)
      await checkAt(1100, key, SLICED)
      expect(await checkAt(920, key, SLICED)).toMatchObject({ allowed: true, remaining: 97, resetMs: 64_000 })
    })

    it('lets exactly the limit pass of checks that come at once', async () => {
      const key = newKey()
      under.setNow(T0)
      const verdicts = await Promise.all(Array.from({ length: 300 }, () => under.limiter.check(key, SLICED)))
      expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(100)
    })
  })
}
