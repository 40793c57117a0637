import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readRealm, scopeClaim } from '../../../src/dev/realm.ts'

const file = JSON.parse(readFileSync(new URL('../../../keycloak-realm.json', import.meta.url), 'utf8'))
const realm = readRealm(file)
const names = (clientId: string, requested: string) =>
  realm.grantedScopes(clientId, requested.split(' '))?.map(({ name }) => name)

describe('readRealm', () => {
  it.each([null, 'shop', {}, { realm: 'shop', clients: [], users: [] }])('refuses %j', (input) => {
    expect(() => readRealm(input)).toThrow('not a Keycloak realm')
  })

  it('takes lifetimes from the file', () => {
    expect(realm).toMatchObject({ name: 'shop', accessTokenSeconds: 300, refreshTokenSeconds: 1800 })
  })

  it('leaves clients out that nobody can log in with', () => {
    expect(realm.client('shop-api')).toBeUndefined()
    expect(readRealm({ ...file, clients: [{ clientId: 'off', enabled: false }] }).client('off')).toBeUndefined()
  })
})

describe('authenticate', () => {
  it('finds the user by name and password; names ignore case', () => {
    expect(realm.authenticate('ALICE', 'alice-development-password')?.username).toBe('alice')
  })

  it.each([
    ['a wrong password', 'alice', 'bob-development-password'],
    ['an empty password', 'alice', ''],
    ['an unknown user', 'eve', 'alice-development-password'],
    ['a user without a password', 'service-account-shop-service', ''],
  ])('refuses %s', (_, username, password) => {
    expect(realm.authenticate(username, password)).toBeUndefined()
  })

  it('refuses a disabled user', () => {
    const users = file.users.map((user: object) => ({ ...user, enabled: false }))
    expect(readRealm({ ...file, users }).authenticate('alice', 'alice-development-password')).toBeUndefined()
  })
})

describe('grantedScopes', () => {
  it('gives default scopes always and optional ones on request', () => {
    expect(names('shop-cli', 'openid')).not.toContain('orders:read')
    expect(names('shop-cli', 'openid orders:read')).toEqual(expect.arrayContaining(['profile', 'orders:read']))
  })

  it.each([
    ['shop-cli', 'nope'],
    ['shop-service', 'profile'],
    ['nobody', 'orders:read'],
    ['shop-cli', 'constructor'],
  ])('gives %s nothing for %s', (clientId, scope) => {
    expect(names(clientId, scope)).toBeUndefined()
  })
})

describe('scopeClaim', () => {
  it('names openid only when it was asked for, and no scope that Keycloak keeps out of the claim', () => {
    const scopes = realm.grantedScopes('shop-cli', ['orders:read']) ?? []
    expect(scopeClaim(scopes, ['orders:read'])).toBe('profile email orders:read')
    expect(scopeClaim(scopes, ['openid', 'orders:read'])).toBe('openid profile email orders:read')
  })
})

describe('roles', () => {
  it('expands the default roles of the realm', () => {
    const bob = realm.authenticate('bob', 'bob-development-password')
    expect(bob && realm.roles(bob)).toEqual({
      realm: ['default-roles-shop', 'admin', 'support', 'offline_access', 'uma_authorization'],
      clients: { account: ['manage-account', 'manage-account-links', 'view-profile'], 'shop-api': ['manager'] },
    })
  })

  it('gives a service account none', () => {
    expect(realm.roles(realm.serviceAccount('shop-service'))).toEqual({ realm: [], clients: {} })
  })
})
