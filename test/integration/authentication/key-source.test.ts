import { describe, expect, it } from 'vitest'
import type { Behaviour } from '../../support/test-issuer.ts'
import { generateSigningKey } from '../../support/tokens.ts'
import { acquire, firstKid, resolve, unavailable, unknownKey, useKeySources, warm } from './key-source-fixture.ts'

const on = useKeySources()

describe('key source: the first fetch', () => {
  it('is shared by 500 requests that come at once', async () => {
    const source = acquire(on)
    const resolved = await Promise.all(Array.from({ length: 500 }, () => resolve(source)))
    expect(resolved.every(({ keys }) => keys.length === 1)).toBe(true)
    expect(on.issuer.fetches.jwks).toBe(1)
  })

  it('answers synchronously once keys are there', async () => {
    const source = await warm(on)
    expect(source.resolve(firstKid, 'RS256')).not.toBeInstanceOf(Promise)
    expect(source.status()).toEqual({ keys: 1, everLoaded: true, fetchedAtMs: on.clock.now() })
  })

  it('refuses with 503 and Retry-After when it fails, once for all who wait', async () => {
    on.issuer.behave('jwks', 'error')
    const source = acquire(on)
    const settled = await Promise.allSettled(Array.from({ length: 100 }, () => resolve(source)))
    for (const result of settled) expect(result).toMatchObject({ status: 'rejected', reason: unavailable(1) })
    expect(on.issuer.fetches.jwks).toBe(1)
    expect(source.status()).toEqual({ keys: 0, everLoaded: false, fetchedAtMs: undefined, lastError: 'status' })
  })

  it('is tried again in the background after 1, 2, 4 … seconds, at most every 30, and requests add none', async () => {
    on.issuer.behave('jwks', 'error')
    const source = acquire(on)
    await source.settled()
    for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
      await expect(resolve(source)).rejects.toThrow(unavailable(seconds))
      const before = on.outcomes.length
      on.clock.advance(seconds * 1000 - 1)
      await expect(resolve(source)).rejects.toThrow(unavailable(1))
      expect(on.outcomes).toHaveLength(before)
      on.clock.advance(1)
      await source.settled()
      expect(on.outcomes).toHaveLength(before + 1)
    }
    on.issuer.behave('jwks', 'ok')
    on.clock.advance(30_000)
    expect((await resolve(source)).keys).toHaveLength(1)
    expect(source.status()).not.toHaveProperty('lastError')
  })
})

describe('key source: a hostile or broken issuer', () => {
  it.each<[Behaviour, string]>([
    ['error', 'status'],
    ['redirect', 'status'],
    ['html', 'malformed'],
    ['huge', 'too_large'],
    ['endless', 'too_large'],
    ['reset', 'network'],
    [(_request, response) => void response.writeHead(204).end(), 'status'],
    [(_request, response) => void response.end('{"keys":[]}'), 'no_usable_key'],
    [(_request, response) => void response.end('{"keys":[null]}'), 'no_usable_key'],
    [(_request, response) => void response.end('[]'), 'malformed'],
    [(_request, response) => void response.end(''), 'malformed'],
    [(_request, response) => void response.end(Buffer.from([0x7b, 0xff, 0x7d])), 'malformed'],
    [(_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'), 'malformed'],
    [
      (_request, response) =>
        void response.writeHead(200, { 'content-length': '99' }).end('{}', () => response.destroy()),
      'network',
    ],
  ])('keeps the old keys when the answer is %s (%s)', async (behaviour, reason) => {
    const source = await warm(on)
    on.issuer.behave('jwks', behaviour)
    on.clock.advance(600_000)
    await source.settled()
    expect(on.issuer.fetches.jwks).toBe(2)
    expect(source.status()).toMatchObject({ keys: 1, everLoaded: true, lastError: reason })
    expect((await resolve(source)).keys).toHaveLength(1)
  })

  it.each(['hang', 'stall'] as const)('gives up after keys.timeout when it %ss', async (behaviour) => {
    on.issuer.behave('jwks', behaviour)
    const arrived = on.issuer.nextRequest('jwks')
    const source = acquire(on)
    const waiting = resolve(source)
    await arrived
    on.clock.advance(2999)
    expect(on.outcomes).toEqual([])
    on.clock.advance(1)
    await expect(waiting).rejects.toThrow(unavailable(1))
    expect(on.outcomes).toEqual(['timeout'])
  })

  it('serves known keys at once while a fetch hangs', async () => {
    const source = await warm(on)
    on.issuer.behave('jwks', 'hang')
    const arrived = on.issuer.nextRequest('jwks')
    on.clock.advance(600_000)
    await arrived
    expect(source.resolve(firstKid, 'RS256')).not.toBeInstanceOf(Promise)
  })

  it('ignores poisoned members and keeps the good key', async () => {
    const weak = await generateSigningKey('RS256', { modulusLength: 1024 })
    const good = on.issuer.keys[0]?.publicJwk
    on.issuer.extraKeys = [
      null,
      weak.publicJwk,
      { ...good, e: 'AQ' },
      { kty: 'oct', k: 'AAAA' },
      { ...good, use: 'enc' },
      7,
    ]
    const source = await warm(on)
    expect((await resolve(source)).keys).toHaveLength(1)
  })
})

describe('key source: age', () => {
  it('refreshes in the background when the keys are no longer fresh', async () => {
    const source = await warm(on)
    on.clock.advance(599_999)
    await source.settled()
    expect(on.outcomes).toEqual(['ok'])
    on.clock.advance(1)
    await source.settled()
    expect(on.issuer.fetches.jwks).toBe(2)
    expect(source.status().fetchedAtMs).toBe(on.clock.now())
  })

  it('keeps the same set while the keys are the same, so that verified tokens stay verified', async () => {
    const source = await warm(on)
    const before = source.current()
    on.clock.advance(600_000)
    await source.settled()
    expect(source.current()).toBe(before)
  })

  it('forgets a key at the refresh after the issuer removed it', async () => {
    const source = await warm(on)
    const { kid } = await on.issuer.rotate({ keepOld: false })
    on.clock.advance(600_000)
    await source.settled()
    expect((await resolve(source, kid)).keys).toHaveLength(1)
    await expect(resolve(source, firstKid)).rejects.toThrow(unknownKey)
  })

  it('serves stale keys for 24 h while the issuer is down, then refuses with 503', async () => {
    const source = await warm(on)
    const kid = firstKid
    await on.issuer.close()
    on.clock.advance(600_000)
    await source.settled()
    expect(source.status().lastError).toBe('network')
    on.clock.set(on.clock.now() + 86_400_000 - 600_001)
    expect((await resolve(source, kid)).keys).toHaveLength(1)
    on.clock.set(on.clock.now() + 1)
    await expect(resolve(source, kid)).rejects.toThrow(expect.objectContaining({ code: 'keys_unavailable' }))
    expect(source.status()).toMatchObject({ keys: 1, everLoaded: true })
  })

  it('recovers by itself when the issuer comes back', async () => {
    const source = await warm(on)
    on.issuer.behave('jwks', 'error')
    on.clock.advance(600_000)
    await source.settled()
    on.issuer.behave('jwks', 'ok')
    await on.issuer.rotate()
    on.clock.advance(1000)
    await source.settled()
    expect(source.status()).toEqual({ keys: 2, everLoaded: true, fetchedAtMs: on.clock.now() })
    expect(on.outcomes).toEqual(['ok', 'status', 'ok'])
    on.clock.advance(599_999)
    await source.settled()
    expect(on.outcomes).toHaveLength(3)
  })

  it('counts from the start of the fetch, however long the answer took', async () => {
    const startedAtMs = on.clock.now()
    on.issuer.behave('jwks', (_request, response) => {
      on.clock.advance(2000)
      response.end(JSON.stringify({ keys: [on.issuer.keys[0]?.publicJwk] }))
    })
    const source = await warm(on)
    expect(source.status().fetchedAtMs).toBe(startedAtMs)
  })

  it('keeps serving when the clock is set back', async () => {
    const source = await warm(on)
    on.clock.set(on.clock.now() - 3_600_000)
    expect(source.resolve(firstKid, 'RS256')).not.toBeInstanceOf(Promise)
  })
})
