/** Scopes and roles of a verified token. A claim of the wrong type grants nothing, and never throws. */
import type { ClaimPath } from '../config/claim-path.ts'
import type { Claims } from './access-token.ts'
import { ownMember } from './strict-json.ts'

/**
 * Union of `scope`, a string that spaces delimit (RFC 6749 section 3.3, RFC 8693 section 4.2), and `scp`, such a string
 * or a list. An element of a list that contains a space is no scope.
 */
export function readScopes(claims: Claims): ReadonlySet<string> {
  const scopes = new Set<string>()
  const [scope, scp] = [ownMember(claims, 'scope'), ownMember(claims, 'scp')]
  for (const name of splitScopes(scope)) scopes.add(name)
  for (const name of Array.isArray(scp) ? scp : splitScopes(scp)) {
    if (typeof name === 'string' && name !== '' && !name.includes(' ')) scopes.add(name)
  }
  return scopes
}

/**
 * Role names. `keycloak`: `realm_access.roles` as they are and `resource_access.<client>.roles` as `client:role`; a role
 * whose own name contains `:` could be mistaken for another client's and is not granted. Otherwise the strings of the
 * list that stands at the given claim, as they are.
 */
export function readRoles(claims: Claims, where: 'keycloak' | ClaimPath): ReadonlySet<string> {
  if (where === 'keycloak') return readKeycloakRoles(claims)
  return new Set(strings(where.reduce(ownMember, claims as unknown)))
}

function readKeycloakRoles(claims: Claims): ReadonlySet<string> {
  const roles = new Set(unambiguous(ownMember(claims, 'realm_access')))
  const clients = ownMember(claims, 'resource_access')
  if (typeof clients !== 'object' || clients === null || Array.isArray(clients)) return roles
  for (const client of Object.keys(clients)) {
    if (client === '') continue
    for (const role of unambiguous(ownMember(clients, client))) roles.add(`${client}:${role}`)
  }
  return roles
}

function unambiguous(access: unknown): string[] {
  return strings(ownMember(access, 'roles')).filter((role) => !role.includes(':'))
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string' && item !== '') : []
}

function splitScopes(value: unknown): string[] {
  return typeof value === 'string' ? value.split(' ').filter((name) => name !== '') : []
}
