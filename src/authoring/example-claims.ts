/** Claims that meet a requirement, and nothing beyond it. */
import type { Claims } from '../authentication/access-token.ts'
import type { ClaimPath } from '../config/claim-path.ts'
import type { IssuerConfig } from '../config/gateway-config.ts'
import type { Requirement } from './requirement.ts'

type Value = string | number | boolean

/** Claims that a token has once, as a text: a list of them is refused. */
const SINGLE = new Set(['sub', 'azp', 'client_id', 'iss', 'typ'])

export interface ExampleCaller {
  readonly claims: Claims
  /** Values that path parameters must have, because the claim that owns them can have only one. */
  readonly params: Readonly<Record<string, string>>
}

/**
 * @param params decoded values of the path's parameters
 * @param roles where the issuer has roles
 */
export function exampleClaims(
  requirement: Requirement,
  params: Readonly<Record<string, string>>,
  roles: IssuerConfig['roles'],
): ExampleCaller {
  const wanted: Wanted = new Map()
  for (const { path, value } of requirement.claims) want(wanted, path, value)
  const owned: Record<string, string> = {}
  for (const { param, claim } of requirement.where) {
    const [only] = claim.length === 1 && SINGLE.has(claim[0] as string) ? valuesAt(wanted, claim) : []
    const value = only === undefined ? (owned[param] ?? params[param] ?? '') : String(only)
    if (only !== undefined) owned[param] = value
    want(wanted, claim, value)
  }
  return { claims: toClaims(wanted, requirement, roles), params: owned }
}

/** Values by claim. */
type Wanted = Map<string, { readonly path: ClaimPath; readonly values: Set<Value> }>

function want(wanted: Wanted, path: ClaimPath, value: Value): void {
  const key = JSON.stringify(path)
  const entry = wanted.get(key) ?? { path, values: new Set<Value>() }
  entry.values.add(value)
  wanted.set(key, entry)
}

function toClaims(wanted: Wanted, requirement: Requirement, roles: IssuerConfig['roles']): Claims {
  const claims: Record<string, unknown> = {}
  const scopes = [...new Set(requirement.scopes)]
  // A condition on the claim `scope` itself leaves the scopes to `scp`.
  if (scopes.length > 0 && wanted.has('["scope"]')) claims.scp = scopes
  else if (scopes.length > 0) claims.scope = scopes.join(' ')
  for (const { path, values } of wanted.values()) {
    setClaim(claims, path, values.size === 1 ? [...values][0] : [...values])
  }
  for (const role of requirement.roles) addRole(claims, role, roles)
  return claims
}

function valuesAt(wanted: Wanted, path: ClaimPath): Value[] {
  return [...(wanted.get(JSON.stringify(path))?.values ?? [])]
}

function addRole(claims: Record<string, unknown>, role: string, roles: IssuerConfig['roles']): void {
  const colon = role.indexOf(':')
  if (roles !== 'keycloak') pushClaim(claims, roles, role)
  else if (colon === -1) pushClaim(claims, ['realm_access', 'roles'], role)
  else pushClaim(claims, ['resource_access', role.slice(0, colon), 'roles'], role.slice(colon + 1))
}

function pushClaim(claims: Record<string, unknown>, path: ClaimPath, value: string): void {
  const holder = holderOf(claims, path)
  const name = path.at(-1) as string
  const before = holder[name]
  const list: unknown[] = Array.isArray(before) ? before : before === undefined ? [] : [before]
  if (!list.includes(value)) holder[name] = [...list, value]
  else holder[name] = list
}

function setClaim(claims: Record<string, unknown>, path: ClaimPath, value: unknown): void {
  holderOf(claims, path)[path.at(-1) as string] = value
}

/** The object that holds the last name of `path`; what stands in the way is replaced. */
function holderOf(claims: Record<string, unknown>, path: ClaimPath): Record<string, unknown> {
  let holder = claims
  for (const name of path.slice(0, -1)) {
    const next = Object.hasOwn(holder, name) ? holder[name] : undefined
    if (typeof next === 'object' && next !== null && !Array.isArray(next)) holder = next as Record<string, unknown>
    else {
      const made: Record<string, unknown> = {}
      Object.defineProperty(holder, name, { value: made, enumerable: true, configurable: true, writable: true })
      holder = made
    }
  }
  return holder
}
