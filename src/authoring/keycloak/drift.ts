/** Where file and realm disagree: tokens that the gateway needs, and that this realm cannot make. */
import type { Finding } from './finding.ts'
import type { Need, Needs } from './needs.ts'
import {
  addresses,
  audiencesOf,
  mappersOf,
  type Realm,
  type RealmClient,
  scopesOf,
  tokenClients,
  writesClaim,
} from './realm.ts'
import { findApart, roleClaimOf } from './together.ts'

/** Written by Keycloak itself, without any mapper. */
const ALWAYS_THERE = new Set(['iss', 'exp', 'iat', 'jti', 'typ', 'azp', 'aud', 'sid', 'scope', 'auth_time', 'cnf'])

export function findDrift(needs: Needs, realm: Realm): Finding[] {
  const clients = tokenClients(realm)
  return [
    ...needs.scopes.flatMap((need) => checkScope(need, realm, clients)),
    ...needs.issuer.audience.flatMap((audience) => checkAudience(audience, needs, realm, clients)),
    ...needs.roles.flatMap((need) => checkRole(need, realm)),
    ...checkRolesInTokens(needs, realm, clients),
    ...needs.claims.flatMap((need) => checkClaim(need, realm, clients)),
    ...findApart(needs, realm, clients),
    ...clients.flatMap((client) => checkTokens(needs, realm, client)),
  ]
}

function checkScope(need: Need, realm: Realm, clients: readonly RealmClient[]): Finding[] {
  const found = realm.clientScopes.find(({ name }) => name === need.name)
  const error = (code: Finding['code'], problem: string, mend: string): Finding[] => {
    const message = `${problem}; nobody can ever call ${listUses(need)} with it`
    return [{ code, severity: 'error', kind: 'client scope', name: need.name, message, mend }]
  }
  if (found === undefined) {
    return error('scope-missing', 'the realm has no such client scope', 'make it, and give it to clients')
  }
  if (found.attributes['include.in.token.scope'] === 'false') {
    return error('scope-not-in-token', 'it does not stand in tokens', 'switch on "Include in token scope"')
  }
  if (!clients.some((client) => scopesOf(realm, client).includes(found))) {
    return error('scope-unassigned', 'no client has it', 'add it to a client, as optional or default')
  }
  return []
}

/** Audiences are alternatives: one of them has to be there. */
function checkAudience(audience: string, needs: Needs, realm: Realm, clients: readonly RealmClient[]): Finding[] {
  const isAlternative = needs.issuer.audience.length > 1
  if (!clients.some((client) => audiencesOf(realm, client).has(audience))) {
    const isMade = realm.clientScopes.some(({ protocolMappers }) =>
      protocolMappers.some((it) => addresses(it, audience)),
    )
    const mend = isMade ? 'add its client scope to clients, as default' : 'make a client scope with an audience mapper'
    const code = isMade ? 'audience-unassigned' : 'audience-missing'
    const message = `no token of this realm is addressed to it${isAlternative ? '' : ': every one is refused'}`
    return [{ code, severity: isAlternative ? 'warning' : 'error', kind: 'audience', name: audience, message, mend }]
  }
  return isAlternative ? [] : clients.flatMap((client) => checkAddressed(client, audience, needs, realm))
}

/** A client that may ask for the file's scopes means to call it. */
function checkAddressed(client: RealmClient, audience: string, needs: Needs, realm: Realm): Finding[] {
  const scope = scopesOf(realm, client).find(({ name }) => needs.scopes.some((need) => need.name === name))
  if (scope === undefined || audiencesOf(realm, client).has(audience)) return []
  return [
    {
      code: 'client-without-audience',
      severity: 'error',
      kind: 'client',
      name: client.clientId,
      message: `it may ask for ${scope.name}, but its tokens are not addressed to ${audience}: they are refused`,
      mend: 'add the client scope with the audience mapper, as default',
    },
  ]
}

function checkRole(need: Need, realm: Realm): Finding[] {
  const [first, role] = splitRole(need.name)
  const roles = role === undefined ? realm.roles.realm : (realm.roles.client[first] ?? [])
  if (roles.some(({ name }) => name === (role ?? first))) return []
  const kind = role === undefined ? 'realm role' : 'client role'
  const message = `the realm has no such ${kind}; nobody can ever call ${listUses(need)} with it`
  const mend = 'make it, and give it to users or groups'
  return [{ code: 'role-missing', severity: 'error', kind: 'role', name: need.name, message, mend }]
}

/** `shop-api:manager` is a role of the client shop-api. */
export function splitRole(name: string): [string, string?] {
  const colon = name.indexOf(':')
  return colon === -1 ? [name] : [name.slice(0, colon), name.slice(colon + 1)]
}

function checkRolesInTokens({ issuer, roles }: Needs, realm: Realm, clients: readonly RealmClient[]): Finding[] {
  if (issuer.roles !== 'keycloak') return []
  const wanted = new Set(roles.map(({ name }) => roleClaimOf(name)))
  const isWritten = (claim: string) =>
    clients.some((client) => mappersOf(realm, client).some((it) => writesClaim(it, claim)))
  return [...wanted]
    .filter((claim) => !isWritten(claim))
    .map((name) => ({
      code: 'roles-not-in-token',
      severity: 'error',
      kind: 'claim',
      name,
      message: 'no client has a mapper that writes roles into access tokens',
      mend: 'add the built-in client scope "roles" to clients, as default',
    }))
}

function checkClaim(need: Need, realm: Realm, clients: readonly RealmClient[]): Finding[] {
  const { name } = need
  if (ALWAYS_THERE.has(name) || name === 'client_id' || /^(realm|resource)_access(\.|$)/.test(name)) return []
  if (clients.some((client) => mappersOf(realm, client).some((it) => writesClaim(it, name)))) return []
  const message = `no mapper of any client writes it; asked for by ${listUses(need)}`
  const mend = 'add a mapper for it to a client scope that the clients have'
  return [{ code: 'claim-missing', severity: 'warning', kind: 'claim', name, message, mend }]
}

/** Tokens that the gateway refuses, whatever they hold. */
function checkTokens({ issuer }: Needs, realm: Realm, client: RealmClient): Finding[] {
  const findings: Finding[] = []
  const refuse = (code: Finding['code'], problem: string, mend: string) => {
    const message = `${problem}: the gateway refuses its tokens`
    findings.push({ code, severity: 'error', kind: 'client', name: client.clientId, message, mend })
  }
  const algorithm = client.attributes['access.token.signed.response.alg'] || realm.defaultSignatureAlgorithm
  if (!issuer.algorithms.some((accepted) => accepted === algorithm)) {
    const mend = `sign with ${issuer.algorithms.join(' or ')}, or add it to issuers.${issuer.name}.algorithms`
    refuse('algorithm-refused', `it signs with ${algorithm}`, mend)
  }
  const seconds = lifespanOf(realm, client)
  if (seconds * 1000 > issuer.maxTokenAgeMs) {
    refuse('lifespan-refused', `its tokens live for ${seconds} s`, 'shorten the access token lifespan')
  }
  const isRfc9068 = client.attributes['access.token.header.type.rfc9068'] === 'true'
  if (!isRfc9068 && issuer.tokenTypes.every((type) => type === 'at+jwt')) {
    const mend = `switch on the header type at+jwt, or add keycloak to issuers.${issuer.name}.tokenTypes`
    refuse('token-type-refused', 'its tokens have no header type at+jwt', mend)
  }
  return findings
}

/** Seconds. */
export function lifespanOf(realm: Realm, { attributes }: RealmClient): number {
  return Number(attributes['access.token.lifespan'] || realm.accessTokenLifespan)
}

/** All of them, up to three by name. */
function listUses({ for: uses }: Need): string {
  const more = uses.length > 3 ? ` and ${uses.length - 3} more` : ''
  return uses.slice(0, 3).join('; ') + more
}
