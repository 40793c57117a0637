/** What a Keycloak realm says about a new route-scope file. */
import { audiencesOf, isOwnClient, type Realm, scopesOf, tokenClients } from '../keycloak/realm.ts'
import type { StarterRoute, StarterUpstream } from './starter.ts'

export interface RealmFacts {
  /** Audience of the most clients; undefined: the realm addresses its tokens to nobody in particular. */
  readonly audience: string | undefined
  /** Scopes that tokens can have, without those of OpenID Connect and of Keycloak itself. */
  readonly scopes: readonly string[]
  /** Client roles as `client:role`. */
  readonly roles: readonly string[]
  /** Of pages of its clients. */
  readonly origins: readonly string[]
}

const STANDARD_SCOPES = new Set([
  ...['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'acr', 'basic', 'roles', 'web-origins'],
  ...['microprofile-jwt', 'organization', 'service_account', 'role_list', 'saml_organization'],
])
const STANDARD_ROLES = /^(?:offline_access|uma_authorization|default-roles-.*)$/
/** RFC 6749 section 3.3. */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+$/

export function readFacts(realm: Realm): RealmFacts {
  const clients = tokenClients(realm)
  const scopes = clients
    .flatMap((client) => scopesOf(realm, client))
    .filter(({ attributes }) => attributes['include.in.token.scope'] !== 'false')
    .map(({ name }) => name)
    .filter((name) => !STANDARD_SCOPES.has(name) && SCOPE.test(name))
  const { realm: realmRoles, client: clientRoles } = realm.roles
  return {
    audience: mostFrequent(
      clients.flatMap((client) => [...audiencesOf(realm, client)]).filter((name) => !isOwnClient(name)),
    ),
    scopes: [...new Set(scopes)].toSorted(),
    roles: [
      ...realmRoles.map(({ name }) => name).filter((name) => !STANDARD_ROLES.test(name)),
      ...Object.entries(clientRoles)
        .filter(([clientId]) => !isOwnClient(clientId))
        .flatMap(([clientId, roles]) => roles.map(({ name }) => `${clientId}:${name}`)),
    ],
    origins: [...new Set(clients.flatMap(({ webOrigins, redirectUris }) => originsOf(webOrigins, redirectUris)))],
  }
}

function mostFrequent(values: readonly string[]): string | undefined {
  const counts = Map.groupBy(values, (value) => value)
  return [...counts].toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0]
}

/** `+` stands for the origins of all redirect addresses. Patterns are no origins. */
function originsOf(webOrigins: readonly string[], redirectUris: readonly string[]): string[] {
  const written = webOrigins.includes('+') ? [...webOrigins, ...redirectUris] : webOrigins
  return written.flatMap((text) => {
    const url = URL.parse(text)
    return url && /^https?:$/.test(url.protocol) && !url.host.includes('*') ? [url.origin] : []
  })
}

const METHODS: Readonly<Record<string, readonly string[]>> = {
  ...sameFor(['read', 'view', 'list', 'get'], ['GET']),
  ...sameFor(['write', 'edit', 'manage', 'modify'], ['POST', 'PUT', 'PATCH', 'DELETE']),
  ...sameFor(['create', 'add'], ['POST']),
  update: ['PUT', 'PATCH'],
  ...sameFor(['delete', 'remove'], ['DELETE']),
}

function sameFor(verbs: readonly string[], methods: readonly string[]) {
  return Object.fromEntries(verbs.map((verb) => [verb, methods]))
}

interface ScopeUse {
  readonly scope: string
  readonly subject: string
  readonly methods: readonly string[]
}

export interface ScopeRoutes {
  readonly routes: readonly StarterRoute[]
  /** Scopes whose names do not say what they are for. */
  readonly unclear: readonly string[]
}

/** A route for each subject of scopes such as `orders:read`, `orders.read` and `read:orders`. */
export function routesOfScopes(scopes: readonly string[], upstreams: readonly StarterUpstream[]): ScopeRoutes {
  const uses = scopes.flatMap((scope) => readScope(scope) ?? [])
  const routes = [...Map.groupBy(uses, ({ subject }) => subject)].map(([subject, of]): StarterRoute => {
    const upstream = upstreams.find(({ name }) => name === subject) ?? upstreams[0]
    return { path: `/${subject}/**`, upstream: upstream?.name ?? subject, lines: of, notes: [] }
  })
  return { routes, unclear: scopes.filter((scope) => readScope(scope) === undefined) }
}

function readScope(scope: string): ScopeUse | undefined {
  const [, first = '', second = ''] = /^([A-Za-z][\w-]*)[:.]([A-Za-z][\w-]*)$/.exec(scope) ?? []
  const [subject, verb] = Object.hasOwn(METHODS, first) ? [second, first] : [first, second]
  const methods = Object.hasOwn(METHODS, verb) ? METHODS[verb] : undefined
  return methods && { scope, subject, methods }
}
