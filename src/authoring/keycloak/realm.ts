/**
 * A Keycloak realm as far as the checks look at it: of a realm export, or of the admin API, which has the same shape.
 * Unknown members are left alone; what is absent means what Keycloak means by it.
 */
import { z } from 'zod'

const texts = z.record(z.string(), z.string()).default({})
const names = z.array(z.string()).default([])

const mapper = z.object({ name: z.string().default(''), protocolMapper: z.string(), config: texts })

const clientScope = z.object({
  /** Only the admin API has it. */
  id: z.string().optional(),
  name: z.string(),
  attributes: texts,
  protocolMappers: z.array(mapper).default([]),
})

const client = z.object({
  /** Only the admin API has it. */
  id: z.string().optional(),
  clientId: z.string(),
  enabled: z.boolean().default(true),
  bearerOnly: z.boolean().default(false),
  publicClient: z.boolean().default(false),
  standardFlowEnabled: z.boolean().default(true),
  implicitFlowEnabled: z.boolean().default(false),
  directAccessGrantsEnabled: z.boolean().default(false),
  serviceAccountsEnabled: z.boolean().default(false),
  fullScopeAllowed: z.boolean().default(true),
  /** What relative redirect URIs are below. */
  rootUrl: z.string().default(''),
  redirectUris: names,
  webOrigins: names,
  attributes: texts,
  defaultClientScopes: names,
  optionalClientScopes: names,
  protocolMappers: z.array(mapper).default([]),
})

const roles = z.array(z.object({ name: z.string() })).default([])

const signingKey = z.object({
  algorithm: z.string(),
  /** RSA; absent: another kind, or not known. */
  bits: z.number().optional(),
  /** ISO 8601. */
  createdAt: z.string().optional(),
})

const realm = z.object({
  realm: z.string(),
  accessTokenLifespan: z.number().default(300),
  revokeRefreshToken: z.boolean().default(false),
  refreshTokenMaxReuse: z.number().default(0),
  bruteForceProtected: z.boolean().default(false),
  passwordPolicy: z.string().default(''),
  sslRequired: z.string().default('external'),
  defaultSignatureAlgorithm: z.string().default('RS256'),
  clients: z.array(client).default([]),
  clientScopes: z.array(clientScope).default([]),
  roles: z.object({ realm: roles, client: z.record(z.string(), roles).default({}) }).prefault({}),
  /** Keys that sign now; absent: not known, as in an export without secrets. */
  signingKeys: z.array(signingKey).optional(),
})

export type Realm = z.infer<typeof realm>
export type RealmClient = z.infer<typeof client>
export type ProtocolMapper = z.infer<typeof mapper>
export type SigningKey = z.infer<typeof signingKey>

/** Made by Keycloak for itself in every realm; nobody's tokens for an API come from them. */
const OWN_CLIENTS = new Set([
  'account',
  'account-console',
  'admin-cli',
  'broker',
  'realm-management',
  'security-admin-console',
])

/** A realm cannot be had, or is none. The message is for people, and holds no credential. */
export class RealmError extends Error {
  override readonly name = 'RealmError'
}

/** Whether it is one that Keycloak makes for itself. */
export function isOwnClient(clientId: string): boolean {
  return OWN_CLIENTS.has(clientId)
}

/** Throws a RealmError when `json` is no realm. */
export function readRealm(json: unknown): Realm {
  const result = realm.safeParse(json)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new RealmError(
    `not a Keycloak realm: ${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'unreadable'}`,
  )
}

/** Clients that can get an access token, without those of Keycloak itself. */
export function tokenClients({ clients }: Realm): RealmClient[] {
  return clients.filter(
    (one) =>
      one.enabled &&
      !one.bearerOnly &&
      !OWN_CLIENTS.has(one.clientId) &&
      (one.standardFlowEnabled ||
        one.implicitFlowEnabled ||
        one.directAccessGrantsEnabled ||
        one.serviceAccountsEnabled),
  )
}

/** Client scopes that a client's tokens may have: the default ones, and the optional ones when it asks for them. */
export function scopesOf({ clientScopes }: Realm, { defaultClientScopes, optionalClientScopes }: RealmClient) {
  const own = new Set([...defaultClientScopes, ...optionalClientScopes])
  return clientScopes.filter(({ name }) => own.has(name))
}

/** Mappers that may write into a client's access tokens. */
export function mappersOf(realm: Realm, client: RealmClient): ProtocolMapper[] {
  const all = [...client.protocolMappers, ...scopesOf(realm, client).flatMap(({ protocolMappers }) => protocolMappers)]
  return all.filter(({ config }) => config['access.token.claim'] !== 'false')
}

/** Whether a mapper puts `audience` into `aud` of access tokens. */
export function addresses({ protocolMapper, config }: ProtocolMapper, audience: string): boolean {
  if (protocolMapper !== AUDIENCE_MAPPER || config['access.token.claim'] === 'false') return false
  return audienceOf(config) === audience
}

/** Audiences that tokens of a client may have. With "audience resolve", a client whose roles a token has is among them. */
export function audiencesOf(realm: Realm, client: RealmClient): ReadonlySet<string> {
  const mappers = mappersOf(realm, client)
  const named = mappers.filter(({ protocolMapper }) => protocolMapper === AUDIENCE_MAPPER)
  const resolves = mappers.some(({ protocolMapper }) => protocolMapper === 'oidc-audience-resolve-mapper')
  const byRoles = Object.entries(realm.roles.client).filter(([, roles]) => roles.length > 0)
  return new Set([
    ...named.map(({ config }) => audienceOf(config)),
    ...(resolves && client.fullScopeAllowed ? byRoles.map(([clientId]) => clientId) : []),
  ])
}

const AUDIENCE_MAPPER = 'oidc-audience-mapper'

function audienceOf(config: ProtocolMapper['config']): string {
  return config['included.client.audience'] || config['included.custom.audience'] || ''
}

/** Mappers whose claim does not stand in their configuration. */
const CLAIM_OF_MAPPER: Readonly<Record<string, string>> = {
  'oidc-sub-mapper': 'sub',
  'oidc-acr-mapper': 'acr',
  'oidc-full-name-mapper': 'name',
  'oidc-allowed-origins-mapper': 'allowed-origins',
}

/** Whether a mapper writes a claim, or something inside it. Dots in its name nest, but for those behind a backslash. */
export function writesClaim({ protocolMapper, config }: ProtocolMapper, claim: string): boolean {
  const written = CLAIM_OF_MAPPER[protocolMapper] ?? config['claim.name']?.replaceAll('\\.', '.')
  return written === claim || written?.startsWith(`${claim}.`) === true
}
