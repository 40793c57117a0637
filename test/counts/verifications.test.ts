import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeToken, encode, withBrokenSignature, withParts } from '../support/tokens.ts'
import { head, sendAll } from './callers.ts'
import { type CountedShop, startShop, withToken } from './shop.ts'

const TOKENS = 20
const REQUESTS = 1000

let shop: CountedShop
beforeAll(async () => {
  shop = await startShop({ counters: ['verifications'], callers: 8 })
  // The first one comes before the keys.
  await shop.send(await shop.request('/orders/7'), 1)
})
afterAll(() => shop.close())

const bytesOf = (token: string) => head('/orders/7', ...withToken(token))
const mint = (count: number) =>
  Promise.all(Array.from({ length: count }, (_, i) => shop.issuer.mint({ sub: `u-${i}`, scope: 'orders:read' })))
/** Sends tokens in turn. */
const send = (tokens: readonly string[], count: number, status = 200) =>
  sendAll(shop.callers, count, (i) => bytesOf(tokens[i % tokens.length] ?? ''), status)

describe('verifications of signatures', () => {
  it('takes one for each token, however often it comes, and none after that', async () => {
    const tokens = await mint(TOKENS)
    const firstUses = await shop.gateway.count(() => send(tokens, TOKENS))
    const laterUses = await shop.gateway.count(() => send(tokens, REQUESTS))
    expect(firstUses.verifications).toBe(TOKENS)
    expect(laterUses.verifications).toBe(0)
  })

  it('takes at most one for each request, when one new token comes on all connections at once', async () => {
    const [token = ''] = await mint(1)
    const counts = await shop.gateway.count(async () => {
      const answers: Promise<number>[] = []
      await shop.gateway.whileStanding(async () => {
        for (const caller of shop.callers) answers.push(caller.send(bytesOf(token)))
      })
      await Promise.all(answers)
      await send([token], REQUESTS)
    })
    expect(counts.verifications).toBeLessThanOrEqual(shop.callers.length)
  })

  it('takes none for a token that is refused for its form, its algorithm or its issuer', async () => {
    const [good = ''] = await mint(1)
    const { kid } = decodeToken(good).header
    const withHeader = (header: object) => withParts(good, { header: encode(JSON.stringify({ kid, ...header })) })
    const bad = [
      'garbage',
      'a.b.c',
      good.slice(0, -1),
      withHeader({ alg: 'RS512' }),
      withHeader({ alg: 'none' }),
      withHeader({ alg: 'RS256', crit: ['x'], x: 1 }),
      await shop.issuer.mint({ iss: 'https://elsewhere.example' }),
    ]
    const counts = await shop.gateway.count(() => send(bad, 20 * bad.length, 401))
    expect(counts.verifications).toBe(0)
  })

  it('takes one for each use of a bad signature, with the key that it names and no other', async () => {
    await shop.issuer.rotate()
    const [good = ''] = await mint(1)
    await send([good], 1)
    const counts = await shop.gateway.count(() => send([withBrokenSignature(good)], 50, 401))
    expect(counts.verifications).toBe(50)
  })
})

describe('fetches of keys', () => {
  it('takes one for all tokens, and one more for a new key', async () => {
    const before = { ...shop.issuer.fetches }
    await send(await mint(TOKENS), REQUESTS)
    expect(shop.issuer.fetches).toEqual(before)
    await shop.issuer.rotate()
    await send(await mint(TOKENS), REQUESTS)
    expect(shop.issuer.fetches.jwks).toBe(before.jwks + 1)
  })

  // The last one: after it, no key is new for half a minute.
  it('takes one more for unknown keys, however many there are, and no verification', async () => {
    const before = shop.issuer.fetches.jwks
    const unknown = Array.from({ length: TOKENS }, (_, i) => shop.issuer.mint({}, { header: { kid: `unknown-${i}` } }))
    const tokens = await Promise.all(unknown)
    const counts = await shop.gateway.count(() => send(tokens, REQUESTS, 401))
    expect(shop.issuer.fetches.jwks).toBe(before + 1)
    expect(counts.verifications).toBe(0)
  })
})
