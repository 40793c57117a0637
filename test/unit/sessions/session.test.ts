import { describe, expect, it } from 'vitest'
import { isOver, needsRenewal, readSession } from '../../../src/sessions/session.ts'

const MINUTE = 60_000
const LIFETIME = { idleMs: 30 * MINUTE, absoluteMs: 600 * MINUTE }
const session = (rest = {}) => ({
  id: 's',
  accessToken: 'a',
  accessEndsAtMs: 5 * MINUTE,
  refreshToken: 'r',
  idToken: 'i',
  startedAtMs: 0,
  renewedAtMs: 0,
  ...rest,
})

describe('a session', () => {
  it('is over when it was not used for too long, or was begun too long ago', () => {
    expect(isOver(session(), LIFETIME, 30 * MINUTE - 1)).toBe(false)
    expect(isOver(session(), LIFETIME, 30 * MINUTE)).toBe(true)
    const used = session({ renewedAtMs: 590 * MINUTE })
    expect(isOver(used, LIFETIME, 600 * MINUTE - 1)).toBe(false)
    expect(isOver(used, LIFETIME, 600 * MINUTE)).toBe(true)
  })

  it('ends with its access token when nothing renews it', () => {
    const { refreshToken: _, ...alone } = session()
    expect(isOver(alone, LIFETIME, 5 * MINUTE - 1)).toBe(false)
    expect(isOver(alone, LIFETIME, 5 * MINUTE)).toBe(true)
    expect(needsRenewal(alone, LIFETIME, 5 * MINUTE)).toBe(false)
  })

  it('is renewed 30 seconds before the access token ends, or in the last quarter of a shorter life', () => {
    expect(needsRenewal(session(), LIFETIME, 4.5 * MINUTE - 1)).toBe(false)
    expect(needsRenewal(session(), LIFETIME, 4.5 * MINUTE)).toBe(true)
    const short = session({ accessEndsAtMs: 8000 })
    expect(needsRenewal(short, LIFETIME, 5999)).toBe(false)
    expect(needsRenewal(short, LIFETIME, 6000)).toBe(true)
  })

  it('is renewed by use as well, so that use is noted before the idle time is over', () => {
    const long = session({ accessEndsAtMs: 60 * MINUTE })
    expect(needsRenewal(long, LIFETIME, 7.5 * MINUTE - 1)).toBe(false)
    expect(needsRenewal(long, LIFETIME, 7.5 * MINUTE)).toBe(true)
  })

  it.each([
    undefined,
    null,
    'x',
    1,
    [],
    {},
    { accessToken: 'a' },
    session({ accessEndsAtMs: '1' }),
    session({ refreshToken: 1 }),
  ])('is nothing of another form: %j', (value) => {
    expect(readSession(value)).toBeUndefined()
    expect(readSession(session())).toEqual(session())
  })
})
