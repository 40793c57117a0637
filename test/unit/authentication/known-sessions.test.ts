import { describe, expect, it } from 'vitest'
import { createKnownSessions, readSession } from '../../../src/authentication/known-sessions.ts'

describe('createKnownSessions', () => {
  it('knows what was added, and not what was not, nor what has no name', () => {
    const sessions = createKnownSessions()
    sessions.add('a')
    sessions.add(undefined)
    expect(['a', 'b', undefined].map((one) => sessions.has(one))).toEqual([true, false, false])
  })

  it('forgets the ones that did not come back, and holds at most twice its entries', () => {
    const sessions = createKnownSessions(2)
    const held = () => ['a', 'b', 'c', 'd', 'e', 'f'].filter((one) => sessions.has(one)).join('')
    for (const one of ['a', 'b', 'c', 'a']) sessions.add(one)
    expect(held()).toBe('abc')
    sessions.add('a')
    expect(held()).toBe('abc')
    sessions.add('d')
    expect(held()).toBe('acd')
    for (const one of ['e', 'f']) sessions.add(one)
    expect(held()).toBe('def')
  })
})

describe('readSession', () => {
  const read = (claims: Record<string, unknown>) => readSession(claims, (text) => text)
  const claims = { iss: 'https://id', sub: 's', azp: 'spa', sid: 'x' }

  it('is the same for all tokens of a session', () => {
    expect(read({ ...claims, jti: '1', exp: 1 })).toBe(read({ ...claims, jti: '2', scope: 'a' }))
  })

  it.each(['iss', 'sub', 'azp', 'sid'])('differs with another %s, and without one', (name) => {
    const { [name]: _, ...less } = claims as Record<string, unknown>
    expect(new Set([read(claims), read({ ...claims, [name]: 'other' }), read(less)]).size).toBe(3)
  })

  it('does not confuse claims with each other', () => {
    expect(read({ sub: 'a' })).not.toBe(read({ sid: 'a' }))
    expect(read({ sub: 'a","b' })).not.toBe(read({ sub: 'a', sid: 'b' }))
  })

  it.each([{}, { iss: 'https://id', azp: 'spa' }, { sub: 7, sid: null }])('is none for %j', (less) => {
    expect(read(less)).toBeUndefined()
  })
})
