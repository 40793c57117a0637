import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KeySource } from '../../../src/authentication/jwks.ts'
import type { KeyFetchError } from '../../../src/authentication/key-fetch-error.ts'
import { createKeySources, type KeySources } from '../../../src/authentication/key-sources.ts'
import type { IssuerConfig } from '../../../src/config/gateway-config.ts'
import { createTestClock, type TestClock } from '../../support/clock.ts'
import { type Behaviour, createTestIssuer, type TestIssuer, toIssuerConfig } from '../../support/test-issuer.ts'
import { generateSigningKey } from '../../support/tokens.ts'

let clock: TestClock
let issuer: TestIssuer
let sources: KeySources
let outcomes: (KeyFetchError['reason'] | 'ok')[]

beforeEach(async () => {
  clock = createTestClock()
  issuer = await createTestIssuer()
  outcomes = []
  sources = createKeySources({ clock, onFetch: (_issuer, failure) => outcomes.push(failure?.reason ?? 'ok') })
})

afterEach(async () => {
  await sources.close()
  await issuer.close()
})

/** By a configured address unless a test is about discovery, so that one fetch is one request. */
function acquire(overrides: Partial<IssuerConfig> = {}): KeySource {
  return sources.acquire(toIssuerConfig(issuer, { jwks: issuer.jwksUrl, ...overrides }))
}

async function warm(overrides: Partial<IssuerConfig> = {}): Promise<KeySource> {
  const source = acquire(overrides)
  await source.settled()
  expect(source.status()).toMatchObject({ keys: 1, everLoaded: true })
  return source
}

const kidOf = (n = 0) => issuer.keys[n]?.kid
const unavailable = (retryAfterSeconds: number) =>
  expect.objectContaining({ code: 'keys_unavailable', details: { retryAfterSeconds } })
const unknownKey = expect.objectContaining({ code: 'invalid_token', reason: 'token_key' })
const resolve = async (source: KeySource, kid = kidOf()) => source.resolve(kid, 'RS256')

describe('key source: the first fetch', () => {
  it('is shared by 500 requests that come at once', async () => {
    const source = acquire()
    const resolved = await Promise.all(Array.from({ length: 500 }, () => resolve(source)))
    expect(resolved.every(({ keys }) => keys.length === 1)).toBe(true)
    expect(issuer.fetches.jwks).toBe(1)
  })

  it('answers synchronously once keys are there', async () => {
    const source = await warm()
    expect(source.resolve(kidOf(), 'RS256')).not.toBeInstanceOf(Promise)
    expect(source.status()).toEqual({ keys: 1, everLoaded: true, fetchedAtMs: clock.now() })
  })

  it('refuses with 503 and Retry-After when it fails, once for all who wait', async () => {
    issuer.behave('jwks', 'error')
    const source = acquire()
    const settled = await Promise.allSettled(Array.from({ length: 100 }, () => resolve(source)))
    for (const result of settled) expect(result).toMatchObject({ status: 'rejected', reason: unavailable(1) })
    expect(issuer.fetches.jwks).toBe(1)
    expect(source.status()).toEqual({ keys: 0, everLoaded: false, fetchedAtMs: undefined, lastError: 'status' })
  })

  it('is tried again in the background after 1, 2, 4 … seconds, at most every 30, and requests add none', async () => {
    issuer.behave('jwks', 'error')
    const source = acquire()
    await source.settled()
    for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
      await expect(resolve(source)).rejects.toThrow(unavailable(seconds))
      const before = issuer.fetches.jwks
      clock.advance(seconds * 1000 - 1)
      await expect(resolve(source)).rejects.toThrow(unavailable(1))
      expect(issuer.fetches.jwks).toBe(before)
      clock.advance(1)
      await source.settled()
      expect(issuer.fetches.jwks).toBe(before + 1)
    }
    issuer.behave('jwks', 'ok')
    clock.advance(30_000)
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
    const source = await warm()
    issuer.behave('jwks', behaviour)
    clock.advance(600_000)
    await source.settled()
    expect(issuer.fetches.jwks).toBe(2)
    expect(source.status()).toMatchObject({ keys: 1, everLoaded: true, lastError: reason })
    expect((await resolve(source)).keys).toHaveLength(1)
  })

  it.each(['hang', 'stall'] as const)('gives up after keys.timeout when it %ss', async (behaviour) => {
    issuer.behave('jwks', behaviour)
    const arrived = issuer.nextRequest('jwks')
    const source = acquire()
    const waiting = resolve(source)
    await arrived
    clock.advance(2999)
    expect(outcomes).toEqual([])
    clock.advance(1)
    await expect(waiting).rejects.toThrow(unavailable(1))
    expect(outcomes).toEqual(['timeout'])
  })

  it('serves known keys at once while a fetch hangs', async () => {
    const source = await warm()
    issuer.behave('jwks', 'hang')
    const arrived = issuer.nextRequest('jwks')
    clock.advance(600_000)
    await arrived
    expect(source.resolve(kidOf(), 'RS256')).not.toBeInstanceOf(Promise)
  })

  it('ignores poisoned members and keeps the good key', async () => {
    const weak = await generateSigningKey('RS256', { modulusLength: 1024 })
    const good = issuer.keys[0]?.publicJwk
    issuer.extraKeys = [
      null,
      weak.publicJwk,
      { ...good, e: 'AQ' },
      { kty: 'oct', k: 'AAAA' },
      { ...good, use: 'enc' },
      7,
    ]
    const source = await warm()
    expect((await resolve(source)).keys).toHaveLength(1)
  })
})

describe('key source: age', () => {
  it('refreshes in the background when the keys are no longer fresh', async () => {
    const source = await warm()
    clock.advance(599_999)
    await source.settled()
    expect(issuer.fetches.jwks).toBe(1)
    clock.advance(1)
    await source.settled()
    expect(issuer.fetches.jwks).toBe(2)
    expect(source.status().fetchedAtMs).toBe(clock.now())
  })

  it('keeps the same set while the keys are the same, so that verified tokens stay verified', async () => {
    const source = await warm()
    const before = source.current()
    clock.advance(600_000)
    await source.settled()
    expect(source.current()).toBe(before)
  })

  it('forgets a key at the refresh after the issuer removed it', async () => {
    const source = await warm()
    const removed = kidOf()
    await issuer.rotate({ keepOld: false })
    clock.advance(600_000)
    await source.settled()
    expect((await resolve(source)).keys).toHaveLength(1)
    await expect(resolve(source, removed)).rejects.toThrow(unknownKey)
  })

  it('serves stale keys for 24 h while the issuer is down, then refuses with 503', async () => {
    const source = await warm()
    const kid = kidOf()
    await issuer.close()
    clock.advance(600_000)
    await source.settled()
    expect(source.status().lastError).toBe('network')
    clock.set(clock.now() + 86_400_000 - 600_001)
    expect((await resolve(source, kid)).keys).toHaveLength(1)
    clock.set(clock.now() + 1)
    await expect(resolve(source, kid)).rejects.toThrow(expect.objectContaining({ code: 'keys_unavailable' }))
    expect(source.status()).toMatchObject({ keys: 1, everLoaded: true })
  })

  it('recovers by itself when the issuer comes back', async () => {
    const source = await warm()
    issuer.behave('jwks', 'error')
    clock.advance(600_000)
    await source.settled()
    issuer.behave('jwks', 'ok')
    await issuer.rotate()
    clock.advance(1000)
    await source.settled()
    expect(source.status()).toEqual({ keys: 2, everLoaded: true, fetchedAtMs: clock.now() })
    const before = issuer.fetches.jwks
    clock.advance(599_999)
    await source.settled()
    expect(issuer.fetches.jwks).toBe(before)
  })

  it('counts from the start of the fetch, however long the answer took', async () => {
    const startedAtMs = clock.now()
    issuer.behave('jwks', (_request, response) => {
      clock.advance(2000)
      response.end(JSON.stringify({ keys: [issuer.keys[0]?.publicJwk] }))
    })
    const source = await warm()
    expect(source.status().fetchedAtMs).toBe(startedAtMs)
  })

  it('keeps serving when the clock is set back', async () => {
    const source = await warm()
    clock.set(clock.now() - 3_600_000)
    expect(source.resolve(kidOf(), 'RS256')).not.toBeInstanceOf(Promise)
  })
})

describe('key source: an unknown kid', () => {
  it('fetches at once, so that a new key is good with its first token', async () => {
    const source = await warm()
    const { kid } = await issuer.rotate()
    expect((await resolve(source, kid)).keys).toHaveLength(1)
    expect(issuer.fetches.jwks).toBe(2)
  })

  it('fetches once for 200 invented kids, and once more after refetchEvery', async () => {
    const source = await warm()
    const flood = () => Promise.allSettled(Array.from({ length: 200 }, (_, n) => resolve(source, `invented-${n}`)))
    for (const result of await flood()) expect(result).toMatchObject({ status: 'rejected', reason: unknownKey })
    await flood()
    expect(issuer.fetches.jwks).toBe(2)
    clock.advance(29_999)
    await flood()
    expect(issuer.fetches.jwks).toBe(2)
    clock.advance(1)
    await flood()
    expect(issuer.fetches.jwks).toBe(3)
  })

  it('finds the rotated key after a flood as soon as refetchEvery is over', async () => {
    const source = await warm()
    await expect(resolve(source, 'invented')).rejects.toThrow(unknownKey)
    const { kid } = await issuer.rotate()
    await expect(resolve(source, kid)).rejects.toThrow(unknownKey)
    clock.advance(30_000)
    expect((await resolve(source, kid)).keys).toHaveLength(1)
  })

  it('keeps the allowance when the fetch brought the key: rotations in a row are all found', async () => {
    const source = await warm()
    for (let n = 0; n < 5; n++) {
      const { kid } = await issuer.rotate()
      expect((await resolve(source, kid)).keys).toHaveLength(1)
    }
    expect(issuer.fetches.jwks).toBe(6)
    await expect(resolve(source, 'invented')).rejects.toThrow(unknownKey)
  })

  it('keeps the allowance when the fetch brought the key of another who waited', async () => {
    const source = await warm()
    const { kid } = await issuer.rotate()
    const [invented, real] = await Promise.allSettled([resolve(source, 'invented'), resolve(source, kid)])
    expect(real.status).toBe('fulfilled')
    expect(invented).toMatchObject({ reason: unknownKey })
    expect(issuer.fetches.jwks).toBe(3)
  })

  it('is refused with 503 while the issuer cannot be asked, with one attempt, and known kids keep working', async () => {
    const source = await warm()
    issuer.behave('jwks', 'error')
    const flood = () => Promise.allSettled(Array.from({ length: 50 }, (_, n) => resolve(source, `invented-${n}`)))
    for (const result of [...(await flood()), ...(await flood())]) {
      expect(result).toMatchObject({ status: 'rejected', reason: unavailable(1) })
    }
    expect(issuer.fetches.jwks).toBe(2)
    expect((await resolve(source)).keys).toHaveLength(1)
  })

  it('is looked for by the retry after a failed fetch, and then refused with 401', async () => {
    const source = await warm()
    issuer.behave('jwks', 'error')
    await expect(resolve(source, 'invented')).rejects.toThrow(unavailable(1))
    issuer.behave('jwks', 'ok')
    const { kid } = await issuer.rotate()
    clock.advance(1000)
    await source.settled()
    expect((await resolve(source, kid)).keys).toHaveLength(1)
    await expect(resolve(source, 'invented')).rejects.toThrow(unknownKey)
  })

  it('may fetch again when the clock is set back, instead of waiting for hours', async () => {
    const source = await warm()
    await expect(resolve(source, 'invented')).rejects.toThrow(unknownKey)
    clock.set(clock.now() - 3_600_000)
    const { kid } = await issuer.rotate()
    expect((await resolve(source, kid)).keys).toHaveLength(1)
  })

  it('waits for a fetch under way instead of starting another', async () => {
    const source = await warm()
    const { kid } = await issuer.rotate()
    clock.advance(600_000)
    expect((await resolve(source, kid)).keys).toHaveLength(1)
    expect(issuer.fetches.jwks).toBe(2)
  })

  it('is never found under an algorithm that the key is not for', async () => {
    const source = await warm({ algorithms: ['RS256', 'PS256'] })
    await expect((async () => source.resolve(kidOf(), 'PS256'))()).rejects.toThrow(unknownKey)
  })
})

describe('key source: discovery (OpenID Connect Discovery 1.0 section 4)', () => {
  const discover = () => sources.acquire(toIssuerConfig(issuer))

  it('asks for the address of the keys once, and again with each background refresh', async () => {
    const source = discover()
    await source.settled()
    const { kid } = await issuer.rotate()
    await resolve(source, kid)
    expect(issuer.fetches).toEqual({ discovery: 1, jwks: 2 })
    clock.advance(600_000)
    await source.settled()
    expect(issuer.fetches).toEqual({ discovery: 2, jwks: 3 })
  })

  it('asks again after a failure, so that a moved address is found', async () => {
    const source = discover()
    await source.settled()
    issuer.behave('jwks', 'error')
    const { kid } = await issuer.rotate()
    await expect(resolve(source, kid)).rejects.toThrow(unavailable(1))
    issuer.behave('jwks', 'ok')
    clock.advance(1000)
    await source.settled()
    expect(issuer.fetches.discovery).toBe(2)
  })

  it.each<[string, unknown]>([
    ['with a slash more', `/`],
    ['of another realm', '-other'],
  ])('refuses metadata for an issuer %s', async (_what, suffix) => {
    issuer.metadata = { issuer: issuer.issuer + suffix }
    const source = discover()
    await expect(resolve(source)).rejects.toThrow(unavailable(1))
    expect(source.status().lastError).toBe('issuer_mismatch')
    expect(issuer.fetches.jwks).toBe(0)
  })

  it.each([[undefined], [null], [7], ['/certs'], ['file:///etc/passwd'], ['ftp://127.0.0.1/keys'], ['']])(
    'refuses the jwks_uri %j',
    async (jwksUri) => {
      issuer.metadata = { jwks_uri: jwksUri }
      const source = discover()
      await expect(resolve(source)).rejects.toThrow(unavailable(1))
      expect(source.status().lastError).toBe('discovery')
    },
  )

  it.each<[Behaviour, string]>([
    ['error', 'status'],
    ['redirect', 'status'],
    ['html', 'discovery'],
    ['huge', 'too_large'],
    ['reset', 'network'],
    [
      (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('[]'),
      'discovery',
    ],
    [
      (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
      'discovery',
    ],
  ])('fails when its answer is %s (%s)', async (behaviour, reason) => {
    issuer.behave('discovery', behaviour)
    const source = discover()
    await expect(resolve(source)).rejects.toThrow(unavailable(1))
    expect(source.status().lastError).toBe(reason)
  })

  it('shares one deadline with the fetch of the keys', async () => {
    issuer.behave('jwks', 'hang')
    const arrived = issuer.nextRequest('jwks')
    const source = discover()
    await arrived
    clock.advance(3000)
    await source.settled()
    expect(outcomes).toEqual(['timeout'])
  })
})

describe('key sources of a process', () => {
  it('share one source between issuers with the same settings, until the last lets go', async () => {
    const config = toIssuerConfig(issuer, { jwks: issuer.jwksUrl })
    const first = sources.acquire(config)
    const second = sources.acquire({ ...config, name: 'again', audience: ['other-api'], clockSkewMs: 0 })
    expect(second).toBe(first)
    await first.settled()
    sources.release(first)
    expect(clock.pending).toBe(1)
    expect(sources.acquire(config)).toBe(first)
    sources.release(first)
    sources.release(first)
    expect(clock.pending).toBe(0)
    expect(sources.acquire(config)).not.toBe(first)
  })

  it.each<[string, Partial<IssuerConfig>]>([
    ['iss', { issuer: 'http://127.0.0.1:9/other' }],
    ['address', { jwks: 'http://127.0.0.1:9/certs' }],
    ['algorithms', { algorithms: ['RS256', 'ES256'] }],
    ['key settings', { keys: { freshForMs: 1000, staleForMs: 1000, refetchEveryMs: 1000, timeoutMs: 50 } }],
  ])('are not shared by issuers with another %s', (_what, overrides) => {
    expect(acquire(overrides)).not.toBe(acquire())
  })

  it('let a fetch under way end for those who wait when they are released', async () => {
    const source = acquire()
    const waiting = resolve(source)
    sources.release(source)
    expect((await waiting).keys).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  it('end fetches under way when they are closed', async () => {
    issuer.behave('jwks', 'hang')
    const arrived = issuer.nextRequest('jwks')
    const source = acquire()
    await arrived
    await sources.close()
    await source.settled()
    expect(outcomes).toEqual(['network'])
    expect(clock.pending).toBe(0)
  })
})
