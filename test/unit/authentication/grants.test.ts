import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Claims } from '../../../src/authentication/access-token.ts'
import { readRoles, readScopes } from '../../../src/authentication/grants.ts'
import { holds } from '../../support/cases.ts'

const parse = (text: string) => JSON.parse(text) as Claims

describe('readScopes (RFC 6749 section 3.3)', () => {
  it.each([
    ['{"scope":"a b"}', ['a', 'b']],
    ['{"scope":" a  b a "}', ['a', 'b']],
    ['{"scp":["a","b"]}', ['a', 'b']],
    ['{"scp":"a b"}', ['a', 'b']],
    ['{"scope":"a b","scp":["b","c"]}', ['a', 'b', 'c']],
    ['{"scope":""}', []],
    ['{}', []],
  ])('reads %s', (text, scopes) => {
    expect([...readScopes(parse(text))]).toEqual(scopes)
  })

  it.each([
    '{"scope":["a"]}',
    '{"scope":7}',
    '{"scope":null}',
    '{"scope":{"a":true}}',
    '{"scp":[7,null,["a"],{"a":1},""]}',
    '{"scp":["a b"]}',
    '{"scp":{"0":"a","length":1}}',
    '{"__proto__":{"scope":"a"}}',
  ])('grants nothing for %s', (text) => {
    expect([...readScopes(parse(text))]).toEqual([])
  })

  it('keeps other blanks inside a name, which therefore matches nothing', () => {
    expect([...readScopes({ scope: 'a\tb' })]).toEqual(['a\tb'])
  })
})

describe('readRoles of Keycloak', () => {
  const read = (text: string) => [...readRoles(parse(text), 'keycloak')]

  it('reads realm roles and client roles', () => {
    const text =
      '{"realm_access":{"roles":["admin"]},"resource_access":{"shop-api":{"roles":["manager"]},"a":{"roles":[]}}}'
    expect(read(text)).toEqual(['admin', 'shop-api:manager'])
  })

  it('reads roles of a client whose id has colons', () => {
    expect(read('{"resource_access":{"urn:shop:api":{"roles":["manager"]}}}')).toEqual(['urn:shop:api:manager'])
  })

  it.each([
    '{"realm_access":{"roles":["shop-api:manager"]}}',
    '{"resource_access":{"shop":{"roles":["api:manager"]}}}',
    '{"resource_access":{"":{"roles":["manager"]}}}',
  ])('grants no role that could be mistaken for another: %s', (text) => {
    expect(read(text)).toEqual([])
  })

  it.each([
    '{"realm_access":{"roles":"superadmin"}}',
    '{"realm_access":{"roles":[1,null,["admin"],{"admin":1},""]}}',
    '{"realm_access":{"roles":{"0":"admin","length":1}}}',
    '{"realm_access":["admin"]}',
    '{"realm_access":"admin"}',
    '{"realm_access":null,"resource_access":null}',
    '{"resource_access":[{"roles":["admin"]}]}',
    '{"resource_access":"shop-api"}',
    '{"resource_access":{"shop-api":["manager"],"b":null,"c":7,"d":{"roles":"x"}}}',
    '{"realm_access":{"__proto__":{"roles":["admin"]}}}',
    '{"__proto__":{"realm_access":{"roles":["admin"]}}}',
  ])('grants nothing for %s', (text) => {
    expect(read(text)).toEqual([])
  })

  it('reads a client called __proto__ like any other', () => {
    expect(read('{"resource_access":{"__proto__":{"roles":["x"]}}}')).toEqual(['__proto__:x'])
  })
})

describe('readRoles of a claim', () => {
  it('reads the list that stands at the path, as it is', () => {
    const claims = parse('{"https://example.com/roles":["admin","a:b"],"x":{"y":["z"]}}')
    expect([...readRoles(claims, ['https://example.com/roles'])]).toEqual(['admin', 'a:b'])
    expect([...readRoles(claims, ['x', 'y'])]).toEqual(['z'])
  })

  it.each([
    [{ roles: 'admin' }, ['roles']],
    [{ roles: [['admin']] }, ['roles']],
    [{ a: [['admin']] }, ['a', '0']],
    [{}, ['constructor', 'name']],
    [{ a: 'text' }, ['a', 'length']],
    [{ a: null }, ['a', 'b', 'c']],
  ])('grants nothing for %j at %j', (claims, path) => {
    expect([...readRoles(claims, path)]).toEqual([])
  })
})

describe('readScopes and readRoles', () => {
  it('never throw, whatever the issuer signs', () => {
    const names = fc.constantFrom('scope', 'scp', 'realm_access', 'resource_access', 'roles', '__proto__', 'a')
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.integer(),
        fc.constant(null),
        fc.array(tie('tree')),
        fc.dictionary(names, tie('tree')),
      ),
    }))
    holds(
      fc.property(fc.dictionary(names, tree), (claims) => {
        for (const name of [
          ...readScopes(claims),
          ...readRoles(claims, 'keycloak'),
          ...readRoles(claims, ['a', 'roles']),
        ]) {
          expect(name).toBeTypeOf('string')
        }
      }),
    )
  })
})
