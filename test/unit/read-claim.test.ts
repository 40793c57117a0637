import { describe, expect, it } from 'vitest'
import { readClaim } from '../../src/read-claim.ts'

describe('readClaim', () => {
  const claims = {
    sub: 'u1',
    realm_access: { roles: ['admin'] },
    'https://example.com/tenant': 't1',
    list: [{ a: 1 }],
    empty: null,
    zero: 0,
  }

  it.each([
    [['sub'], 'u1'],
    [['realm_access', 'roles'], ['admin']],
    [['https://example.com/tenant'], 't1'],
    [['empty'], null],
    [['zero'], 0],
  ])('reads %j', (path, value) => {
    expect(readClaim(claims, path)).toEqual(value)
  })

  it.each([
    [[]],
    [['missing']],
    [['sub', 'length']],
    [['list', '0']],
    [['list', 'length']],
    [['empty', 'a']],
    [['zero', 'toFixed']],
    [['constructor']],
    [['__proto__']],
    [['toString']],
    [['realm_access', 'constructor', 'name']],
  ])('finds nothing at %j', (path) => {
    expect(readClaim(claims, path)).toBeUndefined()
  })

  it('reads a claim that is called __proto__ when the token has it', () => {
    expect(readClaim(JSON.parse('{"__proto__":"x"}'), ['__proto__'])).toBe('x')
  })
})
