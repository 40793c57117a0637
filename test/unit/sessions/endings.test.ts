import { beforeEach, describe, expect, it } from 'vitest'
import { createEndings } from '../../../src/sessions/endings.ts'
import { createMemoryRenewalStore } from '../../../src/sessions/renewal-store.ts'
import type { Session } from '../../../src/sessions/session.ts'
import { createTestClock } from '../../support/clock.ts'

const HOUR_MS = 3_600_000
let clock = createTestClock()
beforeEach(() => {
  clock = createTestClock()
})

/** Gateways that share a store, and what they ask it. */
function setup() {
  const store = createMemoryRenewalStore(clock.now)
  const asked: string[] = []
  const shared = {
    end: store.end,
    hasEnded: (id: string) => {
      asked.push(id)
      return store.hasEnded(id)
    },
  }
  return { shared, asked, gateway: () => createEndings(shared, { absoluteMs: 10 * HOUR_MS }, clock.now) }
}

function session(id = 's1'): Session {
  const times = { accessEndsAtMs: clock.now(), startedAtMs: clock.now(), renewedAtMs: clock.now() }
  return { id, accessToken: 'a', refreshToken: 'r', idToken: 'i', ...times }
}

describe('a session that was ended', () => {
  it('has ended at all gateways for as long as it could have lasted', async () => {
    const { gateway } = setup()
    const [first, second] = [gateway(), gateway()]
    const one = session()
    clock.advance(HOUR_MS)
    await first.end(one)
    expect([await first.hasEnded(one), await second.hasEnded(one)]).toEqual([true, true])
    expect(await second.hasEnded(session('another'))).toBe(false)
    clock.advance(9 * HOUR_MS - 1)
    expect([await first.hasEnded(one), await second.hasEnded(one)]).toEqual([true, true])
    clock.advance(5001)
    expect(await second.hasEnded(one)).toBe(false)
  })

  it('is known within five seconds to a gateway that served it a moment ago', async () => {
    const { gateway, asked } = setup()
    const [first, second] = [gateway(), gateway()]
    const one = session()
    expect(await Promise.all(Array.from({ length: 50 }, () => second.hasEnded(one)))).not.toContain(true)
    expect(asked).toHaveLength(1)
    await first.end(one)
    expect(await first.hasEnded(one)).toBe(true)
    clock.advance(5000)
    expect(await second.hasEnded(one)).toBe(true)
  })

  it('is not told from others while the store is gone, and by its own gateway soon enough', async () => {
    const { gateway, shared } = setup()
    const one = session()
    shared.hasEnded = () => Promise.reject(new Error('gone'))
    const first = gateway()
    expect(await first.hasEnded(one)).toBe(false)
    await first.end(one)
    expect(await first.hasEnded(one)).toBe(true)
  })

  it('is remembered among a bounded number of others', async () => {
    const { gateway, asked } = setup()
    const first = gateway()
    for (let i = 0; i < 10_001; i += 1) await first.hasEnded(session(`s${i}`))
    await first.hasEnded(session('s10000'))
    expect(asked).toHaveLength(10_001)
    await first.hasEnded(session('s0'))
    expect(asked).toHaveLength(10_002)
  })
})
