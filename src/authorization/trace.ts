/** Why a decision is what it is: every line and every condition, with what was wanted and what was seen. For tools. */
import type { AllowLine, Method, RoutePolicy } from '../config/gateway-config.ts'
import { readClaim } from '../read-claim.ts'
import {
  claimHolds,
  demandsSomething,
  type Grants,
  othersHold,
  ownershipHolds,
  type PathParams,
  scopesHold,
  setHolds,
} from './conditions.ts'

/** Filled by `decide` when the caller passes one: `{ lines: [] }`. It holds claims: it is not for clients or logs. */
export interface DecisionTrace {
  public?: { readonly methods: readonly Method[]; readonly reason: string; readonly holds: boolean }
  readonly lines: LineTrace[]
}

export interface LineTrace {
  /** Index in `policy.allow`. */
  readonly line: number
  readonly methods: readonly Method[]
  /** The request's method is one of them. */
  readonly applies: boolean
  /** The line applies and all its conditions hold. */
  readonly holds: boolean
  readonly conditions: readonly ConditionTrace[]
  readonly because?: string
}

export interface ConditionTrace {
  readonly kind: 'token' | 'scopes' | 'roles' | 'claim' | 'where'
  /** Claim, or path parameter; empty for the other kinds. */
  readonly name: string
  readonly holds: boolean
  readonly match: 'all' | 'any'
  readonly wanted: readonly (string | number | boolean)[]
  /** Scopes and roles of the token, sorted; the claim's value; undefined when there is none. */
  readonly seen: unknown
}

const NOBODY: Grants = { scopes: new Set(), roles: new Set(), claims: {} }

/** Records what `decide` looks at. Unlike the decision itself it does not stop at the first condition that fails. */
export function recordTrace(
  trace: DecisionTrace,
  policy: RoutePolicy,
  method: string,
  params: PathParams,
  token: Grants | undefined,
): void {
  if (policy.public !== undefined) {
    const { methods, reason } = policy.public
    trace.public = { methods: [...methods], reason, holds: methods.has(method as Method) }
  }
  for (const [index, line] of policy.allow.entries()) trace.lines.push(traceLine(index, line, method, params, token))
}

function traceLine(
  index: number,
  line: AllowLine,
  method: string,
  params: PathParams,
  token: Grants | undefined,
): LineTrace {
  const applies = line.methods.has(method as Method)
  return {
    line: index,
    methods: [...line.methods],
    applies,
    holds: applies && token !== undefined && scopesHold(line, token) && othersHold(line, params, token),
    conditions: [...traceGrants(line, token), ...traceClaims(line, params, token ?? NOBODY)],
    ...(line.because !== undefined && { because: line.because }),
  }
}

function traceGrants(line: AllowLine, token: Grants | undefined): ConditionTrace[] {
  const { scopes, roles } = token ?? NOBODY
  const conditions: ConditionTrace[] = []
  if (line.anyToken || !demandsSomething(line)) {
    const holds = line.anyToken && token !== undefined
    conditions.push({ kind: 'token', name: '', holds, match: 'any', wanted: [], seen: token !== undefined })
  }
  if (line.scopes !== undefined) {
    const { match, values: wanted } = line.scopes
    const seen = [...scopes].sort()
    conditions.push({ kind: 'scopes', name: '', holds: setHolds(line.scopes, scopes), match, wanted, seen })
  }
  if (line.roles !== undefined) {
    const { match, values: wanted } = line.roles
    const seen = [...roles].sort()
    conditions.push({ kind: 'roles', name: '', holds: setHolds(line.roles, roles), match, wanted, seen })
  }
  return conditions
}

function traceClaims(line: AllowLine, params: PathParams, token: Grants): ConditionTrace[] {
  const claims = line.claims.map((claim): ConditionTrace => {
    const { name, match, values: wanted, path } = claim
    const seen = readClaim(token.claims, path)
    return { kind: 'claim', name, holds: claimHolds(claim, token), match, wanted, seen }
  })
  const where = line.where.map((ownership): ConditionTrace => {
    const { param, claim } = ownership
    const wanted = Object.hasOwn(params, param) ? [params[param] as string] : []
    const holds = ownershipHolds(ownership, params, token)
    return { kind: 'where', name: param, holds, match: 'any', wanted, seen: readClaim(token.claims, claim) }
  })
  return [...claims, ...where]
}
