/**
 * What a realm lacks for a route-scope file, as things to make. It only adds: nothing that is there is changed but for
 * "Include in token scope" of a scope that the file needs, and nothing is taken from anybody.
 */
import { findDrift, splitRole } from './drift.ts'
import type { Finding } from './finding.ts'
import type { Need, Needs } from './needs.ts'
import {
  addresses,
  mappersOf,
  type ProtocolMapper,
  type Realm,
  type RealmClient,
  scopesOf,
  tokenClients,
  writesClaim,
} from './realm.ts'

export interface PlannedScope {
  readonly name: string
  readonly description: string
  /** Whether its name stands in the `scope` of tokens. */
  readonly inToken: boolean
  readonly mappers: readonly ProtocolMapper[]
}

export interface Assignment {
  readonly client: RealmClient
  readonly scope: string
  /** `optional`: a client gets it when it asks for it. */
  readonly as: 'default' | 'optional'
}

export interface Plan {
  readonly realm: Realm
  readonly scopes: readonly PlannedScope[]
  /** Scopes that are there and do not stand in tokens. */
  readonly inToken: readonly string[]
  readonly realmRoles: readonly string[]
  readonly clientRoles: readonly { readonly clientId: string; readonly role: string }[]
  /** Clients whose roles are wanted, and that are not there. */
  readonly clients: readonly string[]
  readonly assignments: readonly Assignment[]
}

/**
 * @param clientIds who gets what is missing; none: those that have some scope of the file, or its audience, already
 * Throws an Error with a text for people when a client is unknown, or nobody is there to get anything.
 */
export function makePlan(needs: Needs, realm: Realm, clientIds: readonly string[]): Plan {
  const lacking = lackOf(findDrift(needs, realm))
  const targets = chooseClients(needs, realm, clientIds)
  const roles = [...lacking('role-missing')].map(splitRole)
  const clientRoles = roles.flatMap(([clientId, role]) => (role === undefined ? [] : [{ clientId, role }]))
  const draft = new Draft(realm)
  const missing = lacking('scope-missing')
  for (const need of needs.scopes) {
    if (missing.has(need.name)) draft.add(businessScope(need))
    for (const client of targets) draft.assign(client, need.name, 'optional')
  }
  const [audience] = needs.issuer.audience
  if (audience !== undefined) draft.addMapper(targets, audienceScope(audience, realm), (it) => addresses(it, audience))
  for (const claim of [...lacking('roles-not-in-token'), ...lacking('claim-missing')]) {
    draft.addMapper(targets, claimScope(claim), (it) => writesClaim(it, claim))
  }
  return {
    realm,
    scopes: draft.scopes,
    inToken: [...lacking('scope-not-in-token')],
    realmRoles: roles.flatMap(([name, role]) => (role === undefined ? [name] : [])),
    clientRoles,
    clients: [...new Set(clientRoles.map(({ clientId }) => clientId))].filter(
      (clientId) => !realm.clients.some((client) => client.clientId === clientId),
    ),
    assignments: draft.assignments,
  }
}

export function isEmpty({ scopes, inToken, realmRoles, clientRoles, assignments }: Plan): boolean {
  return [scopes, inToken, realmRoles, clientRoles, assignments].every(({ length }) => length === 0)
}

function chooseClients(needs: Needs, realm: Realm, clientIds: readonly string[]): RealmClient[] {
  const able = tokenClients(realm)
  const unknown = clientIds.filter((id) => !able.some(({ clientId }) => clientId === id))
  const known = able.map(({ clientId }) => clientId).join(', ') || 'none'
  if (unknown.length > 0) throw new Error(`no client ${unknown.join(', ')} that can get tokens; there are: ${known}`)
  const chosen =
    clientIds.length > 0
      ? able.filter(({ clientId }) => clientIds.includes(clientId))
      : able.filter((client) => concerns(client, needs, realm))
  if (chosen.length > 0) return chosen
  throw new Error(`no client of the realm has to do with this file yet: say which with --client; there are: ${known}`)
}

function concerns(client: RealmClient, { scopes, issuer }: Needs, realm: Realm): boolean {
  const isAddressed = mappersOf(realm, client).some((it) => issuer.audience.some((audience) => addresses(it, audience)))
  return isAddressed || scopesOf(realm, client).some(({ name }) => scopes.some((need) => need.name === name))
}

/** The names that findings of a code are about. */
function lackOf(drift: readonly Finding[]) {
  return (code: Finding['code']) => new Set(drift.filter((finding) => finding.code === code).map(({ name }) => name))
}

/** What is to be made, each thing once. */
class Draft {
  readonly scopes: PlannedScope[] = []
  readonly assignments: Assignment[] = []
  readonly #realm: Realm

  constructor(realm: Realm) {
    this.#realm = realm
  }

  add(scope: PlannedScope): void {
    if (!this.scopes.some(({ name }) => name === scope.name)) this.scopes.push(scope)
  }

  assign(client: RealmClient, scope: string, as: Assignment['as']): void {
    const has = [...client.defaultClientScopes, ...client.optionalClientScopes].includes(scope)
    if (!has) this.assignments.push({ client, scope, as })
  }

  /** A scope that is there and has such a mapper will do; else `scope` is made. Clients with such a mapper need neither. */
  addMapper(clients: readonly RealmClient[], scope: PlannedScope, isIt: (mapper: ProtocolMapper) => boolean): void {
    const without = clients.filter((client) => !mappersOf(this.#realm, client).some(isIt))
    if (without.length === 0) return
    const there = this.#realm.clientScopes.find(({ protocolMappers }) => protocolMappers.some(isIt))
    if (there === undefined) this.add(scope)
    for (const client of without) this.assign(client, there?.name ?? scope.name, 'default')
  }
}

function businessScope({ name, for: uses }: Need): PlannedScope {
  return { name, description: `Asked for by ${uses[0]}`, inToken: true, mappers: [] }
}

function audienceScope(audience: string, { clients }: Realm): PlannedScope {
  const kind = clients.some(({ clientId }) => clientId === audience) ? 'client' : 'custom'
  return {
    name: `${audience}-audience`,
    description: `Addresses access tokens to ${audience}`,
    inToken: false,
    mappers: [
      {
        name: audience,
        protocolMapper: 'oidc-audience-mapper',
        config: { [`included.${kind}.audience`]: audience, ...IN_ACCESS_TOKEN, 'lightweight.claim': 'true' },
      },
    ],
  }
}

const IN_ACCESS_TOKEN = { 'access.token.claim': 'true', 'id.token.claim': 'false', 'introspection.token.claim': 'true' }

/** What Keycloak's built-in client scopes have, where they are gone; else a mapper of the user attribute of that name. */
function claimScope(claim: string): PlannedScope {
  const name = `${claim.replace(/[^\w-]+/g, '-')}-claim`
  const mapper = BUILT_IN[claim] ?? {
    protocolMapper: 'oidc-usermodel-attribute-mapper',
    config: { 'user.attribute': claim, 'claim.name': claim, 'jsonType.label': 'String' },
  }
  const config = { ...mapper.config, ...IN_ACCESS_TOKEN }
  return { name, description: `The claim ${claim}`, inToken: false, mappers: [{ name: claim, ...mapper, config }] }
}

const ROLES = { multivalued: 'true', 'jsonType.label': 'String' }
const BUILT_IN: Readonly<Record<string, Omit<ProtocolMapper, 'name'>>> = {
  sub: { protocolMapper: 'oidc-sub-mapper', config: {} },
  acr: { protocolMapper: 'oidc-acr-mapper', config: {} },
  'realm_access.roles': {
    protocolMapper: 'oidc-usermodel-realm-role-mapper',
    config: { ...ROLES, 'claim.name': 'realm_access.roles' },
  },
  'resource_access.${client_id}.roles': {
    protocolMapper: 'oidc-usermodel-client-role-mapper',
    config: { ...ROLES, 'claim.name': 'resource_access.${client_id}.roles' },
  },
}
