/** A plan for the Terraform provider `keycloak/keycloak`, version 5. */
import type { Plan, PlannedScope } from './plan.ts'
import type { ProtocolMapper, RealmClient } from './realm.ts'

/** Lists of scopes of a client are whole: the provider takes away what is not in them. */
export function toTerraform(plan: Plan): string {
  const { realm } = plan
  const existing = [...new Set([...plan.assignments.map(({ client }) => client.clientId), ...roleClients(plan)])]
  return [
    block('data', 'keycloak_realm', 'realm', [['realm', quote(realm.realm)]]),
    ...existing.map((clientId) =>
      block('data', 'keycloak_openid_client', label(clientId), [REALM, ['client_id', quote(clientId)]]),
    ),
    ...plan.scopes.flatMap(scopeBlocks),
    ...plan.inToken.map((name) => `# Switch on include_in_token_scope of the client scope ${quote(name)}.\n`),
    ...plan.realmRoles.map((name) => block('resource', 'keycloak_role', label(name), [REALM, ['name', quote(name)]])),
    ...plan.clients.map((clientId) =>
      block('resource', 'keycloak_openid_client', label(clientId), [
        REALM,
        ['client_id', quote(clientId)],
        ['access_type', quote('BEARER-ONLY')],
      ]),
    ),
    ...plan.clientRoles.map(({ clientId, role }) =>
      block('resource', 'keycloak_role', label(`${clientId}_${role}`), [
        REALM,
        ['client_id', `${plan.clients.includes(clientId) ? '' : 'data.'}keycloak_openid_client.${label(clientId)}.id`],
        ['name', quote(role)],
      ]),
    ),
    ...(['default', 'optional'] as const).flatMap((as) => assignmentBlocks(plan, as)),
  ].join('\n')
}

const REALM = ['realm_id', 'data.keycloak_realm.realm.id'] as const

/** Clients that get a role, and that are there already. */
function roleClients({ clientRoles, clients }: Plan): string[] {
  return clientRoles.map(({ clientId }) => clientId).filter((clientId) => !clients.includes(clientId))
}

function scopeBlocks({ name, description, inToken, mappers }: PlannedScope): string[] {
  return [
    block('resource', 'keycloak_openid_client_scope', label(name), [
      REALM,
      ['name', quote(name)],
      ['description', quote(description)],
      ['include_in_token_scope', String(inToken)],
    ]),
    ...mappers.map((mapper) =>
      block('resource', 'keycloak_generic_protocol_mapper', label(name), [
        REALM,
        ['client_scope_id', `keycloak_openid_client_scope.${label(name)}.id`],
        ['name', quote(mapper.name)],
        ['protocol', quote('openid-connect')],
        ['protocol_mapper', quote(mapper.protocolMapper)],
        ['config', configOf(mapper)],
      ]),
    ),
  ]
}

function configOf({ config }: ProtocolMapper): string {
  const lines = Object.entries(config).map(([key, value]) => `    ${quote(key)} = ${quote(value)}`)
  return `{\n${lines.join('\n')}\n  }`
}

function assignmentBlocks({ assignments, scopes }: Plan, as: 'default' | 'optional'): string[] {
  const mine = assignments.filter((one) => one.as === as)
  return [...new Set(mine.map(({ client }) => client))].map((client) => {
    const added = mine.filter((one) => one.client === client).map(({ scope }) => scope)
    const names = [...currentScopes(client, as), ...added].map((name) =>
      scopes.some((scope) => scope.name === name) ? `keycloak_openid_client_scope.${label(name)}.name` : quote(name),
    )
    return block('resource', `keycloak_openid_client_${as}_scopes`, label(client.clientId), [
      REALM,
      ['client_id', `data.keycloak_openid_client.${label(client.clientId)}.id`],
      [`${as}_scopes`, `[\n${names.map((name) => `    ${name},`).join('\n')}\n  ]`],
    ])
  })
}

function currentScopes(client: RealmClient, as: 'default' | 'optional'): readonly string[] {
  return as === 'default' ? client.defaultClientScopes : client.optionalClientScopes
}

function block(kind: 'data' | 'resource', type: string, name: string, members: readonly (readonly [string, string])[]) {
  const lines = members.map(([key, value]) => `  ${key} = ${value}`)
  return `${kind} "${type}" "${name}" {\n${lines.join('\n')}\n}\n`
}

/** A name of Terraform's: letters, digits, `_` and `-`, and no digit first. */
function label(text: string): string {
  return text.replace(/[^\w-]+/g, '_').replace(/^(?=\d)/, '_')
}

/** A string of HCL; `${` and `%{` would begin a template. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/[$%](?=\{)/g, '$&$&')
}
