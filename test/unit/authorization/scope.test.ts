import { describe, expect, it } from 'vitest'
import { type Decision, decide } from '../../../src/authorization/decide.ts'
import type { AllowLine, Method } from '../../../src/config/gateway-config.ts'
import { all, any, grants, line, routeWith } from '../../support/routes.ts'

const READ: Method[] = ['GET', 'HEAD']

function get(lines: AllowLine[], token = grants()): Decision {
  return decide(routeWith({ allow: lines }), 'GET', {}, token)
}

describe('the scope of a denial (RFC 6750 section 3)', () => {
  const scopeOf = (lines: AllowLine[], scopes: string[] = [], roles: string[] = []) => {
    const decision = get(lines, grants({ scopes, roles }))
    return decision.allowed ? 'allowed' : 'scope' in decision ? decision.scope : undefined
  }

  it('is the whole set, in the order of the file', () => {
    expect(scopeOf([line(READ, { scopes: all('b', 'a', 'b') })], ['a'])).toBe('b a')
  })

  it('is that of the line which lacks the fewest', () => {
    const lines = [line(READ, { scopes: all('a', 'b', 'c') }), line(READ, { scopes: all('d', 'e') })]
    expect(scopeOf(lines, ['a', 'b'])).toBe('a b c')
    expect(scopeOf(lines, ['d'])).toBe('d e')
    expect(scopeOf(lines)).toBe('d e')
  })

  it('is that of the earlier line on a tie', () => {
    expect(scopeOf([line(READ, { scopes: all('b') }), line(READ, { scopes: all('a') })])).toBe('b')
  })

  it('is the first of an any', () => {
    expect(scopeOf([line(READ, { scopes: any('x', 'y') })])).toBe('x')
  })

  it('names only lines whose other conditions hold', () => {
    const lines = [line(READ, { scopes: all('a'), roles: all('admin') }), line(READ, { scopes: all('b', 'c') })]
    expect(scopeOf(lines)).toBe('b c')
    expect(scopeOf(lines, [], ['admin'])).toBe('a')
  })

  it('names only lines of this method', () => {
    expect(scopeOf([line(['POST'], { scopes: all('w') }), line(READ, { scopes: all('r1', 'r2') })])).toBe('r1 r2')
  })

  it('is absent when no scope alone would do', () => {
    expect(scopeOf([line(READ, { roles: all('admin') })])).toBeUndefined()
    expect(scopeOf([line(READ, { scopes: all('a'), roles: all('admin') })])).toBeUndefined()
    expect(scopeOf([line(READ, { scopes: any<string>() })])).toBeUndefined()
    expect(scopeOf([line(READ, { scopes: all<string>() })])).toBeUndefined()
  })

  it('gives the texts of all lines of this method, each once', () => {
    const lines = [
      line(READ, { roles: all('a'), because: 'first' }),
      line(['POST'], { roles: all('a'), because: 'other method' }),
      line(READ, { roles: all('b') }),
      line(READ, { scopes: all('c'), because: 'second' }),
      line(READ, { scopes: all('d'), because: 'first' }),
    ]
    expect(get(lines)).toMatchObject({ because: ['first', 'second'], scope: 'c' })
  })
})
