/** Recorded decisions, made again by a route-scope file. What cannot be known is said to be unknown, never guessed. */
import { othersHold, type PathParams, scopesHold } from '../authorization/conditions.ts'
import { type Decision, decide, inForce, needsToken } from '../authorization/decide.ts'
import { linesOf, reportedAt } from '../authorization/reported.ts'
import type { ClaimPath } from '../config/claim-path.ts'
import type {
  AllowLine,
  GatewayConfig,
  IssuerConfig,
  Method,
  RouteConfig,
  RoutePolicy,
} from '../config/gateway-config.ts'
import {
  type DecisionRecord,
  rulesDigest,
  type Sha256,
  toPointer,
  toPseudonym,
} from '../observability/decision-record.ts'
import { createRouteTable, type RouteMatch } from '../routing/route-table.ts'

export type Replayed =
  | {
      readonly outcome: 'allowed'
      readonly route: RouteConfig
      readonly line: number | 'public'
      /** The line that lets it through, and that of the policy that is only reported. */
      readonly lines: readonly AllowLine[]
    }
  | { readonly outcome: 'denied'; readonly route?: RouteConfig; readonly status: number }
  | { readonly outcome: 'unknown'; readonly route?: RouteConfig; readonly why: string }

export type Replay = (record: DecisionRecord) => Replayed

/** What the file names: a pseudonym of one of these can be read. */
type Words = ReadonlyMap<string, string | number>

interface Settings {
  readonly config: GatewayConfig
  readonly sha256: Sha256
  readonly nowMs: number
}

const MAX_SALTS = 256

/** What is only reported is in force when its time is up. @param nowMs milliseconds since the epoch */
export function createReplay(config: GatewayConfig, sha256: Sha256, nowMs: number): Replay {
  const settings: Settings = { config, sha256, nowMs }
  const table = createRouteTable(config.routes)
  const names = namesOf(config)
  const wordsBySalt = new Map<string, Words>()

  function wordsOf(salt: string): Words {
    const known = wordsBySalt.get(salt)
    if (known !== undefined) return known
    if (wordsBySalt.size === MAX_SALTS) wordsBySalt.clear()
    const words = new Map(names.map((name) => [toPseudonym(name, salt, sha256), name]))
    wordsBySalt.set(salt, words)
    return words
  }

  return (record) => {
    const words = wordsOf(record.salt)
    const match = table.match(readPath(record.path, words))
    if (match !== undefined && !needsToken(inForce(match.route, nowMs).policy, record.method)) {
      return openTo(match, record.method, nowMs)
    }
    return record.caller === 'token'
      ? decideFor(match, record, words, settings)
      : withoutToken(match?.route, record, settings)
  }
}

function namesOf({ routes }: GatewayConfig): (string | number)[] {
  const lines = routes.flatMap(linesOf)
  const wanted = lines.flatMap(({ claims }) => claims.flatMap(({ values }) => values))
  const segments = routes.flatMap(({ path }) => path.split('/'))
  return [...new Set([...segments, ...wanted.filter((value) => typeof value !== 'boolean')])]
}

function readPath(path: string, words: Words): string {
  const readSegment = (text: string) => {
    const word = words.get(text)
    return word === undefined ? text : encodeURIComponent(word)
  }
  return path.split('/').map(readSegment).join('/')
}

function openTo({ route, params }: RouteMatch, method: string, nowMs: number): Replayed {
  const decision = decide(inForce(route, nowMs), method, params, undefined)
  return decision.allowed
    ? { outcome: 'allowed', route, line: decision.line, lines: [] }
    : { outcome: 'denied', route, status: 405 }
}

function withoutToken(route: RouteConfig | undefined, record: DecisionRecord, { config, sha256 }: Settings): Replayed {
  const at = route && { route }
  if (record.caller === 'none') return { outcome: 'denied', ...at, status: 401 }
  if (record.caller === 'unread') {
    return {
      outcome: 'unknown',
      ...at,
      why: 'it needed no token when it was recorded, and the one that was sent was not read',
    }
  }
  return rulesDigest(issuersOf(route, config), sha256) === record.rules
    ? { outcome: 'denied', ...at, status: record.status }
    : { outcome: 'unknown', ...at, why: 'the token was refused by other settings of its issuer' }
}

function issuersOf(route: RouteConfig | undefined, { issuers }: GatewayConfig): IssuerConfig[] {
  const names = route?.issuers ?? [...issuers.keys()]
  return names.flatMap((name) => issuers.get(name) ?? [])
}

function decideFor(
  match: RouteMatch | undefined,
  record: DecisionRecord,
  words: Words,
  { config, sha256, nowMs }: Settings,
): Replayed {
  const at = match && { route: match.route }
  const issuers = issuersOf(match?.route, config)
  const isAccepted = (issuer: IssuerConfig): boolean => rulesDigest([issuer], sha256) === record.rules
  if (!issuers.some(isAccepted)) {
    return [...config.issuers.values()].some(isAccepted)
      ? { outcome: 'denied', ...at, status: 401 }
      : { outcome: 'unknown', ...at, why: 'its issuer is not in the file with the same settings' }
  }
  if (match === undefined) return { outcome: 'denied', status: 404 }
  const { route, params } = match
  const token = toGrants(record, words)
  const { policy } = inForce(route, nowMs)
  const decision = decide({ policy }, record.method, params, token)
  if (decision.allowed) {
    const reported = reportedAt(route, nowMs)
    const beside = reported ? lineOf(reported.policy, decide(reported, record.method, params, token)) : []
    const lines = [...lineOf(policy, decision), ...beside]
    return { outcome: 'allowed', route, line: decision.line, lines }
  }
  const missing = missingClaim(policy, record, params, token)
  if (missing !== undefined) return { outcome: 'unknown', route, why: `the claim ${missing} was not recorded` }
  return { outcome: 'denied', route, status: decision.code === 'method_not_allowed' ? 405 : 403 }
}

function lineOf({ allow }: RoutePolicy, decision: Decision): AllowLine[] {
  const line = decision.allowed && decision.line !== 'public' ? allow[decision.line] : undefined
  return line === undefined ? [] : [line]
}

interface RecordedGrants {
  readonly scopes: ReadonlySet<string>
  readonly roles: ReadonlySet<string>
  readonly claims: Readonly<Record<string, unknown>>
}

function toGrants({ scopes = [], roles = [], claims = {} }: DecisionRecord, words: Words): RecordedGrants {
  const read = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(read) : typeof value === 'string' ? (words.get(value) ?? value) : value
  const tree: Record<string, unknown> = {}
  for (const [pointer, value] of Object.entries(claims)) {
    if (value !== null) put(tree, pointer.slice(1).split('/').map(unescapeName), read(value))
  }
  return { scopes: new Set(scopes), roles: new Set(roles), claims: tree }
}

function unescapeName(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~')
}

function put(tree: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    define(tree, name, value)
    return
  }
  const inner = Object.hasOwn(tree, name) ? tree[name] : {}
  define(tree, name, inner)
  if (typeof inner === 'object' && inner !== null) put(inner as Record<string, unknown>, rest, value)
}

/** `__proto__` is a name like any other. */
function define(tree: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(tree, name, { value, enumerable: true, configurable: true, writable: true })
}

/** A claim that the record does not say, and on which it depends whether a line fits. */
function missingClaim(
  policy: RoutePolicy,
  { method, claims = {} }: DecisionRecord,
  params: PathParams,
  token: RecordedGrants,
): string | undefined {
  const isKnown = (path: ClaimPath): boolean => Object.hasOwn(claims, toPointer(path))
  for (const line of policy.allow) {
    const unknown = pathsOf(line).find((path) => !isKnown(path))
    if (unknown === undefined || !line.methods.has(method as Method)) continue
    const known: AllowLine = {
      ...line,
      claims: line.claims.filter(({ path }) => isKnown(path)),
      where: line.where.filter(({ claim }) => isKnown(claim)),
      anyToken: true,
    }
    if (scopesHold(known, token) && othersHold(known, params, token)) return unknown.join('.')
  }
  return undefined
}

function pathsOf({ claims, where }: AllowLine): ClaimPath[] {
  return [...claims.map(({ path }) => path), ...where.map(({ claim }) => claim)]
}
