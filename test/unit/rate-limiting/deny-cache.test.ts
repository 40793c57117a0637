import { describe, expect, it } from 'vitest'
import { createDenyCache } from '../../../src/rate-limiting/deny-cache.ts'

function create(capacity?: number) {
  const clock = { nowMs: 5000 }
  return { clock, cache: createDenyCache(() => clock.nowMs, capacity) }
}

describe('deny cache', () => {
  it('knows nothing of a key that was not denied', () => {
    expect(create().cache.retryMs('key')).toBe(0)
  })

  it('tells the true retry time, decreasing', () => {
    const { cache, clock } = create()
    cache.deny('key', 40_000)
    expect(cache.retryMs('key')).toBe(40_000)
    clock.nowMs += 999
    expect(cache.retryMs('key')).toBe(39_001)
  })

  it('asks the store again after a second, for another process may have given a unit back', () => {
    const { cache, clock } = create()
    cache.deny('key', 40_000)
    clock.nowMs += 1000
    expect(cache.retryMs('key')).toBe(0)
    expect(cache.size).toBe(0)
  })

  it('ends with the retry time when that comes first', () => {
    const { cache, clock } = create()
    cache.deny('key', 300)
    clock.nowMs += 299
    expect(cache.retryMs('key')).toBe(1)
    clock.nowMs += 1
    expect(cache.retryMs('key')).toBe(0)
  })

  it('forgets a key that got a unit back here', () => {
    const { cache } = create()
    cache.deny('key', 300)
    cache.clear('key')
    expect(cache.retryMs('key')).toBe(0)
  })

  it('stays bounded', () => {
    const { cache } = create(100)
    for (let i = 0; i < 10_000; i++) cache.deny(`key:${i}`, 1000)
    expect(cache.size).toBeLessThanOrEqual(200)
  })
})
