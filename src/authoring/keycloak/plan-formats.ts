/** A plan in the three forms in which people change realms. */
import type { Assignment, Plan, PlannedScope } from './plan.ts'
import type { RealmClient } from './realm.ts'

export interface AdminRequest {
  readonly method: 'POST' | 'PUT'
  /** Behind `/admin/realms/<realm>`. An id that is not known stands in braces: `/clients/{shop-spa}/roles`. */
  readonly path: string
  readonly body: unknown
}

/** A client scope as the admin API and realm files have it. */
function toRepresentation({ name, description, inToken, mappers }: PlannedScope) {
  return {
    name,
    description,
    protocol: 'openid-connect',
    attributes: { 'include.in.token.scope': String(inToken), 'display.on.consent.screen': String(inToken) },
    ...(mappers.length > 0 && {
      protocolMappers: mappers.map((mapper) => ({ ...mapper, protocol: 'openid-connect', consentRequired: false })),
    }),
  }
}

/**
 * Requests to the admin API, in their order.
 * @param createId for what is made and then referred to
 */
export function toAdminRequests(plan: Plan, createId: () => string): AdminRequest[] {
  const { realm, clients, clientRoles } = plan
  const scopeIds = new Map(realm.clientScopes.map(({ name, id }) => [name, id ?? `{${name}}`]))
  for (const { name } of plan.scopes) scopeIds.set(name, createId())
  const clientIds = new Map(realm.clients.map(({ clientId, id }) => [clientId, id ?? `{${clientId}}`]))
  for (const clientId of clients) clientIds.set(clientId, createId())
  return [
    ...plan.scopes.map((scope): AdminRequest => {
      return {
        method: 'POST',
        path: '/client-scopes',
        body: { id: scopeIds.get(scope.name), ...toRepresentation(scope) },
      }
    }),
    ...plan.inToken.map((name): AdminRequest => {
      const scope = realm.clientScopes.find((one) => one.name === name)
      const attributes = { ...scope?.attributes, 'include.in.token.scope': 'true' }
      const body = { name, protocol: 'openid-connect', attributes }
      return { method: 'PUT', path: `/client-scopes/${scopeIds.get(name)}`, body }
    }),
    ...plan.realmRoles.map((name): AdminRequest => ({ method: 'POST', path: '/roles', body: { name } })),
    ...clients.map((clientId): AdminRequest => {
      return { method: 'POST', path: '/clients', body: { id: clientIds.get(clientId), ...bareClient(clientId) } }
    }),
    ...clientRoles.map(({ clientId, role }): AdminRequest => {
      return { method: 'POST', path: `/clients/${clientIds.get(clientId)}/roles`, body: { name: role } }
    }),
    ...plan.assignments.map(({ client, scope, as }): AdminRequest => {
      const path = `/clients/${clientIds.get(client.clientId)}/${as}-client-scopes/${scopeIds.get(scope)}`
      return { method: 'PUT', path, body: {} }
    }),
  ]
}

/** A client that only has roles: nobody logs in with it. */
function bareClient(clientId: string) {
  return { clientId, protocol: 'openid-connect', bearerOnly: true, standardFlowEnabled: false }
}

/** The members of a realm file that change, each element whole, to be put in place of those of the same name. */
export function toRealmFragment(plan: Plan) {
  const changed = plan.inToken.map((name) => {
    const scope = plan.realm.clientScopes.find((one) => one.name === name)
    return { name, attributes: { ...scope?.attributes, 'include.in.token.scope': 'true' } }
  })
  return {
    realm: plan.realm.realm,
    clientScopes: [...plan.scopes.map(toRepresentation), ...changed],
    roles: {
      realm: plan.realmRoles.map((name) => ({ name })),
      client: groupRoles(plan),
    },
    clients: [...plan.clients.map(bareClient), ...assignedClients(plan).map(toScopeLists(plan))],
  }
}

function groupRoles({ clientRoles }: Plan): Record<string, { name: string }[]> {
  const grouped: Record<string, { name: string }[]> = {}
  for (const { clientId, role } of clientRoles) grouped[clientId] = [...(grouped[clientId] ?? []), { name: role }]
  return grouped
}

function assignedClients({ assignments }: Plan): RealmClient[] {
  return [...new Set(assignments.map(({ client }) => client))]
}

function toScopeLists({ assignments }: Plan) {
  return (client: RealmClient) => ({
    clientId: client.clientId,
    defaultClientScopes: [...client.defaultClientScopes, ...added(assignments, client, 'default')],
    optionalClientScopes: [...client.optionalClientScopes, ...added(assignments, client, 'optional')],
  })
}

function added(assignments: readonly Assignment[], client: RealmClient, as: Assignment['as']): string[] {
  return assignments.filter((one) => one.client === client && one.as === as).map(({ scope }) => scope)
}

type Json = Record<string, unknown>

/** A realm file with the fragment in it; everything else stays as it is. */
export function mergeIntoRealm(file: Json, fragment: ReturnType<typeof toRealmFragment>): Json {
  const roles = (file.roles ?? {}) as { realm?: Json[]; client?: Record<string, Json[]> }
  const client = { ...roles.client }
  for (const [clientId, more] of Object.entries(fragment.roles.client)) {
    client[clientId] = mergeBy('name', client[clientId], more)
  }
  return {
    ...file,
    clientScopes: mergeBy('name', file.clientScopes as Json[] | undefined, fragment.clientScopes),
    roles: { ...roles, realm: mergeBy('name', roles.realm, fragment.roles.realm), client },
    clients: mergeBy('clientId', file.clients as Json[] | undefined, fragment.clients),
  }
}

function mergeBy(key: string, there: readonly Json[] = [], more: readonly Json[]): Json[] {
  const merged = there.map((one) => ({ ...one, ...more.find((other) => other[key] === one[key]) }))
  return [...merged, ...more.filter((other) => !there.some((one) => one[key] === other[key]))]
}
