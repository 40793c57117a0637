import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestClock, type TestClock } from '../support/clock.ts'
import { sendRaw } from '../support/raw-http.ts'
import {
  encode,
  generateSigningKey,
  keycloakClaims,
  type SigningKey,
  signToken,
  withBrokenSignature,
} from '../support/tokens.ts'
import { startTarget, type Target } from './target.ts'

const FLOOD = 10_000
const SMALL_FLOOD = 500
const CONNECTIONS = 20
const EVERY_MS = 30_000

let target: Target
let clock: TestClock
/** Of somebody who was seen before the flood, and of somebody who was not. */
const alice = { sub: 'alice-1', azp: 'spa', sid: 'alice-session' }
const stranger = { sub: 'stranger-1', azp: 'spa', sid: 'stranger-session' }

beforeEach(async () => {
  clock = createTestClock()
  target = await startTarget(
    () => ({ routes: [{ path: '/**', to: 'app', allow: [{ methods: 'any', token: 'any' }] }] }),
    clock,
  )
  expect(await statusOf(alice)).toBe(200)
  expect(target.issuer.fetches.jwks).toBe(1)
})
afterEach(() => target.close())

const claims = (changes: Record<string, unknown> = {}) =>
  keycloakClaims('access', target.issuer.issuer, changes, { nowMs: clock.now() })
const ask = async (token: string) => (await target.ask('GET /a HTTP/1.1', `Authorization: Bearer ${token}`)).status
/** Of a good token, of the newest key, that was not seen before. */
const statusOf = async (changes: Record<string, unknown>) =>
  ask(await target.issuer.mint({ ...changes, jti: randomUUID() }))

/** Well-formed, with all that an access token needs but a key that somebody has. */
function forge(changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}): string {
  const head = { alg: 'RS256', typ: 'JWT', kid: randomUUID(), ...header }
  return [JSON.stringify(head), JSON.stringify(claims(changes)), crypto.getRandomValues(new Uint8Array(256))]
    .map((part) => encode(part))
    .join('.')
}

/** Sends one request for each token, many on each connection without waiting for answers; how often each status came. */
async function flood(tokens: readonly string[]): Promise<Record<string, number>> {
  const share = Math.ceil(tokens.length / CONNECTIONS)
  const texts = await Promise.all(
    Array.from({ length: Math.ceil(tokens.length / share) }, (_, connection) => {
      const heads = tokens
        .slice(connection * share, (connection + 1) * share)
        .map((token) => `GET /a HTTP/1.1\r\nHost: ${target.host}\r\nAuthorization: Bearer ${token}\r\n`)
      return sendRaw(target.gateway.url, `${heads.join('\r\n')}Connection: close\r\n\r\n`)
    }),
  )
  const statuses = texts.flatMap((text) => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status))
  return Object.fromEntries(
    Object.entries(Object.groupBy(statuses, (it) => it ?? '')).map(([k, v]) => [k, v?.length ?? 0]),
  )
}

describe('a flood of tokens that could be good with no key', () => {
  it.each<[string, () => string]>([
    ['that are unsigned', () => `${forge({}, { alg: 'none' }).split('.').slice(0, 2).join('.')}.AA`],
    ['with an algorithm that is not accepted', () => forge({}, { alg: 'HS256' })],
    ['of random bytes', () => encode(crypto.getRandomValues(new Uint8Array(600)))],
    ['of another issuer', () => forge({ iss: 'https://other.example' })],
    ['for another audience', () => forge({ aud: 'other-api' })],
    ['that have expired', () => forge({ exp: 1 })],
    ['that are not valid yet', () => forge({ nbf: clock.now() / 1000 + 3600 })],
    ['that live too long', () => forge({ exp: clock.now() / 1000 + 10 * 86_400 })],
    ['of another kind', () => forge({ typ: 'ID' })],
  ])('%s costs no fetch, and a rotated key works at once', async (_what, make) => {
    expect(await flood(Array.from({ length: 300 }, make))).toEqual({ 401: 300 })
    expect(target.issuer.fetches.jwks).toBe(1)
    await target.issuer.rotate()
    expect(await statusOf(stranger)).toBe(200)
    expect(target.issuer.fetches.jwks).toBe(2)
  })

  it('with a known kid and a bad signature costs none either', async () => {
    const tokens = await Promise.all(Array.from({ length: 100 }, () => target.issuer.mint({ jti: randomUUID() })))
    expect(await flood(tokens.map(withBrokenSignature))).toEqual({ 401: 100 })
    expect(target.issuer.fetches.jwks).toBe(1)
  })
})

describe('a flood of tokens that lack nothing but a key that the issuer has', () => {
  const floodOf = async (length: number) => {
    const tokens = Array.from({ length }, () => forge({ sub: randomUUID(), sid: randomUUID() }))
    expect(await flood(tokens)).toEqual({ 401: length })
  }
  beforeEach(async () => {
    await floodOf(SMALL_FLOOD)
    expect(target.issuer.fetches.jwks).toBe(2)
  })

  it('costs one fetch, and one more after each refetchEvery', async () => {
    for (let n = 1; n <= 3; n++) {
      clock.advance(EVERY_MS - 1)
      expect(await flood(Array.from({ length: 50 }, () => forge()))).toEqual({ 401: 50 })
      expect(target.issuer.fetches.jwks).toBe(n + 1)
      clock.advance(1)
      expect(await flood(Array.from({ length: 50 }, () => forge()))).toEqual({ 401: 50 })
      expect(target.issuer.fetches.jwks).toBe(n + 2)
    }
  })

  it(`does not keep a rotated key from the first token of a known session, not even one of ${FLOOD}`, async () => {
    await floodOf(FLOOD)
    expect(target.issuer.fetches.jwks).toBe(2)
    await target.issuer.rotate()
    expect(await statusOf(alice)).toBe(200)
    expect(target.issuer.fetches.jwks).toBe(3)
    // From then on for all.
    expect(await statusOf(stranger)).toBe(200)
    expect(target.issuer.fetches.jwks).toBe(3)
  })

  it('keeps it from strangers until refetchEvery is over, and no longer', async () => {
    await target.issuer.rotate()
    expect(await statusOf(stranger)).toBe(401)
    clock.advance(EVERY_MS - 1)
    expect(await statusOf(stranger)).toBe(401)
    expect(target.issuer.fetches.jwks).toBe(2)
    clock.advance(1)
    expect(await statusOf(stranger)).toBe(200)
    expect(target.issuer.fetches.jwks).toBe(3)
  })

  it('costs one more with the names of a known session: two in refetchEvery, however they are mixed', async () => {
    const mixed = () => Array.from({ length: 500 }, (_, n) => forge(n % 2 === 0 ? alice : { sub: randomUUID() }))
    expect(await flood(mixed())).toEqual({ 401: 500 })
    expect(target.issuer.fetches.jwks).toBe(3)
    clock.advance(EVERY_MS - 1)
    await flood(mixed())
    expect(target.issuer.fetches.jwks).toBe(3)
    clock.advance(1)
    await flood(mixed())
    await flood(mixed())
    expect(target.issuer.fetches.jwks).toBe(5)
  })

  it('serves good tokens as ever', async () => {
    expect(await statusOf(stranger)).toBe(200)
    expect(target.issuer.fetches.jwks).toBe(2)
  })
})

describe('a flood of tokens that a stranger signed', () => {
  let own: SigningKey
  beforeEach(async () => {
    own = await generateSigningKey('RS256', { kid: undefined })
  })
  const sign = (kid: string | undefined) => signToken(claims({ jti: randomUUID() }), own, { kid })

  it('costs one fetch under kids of its own', async () => {
    expect(await flood(await Promise.all(Array.from({ length: 100 }, () => sign(randomUUID()))))).toEqual({ 401: 100 })
    expect(target.issuer.fetches.jwks).toBe(2)
  })

  it('costs none under the kid of a key that the issuer has, nor without one', async () => {
    const kids = [target.issuer.keys[0]?.kid, undefined]
    expect(await flood(await Promise.all(Array.from({ length: 100 }, (_, n) => sign(kids[n % 2]))))).toEqual({
      401: 100,
    })
    expect(target.issuer.fetches.jwks).toBe(1)
  })
})

describe('a flood while the issuer is down', () => {
  beforeEach(() => target.issuer.behave('jwks', 'error'))

  it('costs one fetch and then none but those of the background, after 1, 2, 4, 8, 16 and 30 seconds', async () => {
    expect(await flood(Array.from({ length: 200 }, () => forge()))).toEqual({ 503: 200 })
    expect(target.issuer.fetches.jwks).toBe(2)
    for (const [n, seconds] of [1, 2, 4, 8, 16, 30, 30].entries()) {
      clock.advance(seconds * 1000 - 1)
      expect(await flood([...Array(20)].map((_, i) => forge(i % 2 === 0 ? alice : {})))).toEqual({ 503: 20 })
      expect(target.issuer.fetches.jwks).toBe(n + 2)
      const asked = target.issuer.nextRequest('jwks')
      clock.advance(1)
      await asked
      expect(await flood([...Array(20)].map((_, i) => forge(i % 2 === 0 ? alice : {})))).toEqual({ 503: 20 })
      expect(target.issuer.fetches.jwks).toBe(n + 3)
    }
    expect(await statusOf(stranger)).toBe(200)
  })

  it('leaves nothing behind: once the background reached the issuer, a rotated key works', async () => {
    await flood(Array.from({ length: 200 }, () => forge()))
    await target.issuer.rotate()
    target.issuer.behave('jwks', 'ok')
    expect(await statusOf(alice)).toBe(503)
    const asked = target.issuer.nextRequest('jwks')
    clock.advance(1000)
    await asked
    expect(await statusOf(alice)).toBe(200)
    expect(await statusOf(stranger)).toBe(200)
    expect(target.issuer.fetches.jwks).toBe(3)
  })
})
