import { describe, expect, it } from 'vitest'
import { firstKid, resolve, unavailable, unknownKey, useKeySources, warm } from './key-source-fixture.ts'

const on = useKeySources()

describe('key source: an unknown kid', () => {
  it('fetches at once, so that a new key is good with its first token', async () => {
    const source = await warm(on)
    const { kid } = await on.issuer.rotate()
    expect((await resolve(source, kid)).keys).toHaveLength(1)
    expect(on.issuer.fetches.jwks).toBe(2)
  })

  it('fetches once for 200 invented kids, and once more after refetchEvery', async () => {
    const source = await warm(on)
    const flood = () => Promise.allSettled(Array.from({ length: 200 }, (_, n) => resolve(source, `invented-${n}`)))
    for (const result of await flood()) expect(result).toMatchObject({ status: 'rejected', reason: unknownKey })
    await flood()
    expect(on.issuer.fetches.jwks).toBe(2)
    on.clock.advance(29_999)
    await flood()
    expect(on.issuer.fetches.jwks).toBe(2)
    on.clock.advance(1)
    await flood()
    expect(on.issuer.fetches.jwks).toBe(3)
  })

  it('finds the rotated key after a flood as soon as refetchEvery is over', async () => {
    const source = await warm(on)
    await expect(resolve(source, 'invented')).rejects.toThrow(unknownKey)
    const { kid } = await on.issuer.rotate()
    await expect(resolve(source, kid)).rejects.toThrow(unknownKey)
    on.clock.advance(30_000)
    expect((await resolve(source, kid)).keys).toHaveLength(1)
  })

  it('keeps the allowance when the fetch brought the key: rotations in a row are all found', async () => {
    const source = await warm(on)
    for (let n = 0; n < 5; n++) {
      const { kid } = await on.issuer.rotate()
      expect((await resolve(source, kid)).keys).toHaveLength(1)
    }
    expect(on.issuer.fetches.jwks).toBe(6)
    await expect(resolve(source, 'invented')).rejects.toThrow(unknownKey)
  })

  it('keeps the allowance when the fetch brought the key of another who waited', async () => {
    const source = await warm(on)
    const { kid } = await on.issuer.rotate()
    const [invented, real] = await Promise.allSettled([resolve(source, 'invented'), resolve(source, kid)])
    expect(real.status).toBe('fulfilled')
    expect(invented).toMatchObject({ reason: unknownKey })
    expect(on.issuer.fetches.jwks).toBe(3)
  })

  it('is refused with 503 while the issuer cannot be asked, with one attempt, and known kids keep working', async () => {
    const source = await warm(on)
    on.issuer.behave('jwks', 'error')
    const flood = () => Promise.allSettled(Array.from({ length: 50 }, (_, n) => resolve(source, `invented-${n}`)))
    for (const result of [...(await flood()), ...(await flood())]) {
      expect(result).toMatchObject({ status: 'rejected', reason: unavailable(1) })
    }
    expect(on.issuer.fetches.jwks).toBe(2)
    expect((await resolve(source)).keys).toHaveLength(1)
  })

  it('is looked for by the retry after a failed fetch, and then refused with 401', async () => {
    const source = await warm(on)
    on.issuer.behave('jwks', 'error')
    await expect(resolve(source, 'invented')).rejects.toThrow(unavailable(1))
    on.issuer.behave('jwks', 'ok')
    const { kid } = await on.issuer.rotate()
    on.clock.advance(1000)
    await source.settled()
    expect((await resolve(source, kid)).keys).toHaveLength(1)
    await expect(resolve(source, 'invented')).rejects.toThrow(unknownKey)
  })

  it('may fetch again when the clock is set back, instead of waiting for hours', async () => {
    const source = await warm(on)
    await expect(resolve(source, 'invented')).rejects.toThrow(unknownKey)
    on.clock.set(on.clock.now() - 3_600_000)
    const { kid } = await on.issuer.rotate()
    expect((await resolve(source, kid)).keys).toHaveLength(1)
  })

  it('has an allowance of its own where the session is known', async () => {
    const source = await warm(on)
    await expect(resolve(source, 'invented')).rejects.toThrow(unknownKey)
    const asKnown = async (kid: string | undefined) => source.resolve(kid, 'RS256', 'known')
    await expect(asKnown('invented')).rejects.toThrow(unknownKey)
    expect(on.issuer.fetches.jwks).toBe(3)
    const { kid } = await on.issuer.rotate()
    await expect(asKnown(kid)).rejects.toThrow(unknownKey)
    await expect(resolve(source, kid)).rejects.toThrow(unknownKey)
    on.clock.advance(30_000)
    expect((await asKnown(kid)).keys).toHaveLength(1)
    expect(on.issuer.fetches.jwks).toBe(4)
  })

  it('of a known session is looked for again when it joined the fetch of a stranger that came too early', async () => {
    const source = await warm(on)
    let answer = () => {}
    on.issuer.behave('jwks', (_request, response) => {
      const body = JSON.stringify({ keys: on.issuer.keys.map(({ publicJwk }) => publicJwk) })
      answer = () => response.end(body)
    })
    const arrived = on.issuer.nextRequest('jwks')
    const stranger = resolve(source, 'invented').catch((error: unknown) => error)
    await arrived
    const { kid } = await on.issuer.rotate()
    const known = source.resolve(kid, 'RS256', 'known')
    on.issuer.behave('jwks', 'ok')
    answer()
    expect((await known).keys).toHaveLength(1)
    expect(await stranger).toEqual(unknownKey)
    expect(on.issuer.fetches.jwks).toBe(3)
  })

  it('waits for a fetch under way instead of starting another', async () => {
    const source = await warm(on)
    const { kid } = await on.issuer.rotate()
    on.clock.advance(600_000)
    expect((await resolve(source, kid)).keys).toHaveLength(1)
    expect(on.issuer.fetches.jwks).toBe(2)
  })

  it('is never found under an algorithm that the key is not for', async () => {
    const source = await warm(on, { algorithms: ['RS256', 'PS256'] })
    await expect((async () => source.resolve(firstKid, 'PS256'))()).rejects.toThrow(unknownKey)
  })
})
