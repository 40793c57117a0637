/**
 * Who may make a request by one configuration and not by another. Policies are alternatives of conjunctions of positive
 * conditions, so it is enough to try, for each line, the request that meets it and nothing beyond: the other configuration
 * allows all that the line allows exactly if it allows that one. `decide` itself judges both.
 */
import type { Claims } from '../authentication/access-token.ts'
import { readRoles, readScopes } from '../authentication/grants.ts'
import { decide, isPublic } from '../authorization/decide.ts'
import type { AllowLine, GatewayConfig, IssuerConfig, Method, RouteConfig } from '../config/gateway-config.ts'
import { readRequestTarget } from '../routing/request-target.ts'
import type { RouteMatch, RouteTable } from '../routing/route-table.ts'
import { exampleClaims } from './example-claims.ts'
import { paramOf, segmentsOf } from './example-path.ts'
import type { Region } from './path-regions.ts'
import { type Requirement, requirementsOf } from './requirement.ts'

export interface Side {
  readonly config: GatewayConfig
  readonly table: RouteTable
}

export interface NewlyAllowed {
  /** Route that allows it. */
  readonly route: RouteConfig
  readonly methods: readonly Method[]
  /** Index in `allow`; `public`: nobody needs a token any more. */
  readonly line: number | 'public'
  /** Ways to open the line that are new; undefined: all. */
  readonly requirements: readonly Requirement[] | undefined
  readonly example: {
    readonly method: Method
    readonly path: string
    readonly claims?: Claims
    readonly issuer?: string
  }
}

interface Request {
  readonly path: string
  /** Undefined: without a token. */
  readonly claims: Claims | undefined
  readonly issuer: IssuerConfig | undefined
}

interface Attempt {
  readonly request: Request
  readonly shown: Claims
}

const METHODS: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
/** A scope that no file names: with it `scope` is no text that a condition on the claim itself could name. */
const OTHER_SCOPE = 'scopegate:other'

/** What `to` allows on the paths of the region and `from` does not. `route` is the one of `to`. */
export function findNewlyAllowed(from: Side, to: Side, route: RouteConfig | undefined, region: Region): NewlyAllowed[] {
  if (route === undefined) return []
  const path = `/${region.segments.map(({ text }) => text).join('/')}`
  const open = publicMethods(from, to, path)
  const first = open[0]
  const found: NewlyAllowed[] = []
  if (first !== undefined) {
    found.push({ route, methods: open, line: 'public', requirements: undefined, example: { method: first, path } })
  }
  for (const [index, line] of route.policy.allow.entries()) {
    const entry = tryLine(from, to, route, region, index, line)
    if (entry !== undefined) found.push(entry)
  }
  return found
}

function publicMethods(from: Side, to: Side, path: string): Method[] {
  const nobody = { path, claims: undefined, issuer: undefined }
  return METHODS.filter((method) => allows(to, method, nobody) && !allows(from, method, nobody))
}

function tryLine(
  from: Side,
  to: Side,
  route: RouteConfig,
  region: Region,
  index: number,
  line: AllowLine,
): NewlyAllowed | undefined {
  const methods = new Set<Method>()
  const fresh: Requirement[] = []
  let example: NewlyAllowed['example'] | undefined
  let all = 0
  for (const requirement of requirementsOf(line)) {
    all += 1
    const found = tryRequirement(from, to, route, region, line, requirement)
    if (found === undefined) continue
    fresh.push(requirement)
    for (const method of found.methods) methods.add(method)
    example ??= found.example
  }
  if (example === undefined) return undefined
  const inOrder = METHODS.filter((method) => methods.has(method))
  return { route, methods: inOrder, line: index, requirements: fresh.length === all ? undefined : fresh, example }
}

function tryRequirement(
  from: Side,
  to: Side,
  route: RouteConfig,
  region: Region,
  line: AllowLine,
  requirement: Requirement,
): Pick<NewlyAllowed, 'methods' | 'example'> | undefined {
  const methods = new Set<Method>()
  let example: NewlyAllowed['example'] | undefined
  for (const { request, shown } of attemptsFor(to, route, region, requirement)) {
    const isNew = (method: Method) =>
      !isPublic(route.policy, method) && allows(to, method, request) && !allows(from, method, request)
    for (const method of [...line.methods].filter(isNew)) {
      methods.add(method)
      example ??= { method, path: request.path, claims: shown, ...issuerName(to, request) }
    }
    if (methods.size === line.methods.size) break
  }
  return example && { methods: [...methods], example }
}

function issuerName({ config }: Side, { issuer }: Request): { readonly issuer?: string } {
  return issuer === undefined || config.issuers.size === 1 ? {} : { issuer: issuer.name }
}

/** For each issuer and audience that counts: the claims as people would write them, and without what they say by the way. */
function* attemptsFor(to: Side, route: RouteConfig, region: Region, requirement: Requirement): Generator<Attempt> {
  const names = segmentsOf(route.path).map(paramOf)
  const values = Object.fromEntries(
    names.flatMap((name, index) => (name === undefined ? [] : [[name, region.segments[index]?.text ?? '']])),
  )
  for (const issuer of route.issuers.flatMap((name) => to.config.issuers.get(name) ?? [])) {
    const { claims, params } = exampleClaims(requirement, values, issuer.roles)
    const path = toPath(region, names, params)
    if (path === undefined) continue
    for (const aud of issuer.audience) {
      const given = { iss: issuer.issuer, aud }
      for (const shown of generalise(claims, requirement)) {
        yield { shown, request: { path, issuer, claims: { ...given, ...shown } } }
      }
    }
  }
}

/** The claims, and the same with one scope more, where that keeps `scope` from being a text that a condition names. */
function generalise(claims: Claims, requirement: Requirement): Claims[] {
  const isNamed = requirement.claims.some(({ path }) => path.length === 1 && path[0] === 'scope')
  if (isNamed || typeof claims.scope !== 'string') return [claims]
  return [claims, { ...claims, scope: `${claims.scope} ${OTHER_SCOPE}` }]
}

/** With the values that parameters must have; undefined: the region's path has another there, or it can be no request. */
function toPath(
  { segments }: Region,
  names: readonly (string | undefined)[],
  params: Readonly<Record<string, string>>,
) {
  const texts: string[] = []
  for (const [index, { text, isFree }] of segments.entries()) {
    const name = names[index]
    const must = name !== undefined && Object.hasOwn(params, name) ? params[name] : undefined
    if (must !== undefined && must !== text && !isFree) return undefined
    texts.push(must === undefined ? text : encodeURIComponent(must))
  }
  try {
    return readRequestTarget(`/${texts.join('/')}`, Number.POSITIVE_INFINITY).path
  } catch {
    return undefined
  }
}

function allows({ config, table }: Side, method: Method, { path, claims, issuer }: Request): boolean {
  const match: RouteMatch | undefined = table.match(path)
  if (match === undefined) return false
  const { route, params } = match
  if (claims === undefined || issuer === undefined) return decide(route, method, params, undefined).allowed
  const own = [...config.issuers.values()].find((one) => one.issuer === issuer.issuer)
  if (own === undefined || !route.issuers.includes(own.name)) return isPublic(route.policy, method)
  const grants = { claims, scopes: readScopes(claims), roles: readRoles(claims, own.roles) }
  return decide(route, method, params, grants).allowed
}
