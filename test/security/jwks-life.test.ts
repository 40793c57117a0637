import { afterEach, describe, expect, it } from 'vitest'
import { createTestClock, type TestClock } from '../support/clock.ts'
import { generateSigningKey, keycloakClaims, type SigningKey, signText } from '../support/tokens.ts'
import { startTarget, type Target } from './target.ts'

let target: Target | undefined
afterEach(() => target?.close())

const routes = [{ path: '/**', to: 'app', allow: [{ methods: 'any', token: 'any' }] }]

/** @param keys settings of the issuer's keys */
async function start(keys: Record<string, unknown> = {}, clock?: TestClock): Promise<Target> {
  target = await startTarget(
    ({ issuer }) => ({ issuers: { main: { issuer: issuer.issuer, audience: 'shop-api', keys } }, routes }),
    clock,
  )
  return target
}

const statusOf = async ({ ask, bearer }: Target, key?: SigningKey) =>
  (await ask('GET /a HTTP/1.1', await bearer({ jti: String(Math.random()) }, { key }))).status

describe('the keys of an issuer, seen from outside', () => {
  it('refuses no good token while keys are rotated under load', async () => {
    const it = await start()
    const statuses: number[] = [await statusOf(it)]
    for (let rotation = 0; rotation < 3; rotation += 1) {
      const oldKey = it.issuer.keys[0] as SigningKey
      await it.issuer.rotate()
      statuses.push(...(await Promise.all([...Array(10).keys()].map((i) => statusOf(it, i % 2 ? oldKey : undefined)))))
    }
    expect(statuses.filter((status) => status !== 200)).toEqual([])
    expect(it.issuer.fetches.jwks).toBe(4)
  })

  it('fetches once for a flood of unknown kids, and serves good tokens meanwhile', async () => {
    const it = await start()
    expect(await statusOf(it)).toBe(200)
    const foreign = await generateSigningKey()
    const flood = [...Array(30).keys()].map(async (i) => {
      const token = await it.issuer.mint({}, { key: foreign, header: { kid: `kid-${i}` } })
      return (await it.ask('GET /a HTTP/1.1', `Authorization: Bearer ${token}`)).status
    })
    expect(new Set(await Promise.all(flood))).toEqual(new Set([401]))
    expect(await statusOf(it)).toBe(200)
    expect(it.issuer.fetches.jwks).toBe(2)
  })

  it('keeps serving with the keys at hand when the issuer is gone, cached tokens and new ones', async () => {
    const it = await start({ freshFor: '1s' })
    const known = await it.bearer()
    expect((await it.ask('GET /a HTTP/1.1', known)).status).toBe(200)
    await it.issuer.close()
    await expect.poll(() => it.gateway.logText(), { timeout: 5000 }).toContain('keys could not be fetched')
    expect((await it.ask('GET /a HTTP/1.1', known)).status).toBe(200)
    expect(await statusOf(it)).toBe(200)
    target = { ...it, close: () => it.gateway.close().then(it.upstream.close) }
  })

  it.each(['reset', 'error', 'hang', 'html', 'huge', 'redirect'] as const)(
    'answers 503 with Retry-After, never 401, when there were never keys (%s)',
    async (behaviour) => {
      target = await startTarget(({ issuer }) => {
        issuer.behave('jwks', behaviour)
        return {
          issuers: { main: { issuer: issuer.issuer, audience: 'shop-api', keys: { timeout: '100ms' } } },
          routes: [...routes, { path: '/public', to: 'app', public: 'for tests' }],
        }
      })
      const answer = await target.ask('GET /a HTTP/1.1', await target.bearer())
      expect(answer.status).toBe(503)
      expect(Number(answer.headers.get('retry-after')?.[0])).toBeGreaterThan(0)
      expect(answer.headers.has('www-authenticate')).toBe(false)
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'keys_unavailable' })
      expect((await target.ask('GET /public HTTP/1.1')).status).toBe(200)
      expect((await target.ask('GET /a HTTP/1.1')).status).toBe(401)
      expect((await fetch(`${target.gateway.adminUrl}/readyz`)).status).toBe(503)
      expect(target.upstream.taken).toHaveLength(1)
    },
  )

  it('refuses tokens of a removed key after the refresh, those that were cached too', async () => {
    const it = await start({ freshFor: '1s' })
    const oldKey = it.issuer.keys[0] as SigningKey
    const cached = await it.bearer()
    expect((await it.ask('GET /a HTTP/1.1', cached)).status).toBe(200)
    await it.issuer.rotate({ keepOld: false })
    await expect.poll(async () => (await it.ask('GET /a HTTP/1.1', cached)).status, { timeout: 5000 }).toBe(401)
    expect(await statusOf(it, oldKey)).toBe(401)
    expect(await statusOf(it)).toBe(200)
  })

  it('asks only the address that the file names, and takes no key that is broken, weak, for encryption or with a secret', async () => {
    const foreign = await generateSigningKey('RS256', { kid: 'enc' })
    const leaked = await generateSigningKey('RS256', { kid: 'leaked' })
    const small = await generateSigningKey('RS256', { kid: 'small', modulusLength: 1024 })
    target = await startTarget(({ issuer }) => {
      issuer.extraKeys = [
        null,
        { ...foreign.publicJwk, use: 'enc' },
        { ...leaked.publicJwk, d: 'AQAB' },
        ...['!!!', 7, undefined].map((n) => ({ ...leaked.publicJwk, kid: 'broken', n })),
        small.publicJwk,
        { kty: 'oct', kid: 'oct', k: 'c2VjcmV0', alg: 'HS256' },
      ]
      return { issuers: { main: { issuer: issuer.issuer, jwks: issuer.jwksUrl, audience: 'shop-api' } }, routes }
    })
    expect(await statusOf(target)).toBe(200)
    for (const key of [foreign, leaked]) expect(await statusOf(target, key)).toBe(401)
    const claims = keycloakClaims('access', target.issuer.issuer, {}, { nowMs: Date.now() })
    const token = await signText('{"alg":"RS256","typ":"JWT","kid":"small"}', JSON.stringify(claims), small)
    expect((await target.ask('GET /a HTTP/1.1', `Authorization: Bearer ${token}`)).status).toBe(401)
    expect(target.issuer.fetches.discovery).toBe(0)
  })
})

describe('the first requests', () => {
  it('share one fetch, 500 of them', async () => {
    let answer = () => {}
    target = await startTarget(({ issuer }) => {
      issuer.behave('jwks', (_request, response) => {
        answer = () => response.end(JSON.stringify({ keys: [issuer.keys[0]?.publicJwk] }))
      })
      return {
        issuers: { main: { issuer: issuer.issuer, jwks: issuer.jwksUrl, audience: 'shop-api' } },
        routes: [...routes, { path: '/public', to: 'app', public: 'for tests' }],
      }
    })
    const it = target
    const token = await it.bearer()
    const waiting = Promise.all(
      Array.from({ length: 500 }, async () => (await it.ask('GET /a HTTP/1.1', token)).status),
    )
    // Connected after all of them, and answered: they are inside.
    expect((await it.ask('GET /public HTTP/1.1')).status).toBe(200)
    await expect.poll(() => it.issuer.fetches.jwks).toBe(1)
    answer()
    expect((await waiting).filter((status) => status !== 200)).toEqual([])
    expect(it.issuer.fetches).toEqual({ discovery: 0, jwks: 1 })
  })
})

describe('a rotation without overlap', () => {
  it('is found with the first token of the new key, and ends the old one then, cached or not: one fetch', async () => {
    const it = await start()
    const oldKey = it.issuer.keys[0] as SigningKey
    const cached = await it.bearer()
    expect((await it.ask('GET /a HTTP/1.1', cached)).status).toBe(200)
    await it.issuer.rotate({ keepOld: false })
    expect(await statusOf(it)).toBe(200)
    expect(it.issuer.fetches.jwks).toBe(2)
    expect((await it.ask('GET /a HTTP/1.1', cached)).status).toBe(401)
    expect(await statusOf(it, oldKey)).toBe(401)
    expect(await statusOf(it)).toBe(200)
  })
})

describe('a clock that is set', () => {
  const HOUR_MS = 3_600_000

  it.each([-26, -3, 3])('by %i hours costs one fetch at most, and tokens of the new time are good', async (hours) => {
    const clock = createTestClock()
    const it = await start({}, clock)
    const before = await it.bearer()
    expect((await it.ask('GET /a HTTP/1.1', before)).status).toBe(200)
    clock.set(clock.now() + hours * HOUR_MS)
    expect(await statusOf(it)).toBe(200)
    // Expired by the new time, or issued in its future; a token that was verified is only held against its end.
    expect((await it.ask('GET /a HTTP/1.1', before)).status).toBe(hours > 0 ? 401 : 200)
    await it.issuer.rotate()
    expect(await statusOf(it)).toBe(200)
    expect(it.issuer.fetches.jwks).toBe(2)
  })

  it('by more than staleFor makes requests wait for one fetch, and refuses none', async () => {
    const clock = createTestClock()
    const it = await start({}, clock)
    expect(await statusOf(it)).toBe(200)
    clock.set(clock.now() + 25 * HOUR_MS)
    expect(await Promise.all(Array.from({ length: 50 }, () => statusOf(it)))).toEqual(Array(50).fill(200))
    expect(it.issuer.fetches.jwks).toBe(2)
  })

  it.each([-3, 3])('by %i hours after a flood opens the door once, and no more', async (hours) => {
    const clock = createTestClock()
    const it = await start({}, clock)
    expect(await statusOf(it)).toBe(200)
    const foreign = await generateSigningKey()
    const flood = () => Promise.all(Array.from({ length: 20 }, () => statusOf(it, foreign)))
    for (const _ of [1, 2]) expect(new Set(await flood())).toEqual(new Set([401]))
    const spent = it.issuer.fetches.jwks
    clock.set(clock.now() + hours * HOUR_MS)
    for (const _ of [1, 2]) expect(new Set(await flood())).toEqual(new Set([401]))
    expect(it.issuer.fetches.jwks - spent).toBe(spent - 1)
  })
})
