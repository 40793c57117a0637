/** What the decision log says about a request. Nothing runs here unless the file asks for it. */
import type { AccessToken } from './authentication/access-token.ts'
import { decide, inForce } from './authorization/decide.ts'
import { linesOf, reportedAt } from './authorization/reported.ts'
import type { ClaimPath } from './config/claim-path.ts'
import type { GatewayConfig, ReportConfig, RouteConfig } from './config/gateway-config.ts'
import { ERRORS, GatewayError } from './errors.ts'
import {
  type ClaimValue,
  type DecisionRecord,
  looksHidden,
  rulesDigest,
  type Sha256,
  toPointer,
  toPseudonym,
} from './observability/decision-record.ts'
import { readClaim } from './read-claim.ts'
import type { Visit } from './visit.ts'

/** Called once for each request, when its answer is complete. Never throws. @param error what it was refused with */
export type NoteDecision = (visit: Visit, error: unknown) => void

export interface DecisionLogOptions {
  /** Gets whole lines. */
  readonly write: (line: string) => void
  /** Part of the allowed requests, from 0 to 1. */
  readonly sample: number
  /** Random, and another one in each process. */
  readonly salt: string
  readonly sha256: Sha256
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** From 0 to 1. */
  readonly random: () => number
}

export function createDecisionLog(options: DecisionLogOptions): NoteDecision {
  const { write, sample, salt, now, random } = options
  const views = new WeakMap<GatewayConfig, View>()

  function viewOf(config: GatewayConfig): View {
    const known = views.get(config) ?? createView(config, options)
    views.set(config, known)
    return known
  }

  return (visit, error) => {
    const caller = callerOf(visit, error)
    if (caller === undefined) return
    const outcome = outcomeOf(visit, caller, error)
    if (outcome.decision === 'allowed' && outcome.wouldDeny === undefined && random() >= sample) return
    const view = viewOf(visit.runtime.config)
    const { record, match, token } = visit
    const line = {
      time: new Date(now()).toISOString(),
      method: visit.method,
      path: view.hidePath(visit.target.path),
      ...(match && { route: match.route.path, upstream: match.route.upstream.name }),
      ...outcome,
      status: record.status,
      reason: record.reason,
      ...(sample < 1 && { sample }),
      caller,
      salt,
      ...(caller === 'refused' && { rules: view.rulesOf(match?.route) }),
    } satisfies DecisionRecord
    // What a token brings is the same for all its requests.
    const text = JSON.stringify(line)
    write(token === undefined ? `${text}\n` : `${text.slice(0, -1)},${view.partOf(token)}}\n`)
  }
}

/** Undefined: no decision was reached. */
function callerOf(visit: Visit, error: unknown): DecisionRecord['caller'] | undefined {
  // The gateway's own pages are in no file that these lines could be put to.
  if (visit.match?.route.page !== undefined) return undefined
  if (visit.token !== undefined) return 'token'
  if (error === undefined) {
    const { reason } = visit.record
    return reason === 'preflight' || reason === 'metadata' ? undefined : withoutToken(visit)
  }
  if (!(error instanceof GatewayError)) return undefined
  if (error.code === 'missing_token') return 'none'
  if (error.code === 'invalid_token' || error.code === 'invalid_request') return 'refused'
  // Without a token, only what is public goes further.
  const { status } = ERRORS[error.code]
  return status === 405 || status === 502 || status === 504 ? withoutToken(visit) : undefined
}

function withoutToken({ fields }: Visit): 'none' | 'unread' {
  return (fields?.authorization.length ?? 0) > 0 ? 'unread' : 'none'
}

type Reported = Pick<DecisionRecord, 'mode' | 'wouldDeny' | 'missing' | 'wouldAllow'>
type Outcome = Pick<DecisionRecord, 'decision' | 'line'> & Reported

const DENIED: Outcome = { decision: 'denied' }

/** Which line it was, `decide` says once more: it is pure. */
function outcomeOf(visit: Visit, caller: DecisionRecord['caller'], error: unknown): Outcome {
  const { match, method, runtime, token } = visit
  const code = error instanceof GatewayError ? error.code : undefined
  if (match === undefined || caller === 'refused' || code === 'missing_token') return DENIED
  const { route, params } = match
  const now = runtime.now()
  const reported = reportOf(visit, reportedAt(route, now))
  if (code === 'method_not_allowed' || code === 'insufficient_scope') return { ...DENIED, ...reported }
  const decision = decide(inForce(route, now), method, params, token)
  if (!decision.allowed || isStandIn(decision.line, route)) return { decision: 'allowed', ...reported }
  return { decision: 'allowed', line: decision.line === 'public' ? decision.line : decision.line + 1, ...reported }
}

/** The line beyond those that are written, by which a route in report mode lets any token through. */
function isStandIn(line: number | 'public', { report }: RouteConfig): boolean {
  return report?.of === 'route' && line !== 'public' && line >= report.policy.allow.length
}

/** What the policy that is only reported says of those who are known, and with which scopes it would not refuse. */
function reportOf({ match, method, record, token }: Visit, report: ReportConfig | undefined): Reported {
  if (report === undefined || token === undefined) return {}
  const { wouldDeny, wouldAllow } = record
  if (wouldAllow) return { mode: 'report', wouldAllow }
  if (wouldDeny === undefined) return { mode: 'report' }
  const denial = decide(report, method, match?.params ?? {}, token)
  const scope = denial.allowed || denial.code !== 'insufficient_scope' ? undefined : denial.scope
  const missing = scope?.split(' ').filter((one) => !token.scopes.has(one))
  return { mode: 'report', wouldDeny, ...(missing && { missing }) }
}

/** What depends on the file alone. */
interface View {
  hidePath(path: string): string
  /** Members of the line, without braces. */
  partOf(token: AccessToken): string
  /** Of the issuers whose tokens count on the route. */
  rulesOf(route: RouteConfig | undefined): string
}

function createView(config: GatewayConfig, { salt, sha256 }: DecisionLogOptions): View {
  const literals = new Set(config.routes.flatMap(({ path }) => path.split('/')).filter((text) => !looksHidden(text)))
  const hide = (text: string): string => (literals.has(text) ? text : toPseudonym(text, salt, sha256))
  const claimPaths = claimPathsOf(config)
  const parts = new WeakMap<AccessToken, string>()

  function toPart(token: AccessToken): string {
    const { issuer, clientId, subjectHash, scopes, roles, claims } = token
    const issuerConfig = config.issuers.get(issuer)
    const part = {
      issuer,
      ...(clientId !== undefined && { clientId }),
      ...(config.log.subject !== 'none' && subjectHash !== '' && { subject: subjectHash }),
      rules: rulesDigest(issuerConfig ? [issuerConfig] : [], sha256),
      scopes: [...scopes],
      roles: [...roles],
      claims: Object.fromEntries(claimPaths.map((path) => [toPointer(path), hideClaim(readClaim(claims, path))])),
    } satisfies Partial<DecisionRecord>
    return JSON.stringify(part).slice(1, -1)
  }

  function hideClaim(value: unknown): ClaimValue {
    if (Array.isArray(value)) return value.flatMap((item) => hideScalar(item) ?? [])
    return hideScalar(value) ?? null
  }

  /** Nothing else can meet a condition. */
  function hideScalar(value: unknown): string | boolean | undefined {
    if (typeof value === 'boolean') return value
    if (typeof value === 'number') return toPseudonym(value, salt, sha256)
    return typeof value === 'string' ? hide(value) : undefined
  }

  return {
    hidePath: (path) =>
      path
        .split('/')
        .map((text) => (text === '' ? text : hide(decodeURIComponent(text))))
        .join('/'),
    partOf(token) {
      const known = parts.get(token) ?? toPart(token)
      parts.set(token, known)
      return known
    },
    rulesOf: (route) => {
      const names = route?.issuers ?? [...config.issuers.keys()]
      return rulesDigest(
        names.flatMap((name) => config.issuers.get(name) ?? []),
        sha256,
      )
    },
  }
}

/** The subject, and whatever a condition reads: each once. */
function claimPathsOf({ routes }: GatewayConfig): ClaimPath[] {
  const lines = routes.flatMap(linesOf)
  const paths = lines.flatMap(({ claims, where }) => [
    ...claims.map(({ path }) => path),
    ...where.map(({ claim }) => claim),
  ])
  return [...new Map([['sub'], ...paths].map((path) => [toPointer(path), path])).values()]
}
