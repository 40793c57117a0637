/** Allow lines whose scopes and roles a realm has, and that no client of it can have together. */
import type { Finding } from './finding.ts'
import type { LineNeed, Needs } from './needs.ts'
import { mappersOf, type Realm, type RealmClient, scopesOf, writesClaim } from './realm.ts'

const REALM_ROLES = 'realm_access.roles'
const CLIENT_ROLES = 'resource_access.${client_id}.roles'

/** What one client's tokens may hold at most; whether its users have a role is not asked. */
interface Holdings {
  readonly scopes: ReadonlySet<string>
  /** Claims with roles in them. */
  readonly roles: ReadonlySet<string>
}

/** @param clients those of the realm that get tokens */
export function findApart({ issuer, lines }: Needs, realm: Realm, clients: readonly RealmClient[]): Finding[] {
  const holdings = clients.map((client) => holdingsOf(client, realm))
  return lines.flatMap((line): Finding[] => {
    const wanted = line.ways.map(({ scopes, roles }) => ({
      scopes,
      roles: issuer.roles === 'keycloak' ? [...new Set(roles.map(roleClaimOf))] : [],
    }))
    const isHad = wanted.some((way) => holdings.some((held) => hasAll(held, way)))
    // What nobody has even alone is another finding.
    const isApart = wanted.some(({ scopes, roles }) => {
      return [...scopes, ...roles].every((one) => holdings.some((held) => held.scopes.has(one) || held.roles.has(one)))
    })
    if (isHad || !isApart) return []
    const message = `each of these can be had, but no client can have them together: ${line.who}`
    const mend = 'give one client all of these scopes, and the client scope that writes roles'
    return [{ code: 'line-unobtainable', severity: 'error', kind: 'allow line', name: line.request, message, mend }]
  })
}

/** The claim that Keycloak writes a role into. */
export function roleClaimOf(role: string): string {
  return role.includes(':') ? CLIENT_ROLES : REALM_ROLES
}

function holdingsOf(client: RealmClient, realm: Realm): Holdings {
  const mappers = mappersOf(realm, client)
  return {
    scopes: new Set(scopesOf(realm, client).map(({ name }) => name)),
    roles: new Set([REALM_ROLES, CLIENT_ROLES].filter((claim) => mappers.some((it) => writesClaim(it, claim)))),
  }
}

function hasAll(held: Holdings, { scopes, roles }: Pick<LineNeed['ways'][number], 'scopes' | 'roles'>): boolean {
  return scopes.every((scope) => held.scopes.has(scope)) && roles.every((claim) => held.roles.has(claim))
}
