/** Claims in the shape that Keycloak 26 gives its tokens, so that a policy written against one holds for the other. */
import { randomUUID } from 'node:crypto'
import type { Realm, RealmClientScope, RealmUser } from './realm.ts'

export interface TokenFacts {
  readonly issuer: string
  readonly clientId: string
  readonly user: RealmUser
  /** Client scopes that apply. */
  readonly scopes: readonly RealmClientScope[]
  readonly scope: string
  /** Grant, in oidc-provider's words: `authorization_code`, `password refresh_token`, `client_credentials`. */
  readonly grantType: string
  /** Absent for client credentials: they have no session. */
  readonly sessionId?: string
  readonly authTime?: number
  readonly issuedAt: number
  readonly expiresAt: number
}

type Claims = Record<string, unknown>

/** Payload of an access token: `typ` Bearer, RFC 9068 header left to the caller. */
export function accessTokenClaims(realm: Realm, facts: TokenFacts): Claims {
  const { clientId, user, scopes } = facts
  const client = realm.client(clientId)
  const audience = audienceOf(realm, facts)
  const serviceAccount = user.serviceAccountClientId !== undefined
  return withoutUndefined({
    exp: facts.expiresAt,
    iat: facts.issuedAt,
    auth_time: facts.authTime,
    jti: `${jtiPrefix(facts.grantType)}:${randomUUID()}`,
    iss: facts.issuer,
    aud: audience.length > 1 ? audience : audience[0],
    sub: user.id,
    typ: 'Bearer',
    azp: clientId,
    sid: facts.sessionId,
    acr: has(scopes, 'acr') ? '1' : undefined,
    'allowed-origins': has(scopes, 'web-origins') && client?.webOrigins?.length ? client.webOrigins : undefined,
    ...roleClaims(realm, facts),
    scope: facts.scope,
    ...personClaims(user, scopes),
    ...(serviceAccount ? { clientHost: '127.0.0.1', clientAddress: '127.0.0.1', client_id: clientId } : {}),
  })
}

/** Claims about the person, as the scopes `profile` and `email` give them; also what userinfo answers. */
export function personClaims(user: RealmUser, scopes: readonly RealmClientScope[]): Claims {
  const names = [user.firstName, user.lastName].filter((name) => name !== undefined)
  const profile = {
    name: names.length > 0 ? names.join(' ') : undefined,
    preferred_username: user.username,
    given_name: user.firstName,
    family_name: user.lastName,
  }
  return withoutUndefined({
    ...(has(scopes, 'email') ? { email_verified: user.emailVerified ?? false, email: user.email } : {}),
    ...(has(scopes, 'profile') ? profile : {}),
  })
}

function roleClaims(realm: Realm, { user, scopes }: TokenFacts): Claims {
  if (!has(scopes, 'roles')) return {}
  const roles = realm.roles(user)
  const clients = Object.entries(roles.clients).map(([client, names]) => [client, { roles: names }])
  return {
    realm_access: roles.realm.length > 0 ? { roles: roles.realm } : undefined,
    resource_access: clients.length > 0 ? Object.fromEntries(clients) : undefined,
  }
}

/** Audience mappers of the scopes, and (audience resolve) the clients in which the user has a role. */
function audienceOf(realm: Realm, { clientId, user, scopes }: TokenFacts): string[] {
  const mapped = scopes
    .flatMap((scope) => scope.protocolMappers ?? [])
    .filter((mapper) => mapper.protocolMapper === 'oidc-audience-mapper')
    .flatMap(({ config }) => config?.['included.client.audience'] ?? config?.['included.custom.audience'] ?? [])
  const resolved = has(scopes, 'roles') ? Object.keys(realm.roles(user).clients) : []
  return [...new Set([...mapped, ...resolved.filter((name) => name !== clientId)])]
}

function has(scopes: readonly RealmClientScope[], name: string): boolean {
  return scopes.some((scope) => scope.name === name)
}

/** Session kind, token kind, grant: Keycloak writes them in front of the identifier. */
function jtiPrefix(grantType: string): string {
  if (grantType === 'client_credentials') return 'trrtcc'
  if (grantType.endsWith('refresh_token')) return 'onrtrt'
  return grantType === 'password' ? 'onrtro' : 'onrtac'
}

function withoutUndefined(claims: Claims): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}
