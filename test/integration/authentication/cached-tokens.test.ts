import { beforeEach, describe, expect, it } from 'vitest'
import type { AccessToken } from '../../../src/authentication/access-token.ts'
import type { Authenticator } from '../../../src/authentication/authenticate.ts'
import { toIssuerConfig } from '../../support/test-issuer.ts'
import { authenticate, refusal, useIssuer } from './authenticator-fixture.ts'

const given = useIssuer()

describe('authenticate: tokens verified before', () => {
  let on: Authenticator
  let token: string
  let caller: AccessToken
  beforeEach(async () => {
    on = given.start()
    token = await given.issuer.mint()
    caller = await authenticate(on, token)
  })

  it('are answered at once, with the same object', () => {
    expect(on.authenticate(token)).toBe(caller)
  })

  it('are refused from the moment they expire, skew included', async () => {
    given.clock.advance(329_999)
    expect(on.authenticate(token)).toBe(caller)
    given.clock.advance(1)
    await expect(authenticate(on, token)).rejects.toThrow(refusal('token_expired'))
  })

  it('are refused when their key is gone from the set', async () => {
    const long = await given.issuer.mint({ exp: Math.floor(given.clock.now() / 1000) + 7200 })
    await authenticate(on, long)
    await given.issuer.rotate({ keepOld: false })
    given.clock.advance(600_000)
    await authenticate(on, await given.issuer.mint())
    await expect(authenticate(on, long)).rejects.toThrow(refusal('token_key'))
  })

  it('are verified again, and kept, when a key was added to the set', async () => {
    const { kid } = await given.issuer.rotate()
    await authenticate(on, await given.issuer.mint())
    expect(on.status()).toMatchObject([{ keys: 2 }])
    expect(kid).toBe(given.issuer.keys[0]?.kid)
    const again = on.authenticate(token)
    expect(again).toBeInstanceOf(Promise)
    expect(await again).toEqual(caller)
    expect(on.authenticate(token)).toBe(await again)
  })

  it('survive a refresh that brings the same keys', async () => {
    const long = await given.issuer.mint({ exp: Math.floor(given.clock.now() / 1000) + 7200 })
    const known = await authenticate(on, long)
    given.clock.advance(600_000)
    await given.keySources.acquire(toIssuerConfig(given.issuer)).settled()
    expect(given.issuer.fetches.jwks).toBe(2)
    expect(on.authenticate(long)).toBe(known)
  })

  it('are refused with 503 when the keys are older than staleFor', async () => {
    const long = await given.issuer.mint({ exp: Math.floor(given.clock.now() / 1000) + 86_400, iat: undefined })
    await authenticate(on, long)
    given.issuer.behave('discovery', 'error')
    given.clock.set(given.clock.now() + 86_400_000)
    await expect(authenticate(on, long)).rejects.toThrow(expect.objectContaining({ code: 'keys_unavailable' }))
  })

  it('do not vouch for a token with the same end', async () => {
    const [header, , signature] = token.split('.')
    const forged = `${header}.${Buffer.from(JSON.stringify({ ...caller.claims, sub: 'bob' })).toString('base64url')}.${signature}`
    await expect(authenticate(on, forged)).rejects.toThrow(refusal('token_signature'))
  })

  it('are forgotten at a reload, which keeps the keys though the issuer is down', async () => {
    given.issuer.behave('jwks', 'error')
    given.issuer.behave('discovery', 'error')
    const fetches = { ...given.issuer.fetches }
    const next = given.start({ audience: ['shop-api', 'new-api'] })
    await on.close()
    expect(next.ready()).toBe(true)
    const again = next.authenticate(token)
    expect(again).toBeInstanceOf(Promise)
    expect(await again).toEqual(caller)
    expect(given.issuer.fetches).toEqual(fetches)
  })

  it('are refused after a reload that wants another audience', async () => {
    const next = given.start({ audience: ['new-api'] })
    await expect(authenticate(next, token)).rejects.toThrow(refusal('token_audience'))
  })
})
