/** The decision on a route of which something is only reported. */
import type { RouteConfig } from '../config/gateway-config.ts'
import type { Grants, PathParams } from './conditions.ts'
import { type Decision, decide, inForce, reasonOf } from './decide.ts'

export interface ReportedRequest {
  readonly method: string
  readonly params: PathParams
  readonly token: Grants | undefined
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/** In what the policy that is only reported would have decided otherwise; left as it is where it would not. */
export interface ReportNote {
  wouldDeny: string | undefined
  wouldAllow: true | undefined
}

/** What is enforced now decides. A caller without a token is told apart by neither policy: what is public is so in both. */
export function decideAndReport(
  route: RouteConfig,
  { method, params, token, nowMs }: ReportedRequest,
  note: ReportNote,
): Decision {
  const enforced = decide(inForce(route, nowMs), method, params, token)
  const candidate = decide(route.report ?? route, method, params, token)
  if (enforced.allowed && !candidate.allowed) note.wouldDeny = reasonOf(candidate)
  if (candidate.allowed && !enforced.allowed) note.wouldAllow = true
  return enforced
}
