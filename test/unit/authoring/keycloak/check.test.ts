import { describe, expect, it } from 'vitest'
import { findDrift } from '../../../../src/authoring/keycloak/drift.ts'
import { type Realm, readRealm, tokenClients } from '../../../../src/authoring/keycloak/realm.ts'
import { clientOf, codesOf, shopNeeds, shopRealm } from './realm-fixture.ts'

const EXPECTED_OF_SHOP = ['direct-grant shop-cli']
type Break = (realm: Realm) => void

const without = (realm: Realm, scope: string) => {
  for (const client of realm.clients) {
    client.defaultClientScopes = client.defaultClientScopes.filter((name) => name !== scope)
    client.optionalClientScopes = client.optionalClientScopes.filter((name) => name !== scope)
  }
}
const scopeOf = (realm: Realm, wanted: string) => {
  const scope = realm.clientScopes.find(({ name }) => name === wanted)
  if (scope === undefined) throw new Error(wanted)
  return scope
}

const BREAKS: readonly (readonly [string, Break])[] = [
  [
    'scope-missing refunds:write',
    (realm) => {
      scopeOf(realm, 'refunds:write').name = 'refunds:all'
    },
  ],
  [
    'scope-not-in-token orders:read',
    (realm) => {
      scopeOf(realm, 'orders:read').attributes['include.in.token.scope'] = 'false'
    },
  ],
  ['scope-unassigned orders:write', (realm) => without(realm, 'orders:write')],
  [
    'audience-unassigned shop-api',
    (realm) => {
      without(realm, 'shop-api-audience')
      without(realm, 'roles')
    },
  ],
  [
    'audience-missing shop-api',
    (realm) => {
      scopeOf(realm, 'shop-api-audience').protocolMappers = []
      scopeOf(realm, 'roles').protocolMappers = []
    },
  ],
  [
    'client-without-audience shop-spa',
    (realm) => {
      const client = clientOf(realm, 'shop-spa')
      client.defaultClientScopes = ['basic']
    },
  ],
  [
    'role-missing support',
    (realm) => {
      realm.roles.realm = realm.roles.realm.filter(({ name }) => name !== 'support')
    },
  ],
  [
    'role-missing shop-api:manager',
    (realm) => {
      realm.roles.client = {}
    },
  ],
  ['roles-not-in-token realm_access.roles', (realm) => without(realm, 'roles')],
  ['roles-not-in-token resource_access.${client_id}.roles', (realm) => without(realm, 'roles')],
  ['claim-missing sub', (realm) => without(realm, 'basic')],
  ['claim-missing acr', (realm) => without(realm, 'acr')],
  [
    'algorithm-refused shop-spa',
    (realm) => {
      clientOf(realm, 'shop-spa').attributes['access.token.signed.response.alg'] = 'ES256'
    },
  ],
  [
    'algorithm-refused shop-service',
    (realm) => {
      realm.defaultSignatureAlgorithm = 'PS256'
    },
  ],
  [
    'lifespan-refused shop-cli',
    (realm) => {
      realm.accessTokenLifespan = 90_000
    },
  ],
  [
    'lifespan-long shop-cli',
    (realm) => {
      realm.accessTokenLifespan = 901
    },
  ],
  [
    'lifespan-long shop-spa',
    (realm) => {
      clientOf(realm, 'shop-spa').attributes['access.token.lifespan'] = '3600'
    },
  ],
  ['pkce-off shop-spa', (realm) => void delete clientOf(realm, 'shop-spa').attributes['pkce.code.challenge.method']],
  ['redirect-wildcard shop-spa', (realm) => void clientOf(realm, 'shop-spa').redirectUris.push('https://*')],
  ['origin-wildcard shop-spa', (realm) => void clientOf(realm, 'shop-spa').webOrigins.push('*')],
  [
    'implicit-flow shop-spa',
    (realm) => {
      clientOf(realm, 'shop-spa').implicitFlowEnabled = true
    },
  ],
  [
    'direct-grant shop-spa',
    (realm) => {
      clientOf(realm, 'shop-spa').directAccessGrantsEnabled = true
    },
  ],
  [
    'brute-force-off shop',
    (realm) => {
      realm.bruteForceProtected = false
    },
  ],
  [
    'refresh-not-rotated shop',
    (realm) => {
      realm.revokeRefreshToken = false
    },
  ],
  [
    'refresh-not-rotated shop',
    (realm) => {
      realm.refreshTokenMaxReuse = 1
    },
  ],
  [
    'tls-not-required shop',
    (realm) => {
      realm.sslRequired = 'none'
    },
  ],
  [
    'password-hash-weak shop',
    (realm) => {
      realm.passwordPolicy = 'hashAlgorithm(pbkdf2) and length(8)'
    },
  ],
  [
    'password-hash-weak shop',
    (realm) => {
      realm.passwordPolicy = 'hashAlgorithm(pbkdf2-sha512) and hashIterations(27500)'
    },
  ],
  [
    'key-old RS256 of shop',
    (realm) => {
      realm.signingKeys = [{ algorithm: 'RS256', createdAt: '2025-11-01T00:00:00Z' }]
    },
  ],
  [
    'key-short RS256 of shop',
    (realm) => {
      realm.signingKeys = [{ algorithm: 'RS256', bits: 1024 }]
    },
  ],
]

describe('what is wrong between a file and a realm', () => {
  it('is nothing for the realm of the repository, but for the client that logs people in by password', () => {
    expect(codesOf(shopNeeds(), shopRealm())).toEqual(EXPECTED_OF_SHOP)
  })

  it.each(BREAKS)('%s', (expected, breakIt) => {
    const realm = shopRealm()
    breakIt(realm)
    expect(codesOf(shopNeeds(), realm)).toContain(expected)
  })

  it('says which requests nobody can make', () => {
    const realm = shopRealm()
    realm.clientScopes = realm.clientScopes.filter(({ name }) => name !== 'refunds:write')
    expect(findDrift(shopNeeds(), realm)).toMatchObject([
      { severity: 'error', message: expect.stringContaining('nobody can ever call POST /refunds') },
    ])
  })

  it('refuses tokens that are not marked as RFC 9068 where the file takes no others', () => {
    const needs = shopNeeds(['roles: keycloak', 'roles: keycloak\n    tokenTypes: [at+jwt]'])
    const realm = shopRealm()
    expect(codesOf(needs, realm)).toContain('token-type-refused shop-spa')
    clientOf(realm, 'shop-spa').attributes['access.token.header.type.rfc9068'] = 'true'
    expect(codesOf(needs, realm)).not.toContain('token-type-refused shop-spa')
  })

  it('is content with one of several audiences', () => {
    const needs = shopNeeds(['audience: shop-api', 'audience: [shop-api, old-api]'])
    expect(findDrift(needs, shopRealm())).toMatchObject([
      { code: 'audience-missing', severity: 'warning', name: 'old-api' },
    ])
  })
})

describe('a realm file', () => {
  it('gives no tokens by the clients of Keycloak itself, disabled ones and those that only have roles', () => {
    const realm = shopRealm()
    clientOf(realm, 'shop-cli').enabled = false
    expect(tokenClients(realm).map(({ clientId }) => clientId)).toEqual(['shop-spa', 'shop-docs', 'shop-service'])
  })

  it.each([[null], [[]], [{}], [{ realm: 'x', clients: 5 }]])('is not %j', (json) => {
    expect(() => readRealm(json)).toThrow(/^not a Keycloak realm: /)
  })
})
