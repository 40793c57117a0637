/**
 * What the development issuer takes from a Keycloak realm file: clients, users, client scopes and roles, by name.
 * Only the fields that shape a token are read. Group roles, role scope mappings and custom mappers are not.
 */
import { createHash, timingSafeEqual } from 'node:crypto'

interface ProtocolMapper {
  readonly protocolMapper: string
  readonly config?: Readonly<Record<string, string>>
}

export interface RealmClientScope {
  readonly name: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly protocolMappers?: readonly ProtocolMapper[]
}

export interface RealmClient {
  readonly clientId: string
  readonly enabled?: boolean
  readonly bearerOnly?: boolean
  readonly publicClient?: boolean
  readonly secret?: string
  readonly standardFlowEnabled?: boolean
  readonly directAccessGrantsEnabled?: boolean
  readonly serviceAccountsEnabled?: boolean
  readonly rootUrl?: string
  readonly redirectUris?: readonly string[]
  readonly webOrigins?: readonly string[]
  readonly attributes?: Readonly<Record<string, string>>
  readonly defaultClientScopes?: readonly string[]
  readonly optionalClientScopes?: readonly string[]
}

export interface RealmUser {
  readonly id: string
  readonly username: string
  readonly enabled?: boolean
  readonly email?: string
  readonly emailVerified?: boolean
  readonly firstName?: string
  readonly lastName?: string
  readonly credentials?: readonly { readonly type: string; readonly value?: string }[]
  readonly realmRoles?: readonly string[]
  readonly clientRoles?: Readonly<Record<string, readonly string[]>>
  readonly serviceAccountClientId?: string
}

/** A realm export, as `JSON.parse` gives it. */
export interface RealmFile {
  readonly realm: string
  readonly accessTokenLifespan?: number
  readonly ssoSessionIdleTimeout?: number
  readonly clients: readonly RealmClient[]
  readonly users: readonly RealmUser[]
  readonly clientScopes: readonly RealmClientScope[]
}

interface UserRoles {
  readonly realm: readonly string[]
  readonly clients: Readonly<Record<string, readonly string[]>>
}

export interface Realm {
  readonly name: string
  readonly accessTokenSeconds: number
  readonly refreshTokenSeconds: number
  readonly clients: readonly RealmClient[]
  readonly scopeNames: readonly string[]
  client(clientId: string): RealmClient | undefined
  user(id: string): RealmUser | undefined
  serviceAccount(clientId: string): RealmUser
  /** The enabled user with this password, or undefined. Never says which of the two was wrong. */
  authenticate(username: string, password: string): RealmUser | undefined
  roles(user: RealmUser): UserRoles
  /**
   * The client scopes that apply when a client asks for `requested`: its default ones, and the optional ones it named.
   * Undefined when it names one that it does not have (RFC 6749 section 5.2, invalid_scope).
   */
  grantedScopes(clientId: string, requested: readonly string[]): readonly RealmClientScope[] | undefined
}

/** What Keycloak puts into `default-roles-<realm>` of a new realm. */
const DEFAULT_REALM_ROLES = ['offline_access', 'uma_authorization']
const DEFAULT_ACCOUNT_ROLES = ['manage-account', 'manage-account-links', 'view-profile']

/** Throws an Error with a printable message when `file` is not a realm export. */
export function readRealm(file: unknown): Realm {
  if (!isRealmFile(file)) throw new Error('The realm file is not a Keycloak realm with clients, users and clientScopes')
  const clients = new Map(file.clients.filter(usable).map((client) => [client.clientId, client]))
  const scopes = new Map(file.clientScopes.map((scope) => [scope.name, scope]))
  const people = file.users.filter((user) => user.enabled !== false)
  return {
    name: file.realm,
    accessTokenSeconds: file.accessTokenLifespan ?? 300,
    refreshTokenSeconds: file.ssoSessionIdleTimeout ?? 1800,
    clients: [...clients.values()],
    scopeNames: [...scopes.keys()],
    client: (clientId) => clients.get(clientId),
    user: (id) => people.find((user) => user.id === id),
    serviceAccount: (clientId) =>
      people.find((user) => user.serviceAccountClientId === clientId) ?? bareServiceAccount(clientId),
    authenticate: (username, password) =>
      people.find((user) => user.username === username.toLowerCase() && hasPassword(user, password)),
    roles: (user) => rolesOf(file.realm, user),
    grantedScopes(clientId, requested) {
      const client = clients.get(clientId)
      const allowed = new Set([...(client?.defaultClientScopes ?? []), ...(client?.optionalClientScopes ?? [])])
      const named = requested.filter((name) => name !== 'openid' && name !== '')
      if (named.some((name) => !allowed.has(name))) return undefined
      const granted = new Set([...(client?.defaultClientScopes ?? []), ...named])
      return [...granted].flatMap((name) => scopes.get(name) ?? [])
    },
  }
}

/** The names that stand in the `scope` claim, in Keycloak's sense of `include.in.token.scope`. */
export function scopeClaim(scopes: readonly RealmClientScope[], requested: readonly string[]): string {
  const names = scopes
    .filter((scope) => scope.attributes?.['include.in.token.scope'] !== 'false')
    .map(({ name }) => name)
  return (requested.includes('openid') ? ['openid', ...names] : names).join(' ')
}

/** Keycloak makes this user by itself when the file does not list it. */
function bareServiceAccount(clientId: string): RealmUser {
  return { id: clientId, username: `service-account-${clientId}`, serviceAccountClientId: clientId }
}

function usable(client: RealmClient): boolean {
  return client.enabled !== false && client.bearerOnly !== true
}

function isRealmFile(file: unknown): file is RealmFile {
  const realm = file as Partial<RealmFile> | null
  return (
    typeof realm === 'object' &&
    typeof realm?.realm === 'string' &&
    [realm.clients, realm.users, realm.clientScopes].every(Array.isArray)
  )
}

const sha256 = (text: string) => createHash('sha256').update(text).digest()

function hasPassword(user: RealmUser, password: string): boolean {
  const stored = user.credentials?.find(({ type }) => type === 'password')?.value
  return stored !== undefined && timingSafeEqual(sha256(stored), sha256(password))
}

function rolesOf(realm: string, user: RealmUser): UserRoles {
  const assigned = user.realmRoles ?? []
  if (!assigned.includes(`default-roles-${realm}`)) return { realm: assigned, clients: user.clientRoles ?? {} }
  return {
    realm: [...new Set([...assigned, ...DEFAULT_REALM_ROLES])],
    clients: { account: DEFAULT_ACCOUNT_ROLES, ...user.clientRoles },
  }
}
