/**
 * What the gateway would answer to a request. The request goes through the pipeline itself: only the socket, the token's
 * signature, the store of windows and the upstream are left out. Nothing here waits, reads or sends anything.
 */
import { metadataTarget, toMetadata, toRefusal } from '../answer.ts'
import type { AccessToken } from '../authentication/access-token.ts'
import type { Authenticator } from '../authentication/authenticate.ts'
import { type Decision, decide } from '../authorization/decide.ts'
import type { DecisionTrace } from '../authorization/trace.ts'
import type { GatewayConfig, RoutePolicy } from '../config/gateway-config.ts'
import { GatewayError } from '../errors.ts'
import type { ForwardRequest } from '../forwarding/forward.ts'
import { createRequestRecord } from '../observability/request-record.ts'
import { handleRequest } from '../pipeline.ts'
import type { RouteMatch } from '../routing/route-table.ts'
import { createRuntime, type Runtime } from '../runtime.ts'
import { Visit } from '../visit.ts'
import { writtenPolicy } from './report-mode.ts'
import { createFreshLimits, type LimitUse, toLimitUses } from './simulated-limits.ts'
import { createUnsentExchange, type UnsentAnswer } from './unsent-exchange.ts'

export interface SimulatedRequest {
  readonly method: string
  /** As it stands in the request line. */
  readonly target: string
  /** Request fields, flat: names and values. `Host` is added when it is missing, and `Authorization` for a caller with a token. */
  readonly headers: readonly string[]
  /** Address of the peer. */
  readonly client: string
  /** Sent as JSON unless the fields say otherwise. Undefined: it is taken to be what the route asks for. */
  readonly body?: string | undefined
  /** The fields say all that is said of the body: without a type it has none. */
  readonly isTyped?: boolean
}

/**
 * Who asks: the token that the request presents, or the GatewayError with which it is refused. `accepted` names the issuers
 * that count on the route; undefined: all. Undefined as a whole: the request presents no token, or what is in its headers.
 */
export type Caller = (accepted: readonly string[] | undefined) => AccessToken

export interface Answer {
  /** 200 for a request that is let through: what it really is the upstream decides. */
  readonly status: number
  /** Flat. Of a request that is let through: what the gateway adds to the upstream's answer. */
  readonly headers: readonly string[]
  /** Of the gateway's own answers. */
  readonly body: string
}

export interface Simulation {
  /** Canonical path; undefined: the target was refused. */
  readonly path: string | undefined
  readonly match: RouteMatch | undefined
  readonly token: AccessToken | undefined
  /** By the route's policy alone; undefined without a route. */
  readonly decision: Decision | undefined
  /** Of the lines of `allow` as written: those that are only reported are among them. */
  readonly trace: DecisionTrace | undefined
  /** By the policy that is only reported. */
  readonly reported:
    | { readonly decision: Decision; readonly policy: RoutePolicy; readonly trace: DecisionTrace }
    | undefined
  /** Those of the route, in the order in which they are asked. */
  readonly limits: readonly LimitUse[]
  /** `forwarded`, or the gateway answers itself: with its own page or one of the login, to a preflight, or with a refusal. */
  readonly outcome: 'forwarded' | 'metadata' | 'page' | 'preflight' | 'refused'
  /** Why it was refused. */
  readonly error: GatewayError | undefined
  /** Path and query that the upstream gets; undefined: nothing is forwarded. */
  readonly upstreamPath: string | undefined
  /** Identity fields that the upstream gets, flat. */
  readonly identityFields: readonly string[]
  /** As the first request in fresh windows gets it. */
  readonly answer: Answer
}

export type Simulate = (request: SimulatedRequest, caller: Caller | undefined) => Simulation

/** Stands where a token would; no token that anybody has. */
const PLACEHOLDER = 'Bearer simulated'
/** Stands where the identifier of the request would. */
export const REQUEST_ID = 'simulated'

/** Builds what all requests share. */
export function createSimulation(config: GatewayConfig): Simulate {
  let caller: Caller | undefined
  const runtime = createRuntime(
    config,
    createCallerAuthenticator(() => caller),
    'scopegate-simulation',
    // What was over when the file was loaded is not reported any more; all else is.
    () => Number.NEGATIVE_INFINITY,
  )
  const withoutBodies: Runtime = { ...runtime, bodies: undefined }
  return (request, who) => {
    caller = who
    return simulate(request.body === undefined ? withoutBodies : runtime, request, who !== undefined)
  }
}

function createCallerAuthenticator(caller: () => Caller | undefined): Authenticator {
  return {
    recall: () => undefined,
    authenticate(_, accepted) {
      const read = caller()
      if (read === undefined) throw new GatewayError('invalid_token', 'token_malformed')
      return read(accepted)
    },
    status: () => [],
    keys: () => [],
    ready: () => true,
    close: async () => {},
  }
}

function simulate(runtime: Runtime, request: SimulatedRequest, hasToken: boolean): Simulation {
  const { exchange, answer } = createUnsentExchange(request, hasToken ? PLACEHOLDER : undefined)
  const record = createRequestRecord(REQUEST_ID, request.method, runtime.clientAddress(request.client, []))
  const seen: { forwarded?: ForwardRequest; error?: GatewayError; own?: Answer } = {}
  const refuse = (thrown: unknown): void => {
    const error = thrown instanceof GatewayError ? thrown : new GatewayError('internal_error', 'bug', {}, thrown)
    Object.assign(seen, { error, own: toRefusal(visit, error) })
  }
  const forward = (it: ForwardRequest): void => {
    seen.forwarded = it
  }
  const visit: Visit = new Visit(exchange, runtime, record, (_, thrown) => {
    if (thrown !== undefined) refuse(thrown)
  })
  if (request.body !== undefined) visit.body = Buffer.from(request.body)
  const isMetadata = isMetadataRequest(runtime.config, request)
  try {
    if (isMetadata) seen.own = toMetadata(visit)
    else handleRequest(visit, { limits: createFreshLimits(), forward })
  } catch (thrown) {
    refuse(thrown)
  }
  if ((seen.forwarded ?? seen.error) && isTooLarge(visit, request, seen.error)) {
    delete seen.forwarded
    refuse(new GatewayError('body_too_large', 'content_length'))
  }
  const { forwarded, error, own } = seen
  const decided = toDecision(visit)
  const outcome = toOutcome(isMetadata, forwarded, error)
  return {
    path: visit.target.path === '' ? undefined : visit.target.path,
    match: visit.match,
    token: visit.token,
    decision: decided?.decision,
    trace: decided?.trace,
    reported: decided?.reported,
    limits: toLimitUses(visit, request.body !== undefined),
    outcome,
    error,
    upstreamPath: outcome === 'forwarded' ? forwarded?.path : undefined,
    identityFields: outcome === 'forwarded' && forwarded ? identityFieldsOf(forwarded) : [],
    answer: own ?? toAnswer(visit, answer, forwarded),
  }
}

function isMetadataRequest(config: GatewayConfig, { method, target }: SimulatedRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && target === metadataTarget(config)
}

function toDecision({ match, method, token }: Visit) {
  if (match === undefined) return undefined
  const { route, params } = match
  const decision = decide(route, method, params, token)
  const trace: DecisionTrace = { lines: [] }
  decide({ policy: writtenPolicy(route) }, method, params, token, trace)
  if (route.report === undefined) return { decision, trace, reported: undefined }
  const { policy } = route.report
  const beside: DecisionTrace = { lines: [] }
  return {
    decision,
    trace,
    reported: { decision: decide({ policy }, method, params, token, beside), policy, trace: beside },
  }
}

/** What the gateway finds while it reads a body, and the simulation when it has it all. */
function isTooLarge({ match }: Visit, { body }: SimulatedRequest, error: GatewayError | undefined): boolean {
  if (match === undefined || match.route.page !== undefined || body === undefined) return false
  if (Buffer.byteLength(body) <= match.route.bodyBytes) return false
  return error === undefined || error.code === 'body_mismatch' || error.code === 'body_malformed'
}

function toOutcome(
  isMetadata: boolean,
  forwarded: ForwardRequest | undefined,
  error: GatewayError | undefined,
): Simulation['outcome'] {
  if (error !== undefined) return 'refused'
  if (isMetadata) return 'metadata'
  if (forwarded === undefined) return 'preflight'
  return forwarded.route.page === undefined ? 'forwarded' : 'page'
}

function toAnswer(visit: Visit, written: UnsentAnswer, forwarded: ForwardRequest | undefined): Answer {
  if (forwarded === undefined) return written
  const headers: string[] = []
  visit.addAnswerFields(headers)
  return { status: 200, headers, body: '' }
}

/** The client's own copies are gone by now, so what has such a name is the gateway's. */
function identityFieldsOf({ headers, route }: ForwardRequest): string[] {
  const fields: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    if (route.identity.headers.has(name)) fields.push(name, headers[i + 1] as string)
  }
  return fields
}
