import { afterEach, beforeEach, expect } from 'vitest'
import type { KeySource, ResolvedKeys } from '../../../src/authentication/jwks.ts'
import type { KeyFetchError } from '../../../src/authentication/key-fetch-error.ts'
import { createKeySources, type KeySources } from '../../../src/authentication/key-sources.ts'
import type { IssuerConfig } from '../../../src/config/gateway-config.ts'
import { createTestClock, type TestClock } from '../../support/clock.ts'
import { createTestIssuer, type TestIssuer, toIssuerConfig } from '../../support/test-issuer.ts'
import { generateSigningKey } from '../../support/tokens.ts'

/** What each test of key sources has anew. */
interface Fixture {
  clock: TestClock
  issuer: TestIssuer
  sources: KeySources
  /** How each fetch ended: also shows those that a long `advance` times out before they reach the issuer. */
  outcomes: (KeyFetchError['reason'] | 'ok')[]
}

const key = await generateSigningKey()

/** To be called once in a test file. */
export function useKeySources(): Fixture {
  const fixture = {} as Fixture
  beforeEach(async () => {
    const clock = createTestClock()
    const outcomes: Fixture['outcomes'] = []
    const sources = createKeySources({ clock, onFetch: (_issuer, failure) => outcomes.push(failure?.reason ?? 'ok') })
    Object.assign(fixture, { clock, outcomes, sources, issuer: await createTestIssuer({ key }) })
  })
  afterEach(async () => {
    await fixture.sources.close()
    await fixture.issuer.close()
  })
  return fixture
}

/** By a configured address unless a test is about discovery, so that one fetch is one request. */
export function acquire({ sources, issuer }: Fixture, overrides: Partial<IssuerConfig> = {}): KeySource {
  return sources.acquire(toIssuerConfig(issuer, { jwks: issuer.jwksUrl, ...overrides }))
}

export async function warm(fixture: Fixture, overrides: Partial<IssuerConfig> = {}): Promise<KeySource> {
  const source = acquire(fixture, overrides)
  await source.settled()
  expect(source.status()).toMatchObject({ keys: 1, everLoaded: true })
  return source
}

/** The keys of an RS256 token with this `kid`; by default that of the first key. */
export async function resolve(source: KeySource, kid = key.kid): Promise<ResolvedKeys> {
  return source.resolve(kid, 'RS256')
}

export const firstKid = key.kid

export const unavailable = (retryAfterSeconds: number): unknown =>
  expect.objectContaining({ code: 'keys_unavailable', details: { retryAfterSeconds } })

export const unknownKey: unknown = expect.objectContaining({ code: 'invalid_token', reason: 'token_key' })
