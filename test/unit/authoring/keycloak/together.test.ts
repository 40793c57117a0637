import { describe, expect, it } from 'vitest'
import { findDrift } from '../../../../src/authoring/keycloak/drift.ts'
import type { Realm } from '../../../../src/authoring/keycloak/realm.ts'
import { clientOf, shopNeeds, shopRealm } from './realm-fixture.ts'

const LINE = '{ methods: [POST], scopes: refunds:write }'

/** Only the service may have `refunds:write`. */
function realmOfRefunds(): Realm {
  const realm = shopRealm()
  for (const id of ['shop-spa', 'shop-docs', 'shop-cli']) {
    const client = clientOf(realm, id)
    client.optionalClientScopes = client.optionalClientScopes.filter((name) => name !== 'refunds:write')
  }
  return realm
}

const found = (line: string, realm: Realm) =>
  findDrift(shopNeeds([LINE, line]), realm).map(({ code, name, message }) => `${code} ${name}: ${message}`)

describe('keycloak check: what no client can have together', () => {
  it('names two scopes that no client has both of', () => {
    const line = '{ methods: [POST], scopes: { all: [refunds:write, profile] } }'
    expect(found(line, realmOfRefunds())).toEqual([
      'line-unobtainable POST /refunds: each of these can be had, but no client can have them together: scopes refunds:write and profile',
    ])
    expect(found(line, shopRealm())).toEqual([])
    expect(found(line.replace('all', 'any'), realmOfRefunds())).toEqual([])
  })

  it('names a scope and a role, where the clients with the scope have no roles in their tokens', () => {
    const line = '{ methods: [POST], scopes: refunds:write, roles: admin }'
    const realm = realmOfRefunds()
    expect(found(line, realm)).toEqual([])
    const client = clientOf(realm, 'shop-service')
    client.defaultClientScopes = client.defaultClientScopes.filter((name) => name !== 'roles')
    expect(found(line, realm)).toEqual([
      'line-unobtainable POST /refunds: each of these can be had, but no client can have them together: scope refunds:write; role admin',
    ])
    expect(found(line.replace('admin }', '{ any: [admin, support] } }'), realm)).toHaveLength(1)
    expect(found(LINE, realm)).toEqual([])
  })

  it('leaves alone what nobody can have anyway, for that is said already', () => {
    const line = '{ methods: [POST], scopes: { all: [refunds:write, refunds:approve] } }'
    expect(found(line, realmOfRefunds())).toEqual([expect.stringMatching(/^scope-missing refunds:approve/)])
  })
})
