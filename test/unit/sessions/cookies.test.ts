import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { setsOwnCookie, withoutOwnCookies } from '../../../src/own-cookies.ts'
import {
  CookieTooLarge,
  clearPieces,
  joinPieces,
  MAX_PIECES,
  readOwnCookies,
  setInPieces,
} from '../../../src/sessions/cookies.ts'
import { holds } from '../../support/cases.ts'

const NONE = new Map<string, string>()
/** What a browser sends back. */
const sentBack = (lines: readonly string[]) => lines.map((line) => line.split(';')[0]).join('; ')
/** `size`: fast-check's strings are short otherwise, whatever the longest is, and would fit into one piece. */
const text = fc.string({
  ...{ unit: fc.constantFrom(...'abcXYZ019-_.'), minLength: 1, maxLength: MAX_PIECES * 3800 },
  size: 'max',
})

describe('cookies in pieces (RFC 6265bis)', () => {
  it('come back as what was set, whatever other cookies there are', () => {
    holds(
      fc.property(text, fc.boolean(), (value, shuffled) => {
        const lines = setInPieces('session', value, NONE)
        const field = sentBack(shuffled ? lines.toReversed() : lines)
        expect(joinPieces('session', readOwnCookies(`a=1; ${field}; session=x`))).toBe(value)
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(4096)
      }),
      { nightly: 20_000 },
    )
  })

  it('are for this host alone, over TLS, out of reach of scripts, and not sent along by other sites', () => {
    for (const line of setInPieces('session', 'x'.repeat(5000), NONE)) {
      expect(line).toMatch(/^__Host-scopegate-session(\.1)?=[^;]+; Path=\/; Secure; HttpOnly; SameSite=Lax$/)
    }
  })

  it('remove the pieces that a longer text left behind, and no others', () => {
    const present = readOwnCookies(sentBack(setInPieces('session', 'x'.repeat(11_000), NONE)))
    const lines = setInPieces('session', 'short', present)
    expect(lines.map((line) => line.replace(/;.*?(; Max-Age=0)?$/, '$1'))).toEqual([
      '__Host-scopegate-session=1.short',
      '__Host-scopegate-session.1=; Max-Age=0',
      '__Host-scopegate-session.2=; Max-Age=0',
    ])
    expect(clearPieces('session', NONE)).toEqual([])
    const both = new Map([...present, ...readOwnCookies('__Host-scopegate-session=1.short')])
    expect(joinPieces('session', both)).toBe('short')
  })

  it('are refused when they are too many', () => {
    expect(setInPieces('session', 'x'.repeat(MAX_PIECES * 3800), NONE)).toHaveLength(MAX_PIECES)
    expect(() => setInPieces('session', 'x'.repeat(MAX_PIECES * 3800 + 1), NONE)).toThrow(CookieTooLarge)
  })

  it.each(['', '2.x', '9.x', '0.x', '1.', '-1.x', 'x', '1'])('are none with the first piece %j alone', (first) => {
    expect(joinPieces('session', new Map([['session', first]]))).toBeUndefined()
  })

  it('count as absent where one stands there twice with different values', () => {
    const twice = '__Host-scopegate-session=1.a; __Host-scopegate-session=1.b'
    expect(joinPieces('session', readOwnCookies(twice))).toBeUndefined()
    expect(joinPieces('session', readOwnCookies(`${twice}; __Host-scopegate-session=1.a`))).toBeUndefined()
    expect(joinPieces('session', readOwnCookies('__Host-scopegate-session=1.a; __Host-scopegate-session=1.a'))).toBe(
      'a',
    )
  })
})

describe('own cookies', () => {
  it.each([
    ['a=1', 'a=1'],
    ['a=1; __Host-scopegate-session=x; b=2', 'a=1; b=2'],
    ['__Host-scopegate-session=x;a=1', 'a=1'],
    [' \t__HOST-Scopegate-x=1; a=1', 'a=1'],
    ['a=__Host-scopegate-session', 'a=__Host-scopegate-session'],
    ['__Host-scopegate-session=x', undefined],
    ['__Host-scopegate-session=x; __Host-scopegate-login-1-a=y', undefined],
  ])('are taken out of %j', (field, left) => {
    expect(withoutOwnCookies(field)).toBe(left)
  })

  it('are known in what an upstream sets', () => {
    expect(setsOwnCookie('__host-SCOPEGATE-session=x; Path=/')).toBe(true)
    expect(setsOwnCookie(' __Host-scopegate-session=x')).toBe(true)
    expect(setsOwnCookie('=__Host-scopegate-session=x')).toBe(true)
    expect(setsOwnCookie(' = __Host-scopegate-session=x')).toBe(true)
    expect(setsOwnCookie('session=__Host-scopegate-session')).toBe(false)
  })
})
