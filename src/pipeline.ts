/**
 * The path of a request. This is the only place that knows the order of the stages.
 *
 * A stage returns nothing and the next one runs at once; or a promise, and the next one waits for it; or throws a
 * GatewayError. What everybody asks for (a cached token, a window in memory) needs no promise: one for each stage would
 * cost more than the stages.
 */
import type { AccessToken } from './authentication/access-token.ts'
import { presentedToken, readBearerToken } from './authentication/bearer-token.ts'
import { assertAllowed, decide, needsToken } from './authorization/decide.ts'
import { decideAndReport } from './authorization/decide-and-report.ts'
import { GatewayError } from './errors.ts'
import { toUpstreamPath } from './forwarding/rewrite.ts'
import { isPreflight, preflightHeaders } from './http/cors.ts'
import { readSmallBody } from './http/form-body.ts'
import type { RequestFields } from './http/request-fields.ts'
import { answerOwnPage } from './own-page.ts'
import { redeemTicket, takePageToken, termsOf } from './page-token-stage.ts'
import type { Quota } from './rate-limiting/limit.ts'
import { readRequestTarget } from './routing/request-target.ts'
import type { RouteMatch } from './routing/route-table.ts'
import type { Services } from './runtime.ts'
import { presentSession, readsSession } from './session-stage.ts'
import { toUpstreamFields } from './upstream-fields.ts'
import { checkBody } from './validation/check-body.ts'
import { assertForm } from './validation/content-type.ts'
import type { Visit } from './visit.ts'

/** The stage has taken the visit over, and will settle it. */
const TAKEN_OVER = Symbol('taken over')

type Stage = (visit: Visit, services: Services) => void | Promise<void> | typeof TAKEN_OVER

const STAGES: readonly Stage[] = [
  readTarget, // 400 414
  readFields, // 400 431 508
  matchRoute, // says nothing yet: whether there is a route is told to those who are known
  answerPreflight, // 204
  readForm, // 408 413 415
  limitBeforeAuth, // 429 503
  authenticate, // 400 401 503
  authorize, // 404 405 403
  limitAfterAuth, // 429 503
  checkBody, // 400 413 415 422
  checkClient, // is it still there?
  forward, // 408 413 502 503 504
]

/** Takes a request from its target to the end of its answer. Never throws: the visit is settled with what went wrong. */
export function handleRequest(visit: Visit, services: Services, firstStage = 0): void {
  try {
    for (let i = firstStage; i < STAGES.length; i += 1) {
      const outcome = (STAGES[i] as Stage)(visit, services)
      if (outcome === undefined) continue
      if (outcome instanceof Promise) {
        outcome.then(
          () => handleRequest(visit, services, i + 1),
          (error: unknown) => visit.settle(error),
        )
      }
      return
    }
  } catch (error) {
    visit.settle(error)
  }
}

function readTarget(visit: Visit): void {
  const { exchange, record, runtime } = visit
  visit.target = readRequestTarget(exchange.incoming.url ?? '', runtime.config.limits.urlBytes)
  record.path = visit.target.path
}

function readFields(visit: Visit): void {
  const { exchange, record, runtime } = visit
  const { incoming } = exchange
  if (incoming.httpVersion !== '1.1') assertReadableVersion(visit)
  const fields = runtime.readFields(incoming.rawHeaders, runtime.config.limits.headersBytes)
  visit.fields = fields
  visit.origin = fields.origin
  const peer = record.clientAddress
  const isRelayed = fields.forwardedFor.length > 0 || fields.forwardedProto !== undefined
  const trusted = isRelayed && runtime.clientAddress.isTrusted(peer)
  if (trusted) record.clientAddress = runtime.clientAddress(peer, fields.forwardedFor)
  if (fields.requestId !== undefined) record.requestId = fields.requestId
  record.traceparent = fields.traceparent
  visit.forwarded = {
    clientAddress: record.clientAddress,
    chain: trusted ? [...fields.forwardedFor, peer].join(', ') : peer,
    scheme: trusted && fields.forwardedProto ? toScheme(fields.forwardedProto) : runtime.scheme,
    host: fields.host,
    requestId: record.requestId,
    pseudonym: runtime.pseudonym,
  }
  if (fields.looped) throw new GatewayError('loop_detected', 'loop')
}

/** The parser also takes 0.9 and 2.0, which are framed in another way. */
function assertReadableVersion({ exchange: { incoming } }: Visit): void {
  const { httpVersion, headers } = incoming
  if (httpVersion !== '1.0') throw new GatewayError('malformed_request', 'http_version', { closeConnection: true })
  // Who speaks 1.0 knows no chunks: somebody between us may have read the body in another way (RFC 9112 section 6.1).
  if (headers['transfer-encoding'] === undefined) return
  throw new GatewayError('malformed_request', 'transfer_encoding_1_0', { closeConnection: true })
}

function toScheme(forwardedProto: string): 'http' | 'https' {
  return forwardedProto.trim().toLowerCase() === 'https' ? 'https' : 'http'
}

function matchRoute(visit: Visit): void {
  const match = visit.runtime.routes.match(visit.target.path)
  if (match === undefined) return
  visit.match = match
  visit.record.route = match.route.path
  visit.cors = match.route.cors
  visit.limits = visit.runtime.limitsOf(match.route)
}

function answerPreflight(visit: Visit): typeof TAKEN_OVER | undefined {
  const { exchange, cors, origin } = visit
  if (!isPreflight(visit.method, fieldsOf(visit))) return undefined
  const requested = exchange.incoming.headers['access-control-request-headers']
  visit.answer('preflight', { status: 204, headers: preflightHeaders(cors, origin, requested), body: '' })
  return TAKEN_OVER
}

/** Reads a form that a limit counts by. The rest of the pipeline then has the body as a whole. */
function readForm(visit: Visit): Promise<void> | undefined {
  const fields = fieldsOf(visit)
  const route = visit.match?.route
  if (visit.limits.form.length === 0 || !fields.hasBody || route === undefined) return undefined
  assertForm(fields.endToEnd)
  if (visit.body !== undefined) return undefined
  const { bodyBytes: maxBytes, timeouts } = route
  const limits = { contentLength: fields.contentLength, maxBytes, idleMs: timeouts.idleMs }
  return readSmallBody(visit.exchange, limits).then((body) => {
    visit.body = body
  })
}

function limitBeforeAuth(visit: Visit, { limits }: Services): Promise<void> | undefined {
  if (visit.limits.before.length === 0) return undefined
  return keepQuotas(visit, limits.limit(visit.limits.before, visit))
}

function keepQuotas(visit: Visit, quotas: Quota[] | Promise<Quota[]>): Promise<void> | undefined {
  if (quotas instanceof Promise) return quotas.then((counted) => addQuotas(visit, counted))
  addQuotas(visit, quotas)
  return undefined
}

function addQuotas(visit: Visit, quotas: readonly Quota[]): void {
  visit.quotas = visit.quotas.length === 0 ? quotas : [...visit.quotas, ...quotas]
}

function authenticate(visit: Visit): Promise<void> | undefined {
  const route = visit.match?.route
  const ticket = route?.tokenFrom === undefined ? undefined : takePageToken(visit, route.tokenFrom)
  if (route !== undefined && !needsToken(route.policy, visit.method)) return undefined
  if (ticket !== undefined) return redeemTicket(visit, ticket).then(() => verify(visit))
  return readsSession(visit) ? presentSession(visit).then(() => verify(visit)) : verify(visit)
}

/** A session allows nothing by itself: its token is verified and judged like every other one. */
function verify(visit: Visit): Promise<void> | undefined {
  const route = visit.match?.route
  const { authenticator } = visit.runtime
  const { authorization } = fieldsOf(visit)
  const { query } = visit.target
  const known = authenticator.recall(presentedToken(authorization, query), route?.issuers)
  if (known !== undefined) return keepToken(visit, known)
  const verified = authenticator.authenticate(readBearerToken(authorization, query), route?.issuers)
  return verified instanceof Promise ? verified.then((token) => keepToken(visit, token)) : keepToken(visit, verified)
}

function keepToken(visit: Visit, token: AccessToken): undefined {
  const { record } = visit
  visit.token = token
  record.issuer = token.issuer
  record.clientId = token.clientId
  record.subject = token.subject
  record.subjectHash = token.subjectHash
}

function authorize({ match, method, token, runtime, record }: Visit): void {
  if (match === undefined) throw new GatewayError('not_found', 'no_route')
  const { route, params } = match
  const decision =
    route.report === undefined
      ? decide(route, method, params, token)
      : decideAndReport(route, { method, params, token, nowMs: runtime.now() }, record)
  assertAllowed(decision)
}

/** A request that this refuses has cost nothing: what the limits before authentication counted is given back. */
function limitAfterAuth(visit: Visit, { limits }: Services): Promise<void> | undefined {
  if (visit.limits.after.length === 0) return undefined
  const giveBack = (error: unknown): never => {
    limits.refundAll(visit.quotas)
    throw error
  }
  try {
    return keepQuotas(visit, limits.limit(visit.limits.after, visit))?.catch(giveBack)
  } catch (error) {
    return giveBack(error)
  }
}

/** Nothing is sent to an upstream for a client that has left while its request waited. */
function checkClient({ exchange }: Visit): Promise<void> | undefined {
  assertConnected(exchange)
  return exchange.presence?.then(() => assertConnected(exchange))
}

function assertConnected({ incoming }: Visit['exchange']): void {
  if (incoming.socket.destroyed) throw new GatewayError('request_timeout', 'client_closed')
}

function forward(visit: Visit, services: Services): Promise<void> | typeof TAKEN_OVER {
  const match = visit.match as RouteMatch
  const own = match.route.page && answerOwnPage(visit, match.route.page)
  if (own !== undefined) return own
  const { exchange, record, target, token } = visit
  record.decision = 'allowed'
  record.reason = token === undefined ? 'public' : 'allowed'
  const fields = fieldsOf(visit)
  visit.beginForwarding()
  services.forward({
    client: exchange,
    sender: visit,
    route: match.route,
    method: visit.method,
    path: toUpstreamPath(match, target),
    headers: toUpstreamFields(visit, fields, match),
    hasBody: fields.hasBody,
    contentLength: fields.contentLength,
    bufferedBody: visit.body,
    terms: match.route.tokenFrom === undefined ? undefined : termsOf(visit),
  })
  return TAKEN_OVER
}

/** Every stage but the first two runs after `readFields`. */
function fieldsOf(visit: Visit): RequestFields {
  return visit.fields as RequestFields
}
