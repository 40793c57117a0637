/** The door of this folder: may this token make this request on this route? Pure and synchronous. */
import type { Method, RouteConfig, RoutePolicy } from '../config/gateway-config.ts'
import { GatewayError } from '../errors.ts'
import { type Grants, othersHold, type PathParams, scopesHold } from './conditions.ts'
import { cheapestScope } from './scope.ts'
import { type DecisionTrace, recordTrace } from './trace.ts'

export type Decision =
  | {
      readonly allowed: true
      /** Index in `policy.allow` of the first line that fits. */
      readonly line: number | 'public'
    }
  | { readonly allowed: false; readonly code: 'method_not_allowed'; readonly allow: readonly Method[] }
  | {
      readonly allowed: false
      readonly code: 'insufficient_scope'
      /** Space-delimited; absent when no scope alone would do. */
      readonly scope?: string
      /** Of all lines for this method. */
      readonly because: readonly string[]
    }

const METHODS: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
const PUBLIC: Decision = Object.freeze({ allowed: true, line: 'public' })
const NO_TOKEN: Decision = Object.freeze({ allowed: false, code: 'insufficient_scope', because: Object.freeze([]) })

/** Whether the method needs no token. OPTIONS, TRACE, CONNECT and unknown methods never are public. */
export function isPublic(policy: RoutePolicy, method: string): boolean {
  return policy.public?.methods.has(method as Method) ?? false
}

/** Nothing on the route needs a token: another method is a 405 for everybody, as there is nothing to hide. */
function isAllPublic(policy: RoutePolicy): boolean {
  return policy.public !== undefined && policy.allow.length === 0
}

/** Whether the caller must be known before `decide` may answer; without that only what is public is told apart. */
export function needsToken(policy: RoutePolicy, method: string): boolean {
  return !isPublic(policy, method) && !isAllPublic(policy)
}

/**
 * Decides by the route's policy: one line for this method whose conditions all hold is enough; no such line, denied.
 * Without a token only what is public is allowed, and a refusal says nothing about a route that is not all public.
 * A `trace` is filled with every line and condition. Does not look at `report`: the caller evaluates that policy as well.
 */
export function decide(
  { policy }: { readonly policy: RoutePolicy },
  method: string,
  params: PathParams,
  token: Grants | undefined,
  trace?: DecisionTrace,
): Decision {
  if (trace !== undefined) recordTrace(trace, policy, method, params, token)
  if (isPublic(policy, method)) return PUBLIC
  if (token === undefined) return isAllPublic(policy) ? methodNotAllowed(policy) : NO_TOKEN
  for (let line = 0; line < policy.allow.length; line += 1) {
    const candidate = policy.allow[line]
    if (
      candidate?.methods.has(method as Method) &&
      scopesHold(candidate, token) &&
      othersHold(candidate, params, token)
    ) {
      return { allowed: true, line }
    }
  }
  return denial(policy, method, params, token)
}

/** What is enforced on a route at this moment, in ms since the epoch: once its report is over, what was reported. */
export function inForce(route: RouteConfig, nowMs: number): { readonly policy: RoutePolicy } {
  return route.report !== undefined && nowMs >= route.report.untilMs ? route.report : route
}

/** Throws the `GatewayError` of a denial: 405 with `allow`, or 403 with `scope` and `because`. */
export function assertAllowed(decision: Decision): asserts decision is Decision & { allowed: true } {
  if (decision.allowed) return
  const reason = reasonOf(decision)
  if (decision.code === 'method_not_allowed') throw new GatewayError(decision.code, reason, { allow: decision.allow })
  const { scope, because } = decision
  throw new GatewayError(decision.code, reason, { ...(scope !== undefined && { scope }), because })
}

/** The word for log and metrics. */
export function reasonOf({ code }: Decision & { allowed: false }): string {
  return code === 'method_not_allowed' ? 'method_in_no_line' : 'no_line_fits'
}

function denial(policy: RoutePolicy, method: string, params: PathParams, token: Grants): Decision {
  const lines = policy.allow.filter((line) => line.methods.has(method as Method))
  if (lines.length === 0) return methodNotAllowed(policy)
  const scope = cheapestScope(lines, params, token)
  const because = [...new Set(lines.flatMap((line) => line.because ?? []))]
  return { allowed: false, code: 'insufficient_scope', ...(scope !== undefined && { scope }), because }
}

function methodNotAllowed(policy: RoutePolicy): Decision {
  const has = (method: Method) => isPublic(policy, method) || policy.allow.some((line) => line.methods.has(method))
  return { allowed: false, code: 'method_not_allowed', allow: METHODS.filter(has) }
}
