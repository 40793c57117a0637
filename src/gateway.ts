/** The gateway as a Hono app: its own page, and everything else through the pipeline. */
import { Hono } from 'hono'
import { RegExpRouter } from 'hono/router/reg-exp-router'
import { ERRORS, GatewayError } from './errors.ts'
import { type GatewayEnv, getPath } from './http/adaptor.ts'
import { resourceMetadata, resourceMetadataUrl, toChallenge } from './http/challenge.ts'
import { corsHeaders, preflightHeaders } from './http/cors.ts'
import { createRequestId, type Exchange, TAKEN, writeAnswer } from './http/exchange.ts'
import { toProblem } from './http/problem.ts'
import { createRequestRecord, type RequestRecord } from './observability/request-record.ts'
import { handleRequest } from './pipeline.ts'
import { addRateLimitFields } from './rate-limiting/rate-limit-headers.ts'
import type { Runtime, Services } from './runtime.ts'
import type { Visit } from './visit.ts'

export interface GatewayDeps {
  /** The configuration in force; asked once for each request. */
  readonly runtime: () => Runtime
  readonly services: Services
  /** Called once for each request, when its answer is complete. */
  readonly onFinished: (record: RequestRecord, durationMs: number) => void
}

export function createGateway({ runtime, services, onFinished }: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>({ router: new RegExpRouter(), getPath })

  // RFC 9728: lets a client find the authorization server that a challenge asks it to use.
  app.get('/.well-known/oauth-protected-resource/*', async ({ env: { exchange } }, next) => {
    const { pathname } = new URL(resourceMetadataUrl(runtime().config, 'http://localhost'))
    if (exchange.incoming.url === pathname) return serve(exchange, answerMetadata)
    await next()
    return TAKEN
  })

  app.all('*', ({ env: { exchange } }) =>
    serve(exchange, async (visit, current) => {
      const outcome = await handleRequest(visit, current, services)
      if (outcome === 'preflight') answerPreflight(visit)
    }),
  )

  async function serve(exchange: Exchange, answer: (visit: Visit, runtime: Runtime) => unknown): Promise<Response> {
    const current = runtime()
    const visit = createVisit(exchange, current)
    try {
      await answer(visit, current)
    } catch (error) {
      refuse(visit, current, error)
    }
    noteFault(visit)
    onFinished(visit.record, performance.now() - exchange.startedAtMs)
    return TAKEN
  }
  return app
}

/** The page shows the Host field: what is refused elsewhere for its fields is refused here too. */
function answerMetadata({ exchange, record }: Visit, { config, scheme, readFields }: Runtime): void {
  readFields(exchange.incoming.rawHeaders, config.limits.headersBytes) // 400 431
  record.path = exchange.incoming.url
  record.status = 200
  record.decision = 'allowed'
  record.reason = 'metadata'
  const headers = ['Content-Type', 'application/json', 'Access-Control-Allow-Origin', '*']
  const document = JSON.stringify(resourceMetadata(config, toBaseUrl(exchange, scheme)))
  record.bytes = writeAnswer(exchange, 200, headers, document)
}

function createVisit(exchange: Exchange, runtime: Runtime): Visit {
  const { incoming } = exchange
  const clientAddress = incoming.socket.remoteAddress ?? ''
  const requestId = createRequestId()
  return {
    exchange,
    record: createRequestRecord(requestId, incoming.method ?? '', clientAddress),
    cors: runtime.config.unmatched.cors,
    origin: incoming.headers.origin,
    forwarded: {
      clientAddress,
      chain: clientAddress,
      scheme: runtime.scheme,
      host: incoming.headers.host ?? '',
      requestId,
      pseudonym: runtime.pseudonym,
    },
    quotas: [],
  }
}

/** The client was answered beside the pipeline, which only saw it go. */
function noteFault({ exchange: { fault }, record }: Visit): void {
  if (fault === undefined || record.status !== 499) return
  record.decision = 'denied'
  record.status = ERRORS[fault.code].status
  record.reason = fault.reason
}

function answerPreflight({ exchange, record, cors, origin }: Visit): void {
  const requested = exchange.incoming.headers['access-control-request-headers']
  record.status = 204
  record.decision = 'allowed'
  record.reason = 'preflight'
  writeAnswer(exchange, 204, preflightHeaders(cors, origin, requested), '')
}

/** Answers with the problem document of an error; whatever is not a GatewayError is a 500 that says nothing. */
function refuse(visit: Visit, runtime: Runtime, thrown: unknown): void {
  const error = thrown instanceof GatewayError ? thrown : new GatewayError('internal_error', 'bug', {}, thrown)
  const { exchange, record } = visit
  const problem = toProblem(error, record.requestId)
  const headers = [...problem.headers, 'X-Request-Id', record.requestId, ...corsHeaders(visit.cors, visit.origin)]
  const metadataUrl = resourceMetadataUrl(runtime.config, toBaseUrl(exchange, visit.forwarded.scheme))
  const challenge = toChallenge(error, metadataUrl)
  if (challenge !== undefined) headers.push('WWW-Authenticate', challenge)
  addRateLimitFields(headers, [...visit.quotas, ...(error.details.quotas ?? [])])
  if (error.details.closeConnection) exchange.outgoing.shouldKeepAlive = false
  record.decision = problem.status < 500 ? 'denied' : 'failed'
  record.status = error.reason === 'client_closed' ? 499 : problem.status
  record.reason = error.reason
  record.cause = error.cause
  record.bytes = writeAnswer(exchange, problem.status, headers, problem.body)
}

/** As the client addressed us. The Host field is the client's word, and goes back to nobody else. */
function toBaseUrl({ incoming }: Exchange, scheme: 'http' | 'https'): string {
  const host = incoming.headers.host ?? 'localhost'
  return `${scheme}://${/^[\w.:[\]-]+$/.test(host) ? host : 'localhost'}`
}
