import { describe, expect, it } from 'vitest'
import { createTokenCache } from '../../../src/authentication/token-cache.ts'

const END = 's'.repeat(43)
const numbered = (n: number) => `token.${String(n).padStart(50, '0')}`

describe('createTokenCache', () => {
  it('gives back what was set, and nothing for other tokens', () => {
    const cache = createTokenCache<number>()
    cache.set('a.b.c', 1)
    expect(cache.get('a.b.c')).toBe(1)
    expect(cache.get('a.b.d')).toBeUndefined()
    expect(cache.get('')).toBeUndefined()
  })

  it('compares whole tokens: the same end is not the same token (CVE-2026-35039)', () => {
    const cache = createTokenCache<number>({ entries: 1, characters: 1000 })
    cache.set(`alice.${END}`, 1)
    expect(cache.get(`mallory.${END}`)).toBeUndefined()
    expect(cache.get(END)).toBeUndefined()
    cache.set(numbered(1), 2)
    expect(cache.get(`mallory.${END}`)).toBeUndefined()
    expect(cache.get(`alice.${END}`)).toBe(1)
  })

  it('never holds more than two generations of entries', () => {
    const cache = createTokenCache<number>({ entries: 10, characters: 1e6 })
    for (let n = 0; n < 1000; n++) cache.set(numbered(n), n)
    const kept = Array.from({ length: 1000 }, (_, n) => n).filter((n) => cache.get(numbered(n)) !== undefined)
    expect(kept.length).toBeLessThanOrEqual(20)
    expect(kept).toContain(999)
  })

  it('never holds more than two generations of characters', () => {
    const cache = createTokenCache<number>({ entries: 1e6, characters: 560 })
    for (let n = 0; n < 100; n++) cache.set(numbered(n), n)
    const kept = Array.from({ length: 100 }, (_, n) => n).filter((n) => cache.get(numbered(n)) !== undefined)
    expect(kept.length).toBeLessThanOrEqual(20)
    expect(kept).toContain(99)
  })

  it('keeps what is in use through generations', () => {
    const cache = createTokenCache<number>({ entries: 3, characters: 1e6 })
    cache.set('in-use', 1)
    for (let n = 0; n < 50; n++) {
      cache.set(numbered(n), n)
      expect(cache.get('in-use')).toBe(1)
    }
  })

  it('replaces the value of a token', () => {
    const cache = createTokenCache<number>()
    cache.set('a', 1)
    cache.set('a', 2)
    expect(cache.get('a')).toBe(2)
  })

  it('does not keep tokens over 8 KiB', () => {
    const cache = createTokenCache<number>()
    cache.set('x'.repeat(8192), 1)
    cache.set('y'.repeat(8193), 2)
    expect(cache.get('x'.repeat(8192))).toBe(1)
    expect(cache.get('y'.repeat(8193))).toBeUndefined()
  })
})
