import { describe, expect, it } from 'vitest'
import type { IssuerConfig } from '../../../src/config/gateway-config.ts'
import { type Behaviour, toIssuerConfig } from '../../support/test-issuer.ts'
import { acquire, resolve, unavailable, useKeySources, warm } from './key-source-fixture.ts'

const on = useKeySources()

describe('key source: discovery (OpenID Connect Discovery 1.0 section 4)', () => {
  const discover = () => on.sources.acquire(toIssuerConfig(on.issuer))

  it('asks for the address of the keys once, and again with each background refresh', async () => {
    const source = discover()
    await source.settled()
    const { kid } = await on.issuer.rotate()
    await resolve(source, kid)
    expect(on.issuer.fetches).toEqual({ discovery: 1, jwks: 2 })
    on.clock.advance(600_000)
    await source.settled()
    expect(on.issuer.fetches).toEqual({ discovery: 2, jwks: 3 })
  })

  it('asks again after a failure, so that a moved address is found', async () => {
    const source = discover()
    await source.settled()
    on.issuer.behave('jwks', 'error')
    const { kid } = await on.issuer.rotate()
    await expect(resolve(source, kid)).rejects.toThrow(unavailable(1))
    on.issuer.behave('jwks', 'ok')
    on.clock.advance(1000)
    await source.settled()
    expect(on.issuer.fetches.discovery).toBe(2)
  })

  it.each<[string, unknown]>([
    ['with a slash more', `/`],
    ['of another realm', '-other'],
  ])('refuses metadata for an issuer %s', async (_what, suffix) => {
    on.issuer.metadata = { issuer: on.issuer.issuer + suffix }
    const source = discover()
    await expect(resolve(source)).rejects.toThrow(unavailable(1))
    expect(source.status().lastError).toBe('issuer_mismatch')
    expect(on.issuer.fetches.jwks).toBe(0)
  })

  it.each([[undefined], [null], [7], ['/certs'], ['file:///etc/passwd'], ['ftp://127.0.0.1/keys'], ['']])(
    'refuses the jwks_uri %j',
    async (jwksUri) => {
      on.issuer.metadata = { jwks_uri: jwksUri }
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
    on.issuer.behave('discovery', behaviour)
    const source = discover()
    await expect(resolve(source)).rejects.toThrow(unavailable(1))
    expect(source.status().lastError).toBe(reason)
  })

  it('shares one deadline with the fetch of the keys', async () => {
    on.issuer.behave('jwks', 'hang')
    const arrived = on.issuer.nextRequest('jwks')
    const source = discover()
    await arrived
    on.clock.advance(3000)
    await source.settled()
    expect(on.outcomes).toEqual(['timeout'])
  })
})

describe('key sources of a process', () => {
  it('share one source between issuers with the same settings, until the last lets go', async () => {
    const config = toIssuerConfig(on.issuer, { jwks: on.issuer.jwksUrl })
    const first = on.sources.acquire(config)
    const second = on.sources.acquire({ ...config, name: 'again', audience: ['other-api'], clockSkewMs: 0 })
    expect(second).toBe(first)
    await first.settled()
    on.sources.release(first)
    expect(on.clock.pending).toBe(1)
    expect(on.sources.acquire(config)).toBe(first)
    on.sources.release(first)
    on.sources.release(first)
    expect(on.clock.pending).toBe(0)
    expect(on.sources.acquire(config)).not.toBe(first)
  })

  it.each<[string, Partial<IssuerConfig>]>([
    ['iss', { issuer: 'http://127.0.0.1:9/other' }],
    ['address', { jwks: 'http://127.0.0.1:9/certs' }],
    ['algorithms', { algorithms: ['RS256', 'ES256'] }],
    ['key settings', { keys: { freshForMs: 1000, staleForMs: 1000, refetchEveryMs: 1000, timeoutMs: 50 } }],
  ])('are not shared by issuers with another %s', (_what, overrides) => {
    expect(acquire(on, overrides)).not.toBe(acquire(on))
  })

  it('begin with the keys at hand when only the times change, so that a longer staleFor helps in an outage', async () => {
    const times = { freshForMs: 600_000, staleForMs: 900_000, refetchEveryMs: 30_000, timeoutMs: 3000 }
    const old = await warm(on, { keys: times })
    on.issuer.behave('jwks', 'error')
    on.clock.advance(900_000)
    await expect(resolve(old)).rejects.toThrow(unavailable(1))
    const { fetchedAtMs } = old.status()
    const patient = acquire(on, { keys: { ...times, staleForMs: 1_800_000 } })
    on.sources.release(old)
    expect((await resolve(patient)).keys).toHaveLength(1)
    expect(patient.status()).toMatchObject({ everLoaded: true, fetchedAtMs })
    on.clock.advance(900_000)
    await patient.settled()
    await expect(resolve(patient)).rejects.toMatchObject({ code: 'keys_unavailable' })
  })

  it.each<[string, Partial<IssuerConfig>]>([
    ['iss', { issuer: 'http://127.0.0.1:9/other' }],
    ['address', { jwks: 'http://127.0.0.1:9/certs' }],
    ['algorithms', { algorithms: ['RS256', 'ES256'] }],
  ])('begin with no keys when the %s changes', async (_what, overrides) => {
    await warm(on)
    expect(acquire(on, overrides).status()).toMatchObject({ keys: 0, everLoaded: false })
  })

  it('let a fetch under way end for those who wait when they are released', async () => {
    const source = acquire(on)
    const waiting = resolve(source)
    on.sources.release(source)
    expect((await waiting).keys).toHaveLength(1)
    expect(on.clock.pending).toBe(0)
  })

  it('end fetches under way when they are closed', async () => {
    on.issuer.behave('jwks', 'hang')
    const arrived = on.issuer.nextRequest('jwks')
    const source = acquire(on)
    await arrived
    await on.sources.close()
    await source.settled()
    expect(on.outcomes).toEqual(['network'])
    expect(on.clock.pending).toBe(0)
  })
})
