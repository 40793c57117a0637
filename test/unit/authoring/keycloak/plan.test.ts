import { describe, expect, it } from 'vitest'
import { findDrift } from '../../../../src/authoring/keycloak/drift.ts'
import { isEmpty, makePlan } from '../../../../src/authoring/keycloak/plan.ts'
import { mergeIntoRealm, toAdminRequests, toRealmFragment } from '../../../../src/authoring/keycloak/plan-formats.ts'
import { readRealm } from '../../../../src/authoring/keycloak/realm.ts'
import { toTerraform } from '../../../../src/authoring/keycloak/terraform.ts'
import { shopNeeds, shopRealm } from './realm-fixture.ts'

/** A realm in which somebody can log in, and nothing else. */
const BARE = {
  realm: 'bare',
  clients: [{ clientId: 'web', publicClient: true, defaultClientScopes: ['kept'], webOrigins: ['https://a.example'] }],
  clientScopes: [{ name: 'kept' }],
  custom: 'stays',
}

describe('a plan', () => {
  it('is empty where nothing is missing', () => {
    expect(isEmpty(makePlan(shopNeeds(), shopRealm(), ['shop-spa']))).toBe(true)
    expect(isEmpty(makePlan(shopNeeds(), shopRealm(), ['shop-service']))).toBe(false) // it has no scope `profile`
  })

  it('merged into the realm leaves nothing to find, and everything else as it was', () => {
    const plan = makePlan(shopNeeds(), readRealm(BARE), ['web'])
    const merged = mergeIntoRealm(BARE, toRealmFragment(plan))
    expect(findDrift(shopNeeds(), readRealm(merged))).toEqual([])
    expect(merged).toMatchObject({
      custom: 'stays',
      clientScopes: expect.arrayContaining([{ name: 'kept' }]),
      clients: expect.arrayContaining([
        expect.objectContaining({ clientId: 'web', webOrigins: ['https://a.example'] }),
      ]),
    })
  })

  it('gives scopes only to those who ask, and the audience to all tokens', () => {
    const { assignments } = makePlan(shopNeeds(), readRealm(BARE), ['web'])
    expect(assignments.map(({ scope, as }) => [scope, as])).toEqual(
      expect.arrayContaining([
        ['orders:write', 'optional'],
        ['shop-api-audience', 'default'],
      ]),
    )
  })

  it('switches on what keeps a scope out of tokens, and keeps its other attributes', () => {
    const realm = shopRealm()
    const scope = realm.clientScopes.find(({ name }) => name === 'orders:read')
    Object.assign(scope?.attributes ?? {}, { 'include.in.token.scope': 'false', other: 'kept' })
    const [request] = toAdminRequests(makePlan(shopNeeds(), realm, ['shop-cli']), () => 'id').filter(
      ({ method, path }) => method === 'PUT' && path.startsWith('/client-scopes/'),
    )
    expect(request?.body).toMatchObject({ attributes: { 'include.in.token.scope': 'true', other: 'kept' } })
  })

  it.each([
    [['nobody'], 'no client nobody that can get tokens; there are: web'],
    [[], 'say which with --client; there are: web'],
  ])('asks for whom, when given %j', (clients, text) => {
    expect(() => makePlan(shopNeeds(), readRealm(BARE), clients)).toThrow(text)
  })

  it('for Terraform names what is new by reference, and what is there by name', () => {
    const text = toTerraform(makePlan(shopNeeds(), readRealm(BARE), ['web']))
    expect(text).toContain('resource "keycloak_openid_client_scope" "orders_read" {')
    expect(text).toMatch(/default_scopes = \[\n {4}"kept",\n {4}keycloak_openid_client_scope\.shop-api-audience\.name,/)
    expect(text).toContain('"claim.name" = "resource_access.$${client_id}.roles"')
    expect(text.match(/[{[]/g)?.length).toBe(text.match(/[}\]]/g)?.length)
  })
})
