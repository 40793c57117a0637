/**
 * The path of a request. This is the only place that knows the order of the stages:
 *
 *     target → fields → route → limit (before-auth) → authenticate → authorize → limit → forward
 *
 * A stage returns what the next one needs or throws a GatewayError. It may answer at once (a cached token, a window in
 * memory) or with a promise.
 */
import type { AccessToken } from './authentication/access-token.ts'
import { readBearerToken } from './authentication/bearer-token.ts'
import { assertAllowed, decide, needsToken } from './authorization/decide.ts'
import type { RouteConfig } from './config/gateway-config.ts'
import { GatewayError } from './errors.ts'
import type { ForwardRequest } from './forwarding/forward.ts'
import { addForwardingFields, addIdentityFields } from './forwarding/request-headers.ts'
import { toUpstreamPath } from './forwarding/rewrite.ts'
import { corsHeaders, isPreflight } from './http/cors.ts'
import { isForm, readSmallBody } from './http/form-body.ts'
import type { RequestFields } from './http/request-fields.ts'
import { readFormField } from './rate-limiting/form-field.ts'
import type { LimitSubject, Quota } from './rate-limiting/limit.ts'
import { addRateLimitFields } from './rate-limiting/rate-limit-headers.ts'
import { type RequestTarget, readRequestTarget } from './routing/request-target.ts'
import type { RouteMatch } from './routing/route-table.ts'
import type { Limits, Runtime, Services } from './runtime.ts'
import type { Visit } from './visit.ts'

/**
 * Takes a request from its target to the end of its answer.
 * Resolves to `preflight` when the answer is still to be written; rejects with a GatewayError when it is to be refused.
 */
export async function handleRequest(visit: Visit, runtime: Runtime, services: Services): Promise<'preflight' | 'done'> {
  const { exchange, record } = visit
  const { config } = runtime
  const method = exchange.incoming.method ?? ''

  const target = readRequestTarget(exchange.incoming.url ?? '', config.limits.urlBytes) // 400 414
  record.path = target.path
  const fields = readFields(visit, runtime) // 400 431 508

  const match = runtime.routes.match(target.path) // what to answer without a match is said once the caller is known
  const route = match?.route
  record.route = route?.path
  visit.cors = route === undefined ? config.unmatched.cors : route.cors
  if (isPreflight(method, fields)) return 'preflight'

  const limits = runtime.limitsOf(route)
  const body = limits.form.length > 0 ? await readForm(visit, fields, route) : undefined // 408 413
  const subject = toLimitSubject(visit, fields, limits, body, route)
  const early = services.limits.limit(limits.before, subject) // 429
  visit.quotas = early instanceof Promise ? await early : early

  const isOpen = route !== undefined && !needsToken(route.policy, method)
  const token = isOpen ? undefined : await authenticate(visit, runtime, fields, target, route) // 400 401 503
  if (match === undefined) throw new GatewayError('not_found', 'no_route') // 404
  assertAllowed(decide(match.route, method, match.params, token)) // 405 403

  if (limits.after.length > 0) await limitLate(visit, services, limits, { ...subject, token }) // 429
  if (exchange.incoming.socket.destroyed) throw new GatewayError('request_timeout', 'client_closed')
  record.decision = 'allowed'
  record.reason = token === undefined ? 'public' : 'allowed'

  const startedAtMs = performance.now()
  const result = await services.forward(toForwardRequest(visit, match, target, fields, token, body)) // 408 413 502 504
  record.status = result.status
  record.bytes = result.bytes
  record.upstream = result.origin
  record.upstreamMs = performance.now() - startedAtMs
  if (result.aborted !== undefined) record.reason = result.aborted
  return 'done'
}

function readFields(visit: Visit, runtime: Runtime): RequestFields {
  const { exchange, record } = visit
  if (exchange.incoming.httpVersion !== '1.1') assertReadableVersion(exchange)
  const fields = runtime.readFields(exchange.incoming.rawHeaders, runtime.config.limits.headersBytes)
  visit.origin = fields.origin
  const peer = runtime.clientAddress(exchange.incoming.socket.remoteAddress ?? '', [])
  const isRelayed = fields.forwardedFor.length > 0 || fields.forwardedProto !== undefined
  const trusted = isRelayed && runtime.clientAddress.isTrusted(peer)
  visit.forwarded = {
    clientAddress: trusted ? runtime.clientAddress(peer, fields.forwardedFor) : peer,
    chain: trusted ? [...fields.forwardedFor, peer].join(', ') : peer,
    scheme: trusted && fields.forwardedProto ? toScheme(fields.forwardedProto) : runtime.scheme,
    host: fields.host,
    requestId: fields.requestId ?? record.requestId,
    pseudonym: runtime.pseudonym,
  }
  record.requestId = visit.forwarded.requestId
  record.clientAddress = visit.forwarded.clientAddress
  record.traceparent = fields.traceparent
  if (fields.looped) throw new GatewayError('loop_detected', 'loop')
  return fields
}

/** The parser also takes 0.9 and 2.0, which are framed in another way. */
function assertReadableVersion({ incoming: { httpVersion, headers } }: Visit['exchange']): void {
  if (httpVersion !== '1.0') throw new GatewayError('malformed_request', 'http_version', { closeConnection: true })
  // Who speaks 1.0 knows no chunks: somebody between us may have read the body in another way (RFC 9112 section 6.1).
  if (headers['transfer-encoding'] === undefined) return
  throw new GatewayError('malformed_request', 'transfer_encoding_1_0', { closeConnection: true })
}

function toScheme(forwardedProto: string): 'http' | 'https' {
  return forwardedProto.trim().toLowerCase() === 'https' ? 'https' : 'http'
}

/** Reads a form that a limit counts by. The rest of the pipeline then has the body as a whole. */
function readForm(visit: Visit, fields: RequestFields, route: RouteConfig | undefined): Promise<Buffer> | undefined {
  if (!fields.hasBody || route === undefined || !isForm(fields.contentType)) return undefined
  return readSmallBody(visit.exchange, fields.contentLength, route.bodyBytes)
}

function toLimitSubject(
  { exchange, forwarded }: Visit,
  fields: RequestFields,
  limits: Limits,
  body: Buffer | undefined,
  route: RouteConfig | undefined,
): LimitSubject {
  const { headers } = exchange.incoming
  return {
    clientIp: forwarded.clientAddress,
    routePath: route?.path ?? '',
    header: (name) => (name === 'host' ? fields.host : headers[name]?.toString()),
    form: (name) => (body === undefined || limits.form.length === 0 ? undefined : readFormField(body, name)),
  }
}

async function authenticate(
  { record }: Visit,
  runtime: Runtime,
  fields: RequestFields,
  target: RequestTarget,
  route: RouteConfig | undefined,
): Promise<AccessToken> {
  const bearer = readBearerToken(fields.authorization, target.query)
  const token = await runtime.authenticator.authenticate(bearer, route?.issuers)
  record.issuer = token.issuer
  record.clientId = token.clientId
  record.subject = token.subject
  record.subjectHash = token.subjectHash
  return token
}

/** A request that this refuses has cost nothing: what the limits before authentication counted is given back. */
async function limitLate(visit: Visit, services: Services, limits: Limits, subject: LimitSubject): Promise<void> {
  try {
    const quotas: readonly Quota[] = await services.limits.limit(limits.after, subject)
    visit.quotas = [...visit.quotas, ...quotas]
  } catch (error) {
    services.limits.refundAll(visit.quotas)
    visit.quotas = visit.quotas.map((quota) => ({ ...quota, remaining: quota.remaining + 1 }))
    throw error
  }
}

function toForwardRequest(
  visit: Visit,
  match: RouteMatch,
  target: RequestTarget,
  fields: RequestFields,
  token: AccessToken | undefined,
  bufferedBody: Buffer | undefined,
): ForwardRequest {
  const { exchange, cors, forwarded } = visit
  const { route } = match
  const headers = fields.endToEnd
  addForwardingFields(headers, forwarded)
  if (token !== undefined) addIdentityFields(headers, route.identity, token)
  if (route.identity.authorization === 'forward') {
    for (const value of fields.authorization) headers.push('Authorization', value)
  }
  if (fields.contentLength !== undefined) headers.push('Content-Length', String(fields.contentLength))
  const responseFields = ['X-Request-Id', forwarded.requestId, ...corsHeaders(cors, visit.origin)]
  addRateLimitFields(responseFields, visit.quotas)
  return {
    incoming: exchange.incoming,
    outgoing: exchange.outgoing,
    upgrade: route.websocket ? exchange.upgrade : undefined,
    upstream: route.upstream,
    timeouts: route.timeouts,
    method: exchange.incoming.method ?? '',
    path: toUpstreamPath(match, target),
    headers,
    hasBody: fields.hasBody,
    contentLength: fields.contentLength,
    bufferedBody,
    maxBodyBytes: route.bodyBytes,
    awaitsContinue: exchange.awaitsContinue,
    responseFields,
    ownsResponseField: cors === undefined ? ownsAlways : ownsWithCors,
  }
}

/** The gateway counts and names the request; an upstream's own fields of these names would contradict it. */
const ownsAlways = (name: string): boolean =>
  name === 'x-request-id' || name === 'ratelimit' || name === 'ratelimit-policy'
const ownsWithCors = (name: string): boolean => ownsAlways(name) || name.startsWith('access-control-')
