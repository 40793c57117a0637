import { describe, expect, it } from 'vitest'
import type { LoginConfig } from '../../../src/config/login-config.ts'
import { createEndings } from '../../../src/sessions/endings.ts'
import { createLoginPages } from '../../../src/sessions/login-pages.ts'
import { createMemoryRenewalStore } from '../../../src/sessions/renewal-store.ts'
import { createSealer } from '../../../src/sessions/seal.ts'
import type { Session } from '../../../src/sessions/session.ts'
import { createTestClock } from '../../support/clock.ts'
import { COOKIE_KEYS } from '../../support/login.ts'
import { sessionCookie } from '../../support/sealed-session.ts'

const clock = createTestClock()

/** The logout page of a gateway, with what happens there in its order. `renewed`: what has become of all sessions. */
function setup(renewed: Partial<Session>) {
  const store = createMemoryRenewalStore(clock.now)
  const happened: string[] = []
  const endings = createEndings(store, { absoluteMs: 36_000_000 }, clock.now)
  const answer = createLoginPages({
    login: { publicOrigin: 'https://shop.example', path: '/auth', afterLogout: '/' } as LoginConfig,
    sealer: createSealer([{ id: 'new', secret: COOKIE_KEYS.new }]),
    issuer: {
      authorizationUrl: () => Promise.reject(new Error('not asked')),
      redeem: () => Promise.reject(new Error('not asked')),
      refresh: () => Promise.reject(new Error('not asked')),
      revoke: async (token) => void happened.push(`revoked ${token}`),
      logoutUrl: async () => 'https://id.example/logout',
    },
    renewal: {
      async latest(session) {
        happened.push('looked for renewals')
        return { ...session, ...renewed }
      },
    },
    endings: {
      hasEnded: endings.hasEnded,
      async end(session) {
        happened.push('ended')
        await endings.end(session)
      },
    },
    log: { warn: () => {} },
    find: () => Promise.reject(new Error('not asked')),
    now: clock.now,
  })
  const logOut = (cookie: string) =>
    answer('logout', {
      ...{ method: 'POST', isUpgrade: false, path: '/auth/logout', query: '', otherOrigins: new Set() },
      header: (name) => ({ cookie, 'sec-fetch-site': 'same-origin' })[name],
    })
  return { happened, logOut }
}

describe('the page logout', () => {
  it('says that the session has ended, then looks for a renewal, and revokes the newest token, once', async () => {
    const { happened, logOut } = setup({ refreshToken: 'newest' })
    const cookie = await sessionCookie({ refreshToken: 'old', startedAtMs: clock.now() })
    for (let i = 0; i < 3; i += 1) expect(await logOut(cookie)).toMatchObject({ status: 303 })
    expect(happened).toEqual(['ended', 'looked for renewals', 'revoked newest'])
  })

  it('has nothing to revoke without a session', async () => {
    const { happened, logOut } = setup({})
    expect(await logOut('')).toMatchObject({ status: 303 })
    expect(happened).toEqual([])
  })
})
