import { afterEach, beforeEach, expect } from 'vitest'
import type { AccessToken } from '../../../src/authentication/access-token.ts'
import { type Authenticator, createAuthenticator } from '../../../src/authentication/authenticate.ts'
import { createKeySources, type KeySources } from '../../../src/authentication/key-sources.ts'
import type { IssuerConfig } from '../../../src/config/gateway-config.ts'
import { createTestClock, type TestClock } from '../../support/clock.ts'
import { sha256 } from '../../support/sha256.ts'
import { createTestIssuer, type TestIssuer, toIssuerConfig } from '../../support/test-issuer.ts'
import { generateSigningKey } from '../../support/tokens.ts'

/** What each test of authenticators has anew. */
interface Fixture {
  clock: TestClock
  issuer: TestIssuer
  keySources: KeySources
  /** An authenticator for these issuers, each being the test's one unless said otherwise; for that alone by default. */
  start(...configs: Partial<IssuerConfig>[]): Authenticator
}

export const key = await generateSigningKey()

/** To be called once in a test file. */
export function useIssuer(): Fixture {
  const fixture = {} as Fixture
  beforeEach(async () => {
    const clock = createTestClock()
    const issuer = await createTestIssuer({ key, now: clock.now })
    const keySources = createKeySources({ clock })
    function start(...configs: Partial<IssuerConfig>[]): Authenticator {
      const list = (configs.length === 0 ? [{}] : configs).map((config) => toIssuerConfig(issuer, config))
      const issuers = new Map(list.map((config) => [config.name, config]))
      return createAuthenticator({ issuers, sha256, keySources, clock })
    }
    Object.assign(fixture, { clock, issuer, keySources, start })
  })
  afterEach(async () => {
    await fixture.keySources.close()
    await fixture.issuer.close()
  })
  return fixture
}

/** As a promise, however it answers. */
export async function authenticate(
  authenticator: Authenticator,
  token: string,
  accepted?: readonly string[],
): Promise<AccessToken> {
  return authenticator.authenticate(token, accepted)
}

export const refusal = (reason: string): unknown => expect.objectContaining({ code: 'invalid_token', reason })
