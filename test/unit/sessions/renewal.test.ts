import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { TokenSet } from '../../../src/sessions/issuer-client.ts'
import { createRenewal, type RenewalDeps } from '../../../src/sessions/renewal.ts'
import { createMemoryRenewalStore } from '../../../src/sessions/renewal-store.ts'
import { createSealer } from '../../../src/sessions/seal.ts'
import type { Session } from '../../../src/sessions/session.ts'
import { createTestClock } from '../../support/clock.ts'
import { COOKIE_KEYS } from '../../support/login.ts'

const clock = createTestClock()
const SESSION: Session = {
  id: 's0',
  ...{ accessToken: 'a0', accessEndsAtMs: clock.now(), refreshToken: 'r0', idToken: 'alice' },
  ...{ startedAtMs: clock.now() - 300_000, renewedAtMs: clock.now() - 300_000 },
}
const NEW: TokenSet = {
  accessToken: 'a1',
  expiresInMs: 300_000,
  refreshToken: 'r1',
  idToken: 'alice',
  subject: 'alice',
}

/** Processes that share a store. `refresh` is the issuer; its calls are counted. */
function setup(
  refresh: (token: string, call: number) => Promise<TokenSet | undefined>,
  // Real pauses: encryption is done by other threads, which a busy machine lets wait.
  wait: RenewalDeps['wait'] = (ms) => pause(ms),
) {
  const store = createMemoryRenewalStore(clock.now)
  const calls: string[] = []
  const revoked: string[] = []
  let owners = 0
  const deps = (): RenewalDeps => ({
    store,
    sealer: createSealer([{ id: 'new', secret: COOKIE_KEYS.new }]),
    issuer: {
      refresh: (token) => refresh(token, calls.push(token)),
      revoke: async (token) => void revoked.push(token),
    },
    sha256: (text) => `hash of ${text}`,
    now: clock.now,
    createOwner: () => String(owners++),
    wait,
    subjectOf: (idToken) => idToken,
  })
  return { store, calls, revoked, process: () => createRenewal(deps()).renew, latest: createRenewal(deps()).latest }
}

describe('a renewal', () => {
  it('does not use a token again when somebody with another key has stored what came of it', async () => {
    const { calls, process, store } = setup(async () => NEW)
    const other = createSealer([{ id: 'newer', secret: COOKIE_KEYS.old }])
    await store.publish('hash of r0', await other.seal('renewal', { for: 'hash of r0', session: null }), 60_000)
    await expect(process()(SESSION)).rejects.toMatchObject({ reason: 'renewal_sealed_elsewhere' })
    expect(calls).toEqual([])
  })

  it('asks the issuer once for many requests in several processes, and all get the same', async () => {
    const { calls, process } = setup(async () => NEW)
    const processes = [process(), process(), process()]
    const all = await Promise.all(Array.from({ length: 60 }, (_, i) => processes[i % 3]?.(SESSION)))
    expect(calls).toEqual(['r0'])
    for (const session of all) {
      expect(session).toEqual({
        ...SESSION,
        accessToken: 'a1',
        refreshToken: 'r1',
        accessEndsAtMs: clock.now() + 300_000,
        renewedAtMs: clock.now(),
      })
    }
    // Also of those who come later with the old cookie.
    expect((await process()(SESSION))?.accessToken).toBe('a1')
    expect(calls).toHaveLength(1)
  })

  it('ends the session for all when the issuer has ended it, by one question', async () => {
    const { calls, process } = setup(async () => undefined)
    expect(await Promise.all([process(), process()].map((renew) => renew(SESSION)))).toEqual([undefined, undefined])
    expect(calls).toHaveLength(1)
  })

  it('is tried again by another one when the first cannot reach the issuer', async () => {
    const { process } = setup(async (_, call) => {
      if (call === 1) throw new Error('unreachable')
      return NEW
    })
    const [first, second] = await Promise.allSettled([process()(SESSION), process()(SESSION)])
    expect([first.status, second.status].toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  it('goes on where refresh tokens stay the same', async () => {
    const { calls, process } = setup(async (_, call) => ({ accessToken: `a${call}`, expiresInMs: 300_000 }))
    const first = (await process()(SESSION)) as Session
    expect(first).toMatchObject({ accessToken: 'a1', refreshToken: 'r0' })
    clock.advance(1000)
    expect((await process()(first))?.accessToken).toBe('a2')
    expect(calls).toEqual(['r0', 'r0'])
  })

  it('makes nobody another person', async () => {
    const { process } = setup(async () => ({ ...NEW, idToken: 'mallory', subject: 'mallory' }))
    expect(await process()(SESSION)).toBeUndefined()
  })

  it('takes from the store only what is for this token', async () => {
    const { store, process } = setup(async (token) => ({ ...NEW, accessToken: `of ${token}` }))
    const other = { ...SESSION, refreshToken: 'r9' }
    await process()(other)
    await store.publish('hash of r0', (await store.find('hash of r9')) ?? '', 60_000)
    expect((await process()(SESSION))?.accessToken).toBe('of r0')
    await store.publish('hash of r8', 'nonsense', 60_000)
    await expect(process()({ ...SESSION, refreshToken: 'r8' })).rejects.toMatchObject({ code: 'login_unavailable' })
  })

  it('gives what it got to its own request also when the store is lost by then', async () => {
    const { store, process } = setup(async () => NEW)
    store.publish = () => Promise.reject(new Error('gone'))
    expect((await process()(SESSION))?.accessToken).toBe('a1')
  })

  it('that another one never ends is given up', async () => {
    const { store, calls, process } = setup(
      async () => NEW,
      async () => {},
    )
    await store.claim('hash of r0', 'somebody', 60_000)
    await expect(process()(SESSION)).rejects.toMatchObject({ code: 'login_unavailable', reason: 'renewal_by_another' })
    expect(calls).toEqual([])
  })

  it('does not bring back a session that was ended while it was under way, and leaves no token of it', async () => {
    const ended = setup(async () => {
      await ended.store.end('s0', 60_000)
      return NEW
    })
    expect(await Promise.all([ended.process(), ended.process()].map((renew) => renew(SESSION)))).toEqual([
      undefined,
      undefined,
    ])
    expect(ended.calls).toEqual(['r0'])
    expect(ended.revoked).toEqual(['r1'])
  })

  it('shows a logout what has become of an old cookie, so that the newest token is revoked', async () => {
    const { process, latest } = setup(async (_, call) => ({ ...NEW, refreshToken: `r${call}` }))
    expect(await latest(SESSION)).toBe(SESSION)
    clock.advance(1000)
    const first = (await process()(SESSION)) as Session
    clock.advance(1000)
    await process()(first)
    expect((await latest(SESSION)).refreshToken).toBe('r2')
  })

  it('is believed when it succeeded, by one who lost the claim and was told that the token is spent', async () => {
    const { store, process } = setup(async () => NEW)
    const renewed = await process()(SESSION)
    const value = (await store.find('hash of r0')) ?? ''
    // The other one asked before this was published.
    const late = setup(async () => {
      await late.store.publish('hash of r0', value, 60_000)
      return undefined
    })
    expect(await late.process()(SESSION)).toEqual(renewed)
  })
})
