import { describe, expect, it } from 'vitest'
import { createMemoryRateLimiter } from '../../../src/rate-limiting/memory-rate-limiter.ts'

const WINDOW = { limit: 5, windowMs: 60_000 }

function create(capacity?: number) {
  const clock = { nowMs: 1000 }
  const limiter = createMemoryRateLimiter({ clock: () => clock.nowMs, ...(capacity !== undefined && { capacity }) })
  return { limiter, clock }
}

describe('memory rate limiter', () => {
  it('stays bounded under a flood of keys, and keeps the window of a key that is asked for in between', () => {
    const { limiter } = create()
    let passed = 0
    for (let i = 0; i < 300_000; i++) {
      limiter.check(`flood:${i}`, WINDOW)
      if (i % 10_000 === 0 && limiter.check('honest', WINDOW).allowed) passed++
    }
    expect(limiter.size).toBeLessThanOrEqual(200_000)
    expect(passed).toBe(5)
  })

  it('forgets a window only after more other keys than its capacity', () => {
    const { limiter } = create(10)
    for (let i = 0; i < 5; i++) limiter.check('key', WINDOW)
    for (let i = 0; i < 10; i++) limiter.check(`other:${i}`, WINDOW)
    expect(limiter.check('key', WINDOW).allowed).toBe(false)
  })

  it('does not let time and a full generation together forget a window that is in use', () => {
    const { limiter, clock } = create(10)
    limiter.check('early', WINDOW)
    clock.nowMs += 59_999
    for (let i = 0; i < 5; i++) limiter.check('key', WINDOW)
    for (let i = 0; i < 9; i++) limiter.check(`other:${i}`, WINDOW)
    clock.nowMs += 1
    expect(limiter.check('key', WINDOW).allowed).toBe(false)
  })

  it('frees windows that have passed, without timers', () => {
    const { limiter, clock } = create()
    for (let i = 0; i < 1000; i++) limiter.check(`key:${i}`, WINDOW)
    for (let i = 0; i < 3; i++) {
      clock.nowMs += 60_000
      limiter.check('last', WINDOW)
    }
    expect(limiter.size).toBeLessThanOrEqual(2)
  })

  it('keeps windows of a longer policy while a shorter one is in use', () => {
    const { limiter, clock } = create()
    const day = { limit: 1, windowMs: 86_400_000 }
    limiter.check('daily', day)
    for (let i = 0; i < 100; i++) {
      clock.nowMs += 60_000
      limiter.check('other', WINDOW)
    }
    expect(limiter.check('daily', day).allowed).toBe(false)
  })

  it('counts whole milliseconds of a finer clock', () => {
    const { limiter, clock } = create()
    clock.nowMs = 1000.75
    expect(limiter.check('key', WINDOW)).toEqual({ allowed: true, remaining: 4, resetMs: 60_000, slice: 1000 })
  })
})
