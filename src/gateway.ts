/** The gateway as a Hono app: its own page, and everything else through the pipeline. */
import { Hono } from 'hono'
import { RegExpRouter } from 'hono/router/reg-exp-router'
import { metadataTarget, toMetadata, toRefusal } from './answer.ts'
import { ERRORS, GatewayError } from './errors.ts'
import { type GatewayEnv, getPath } from './http/adaptor.ts'
import type { Admission } from './http/admission.ts'
import { createDenialTurns } from './http/denial-turns.ts'
import { createRequestId, type Exchange, TAKEN, writeAnswer } from './http/exchange.ts'
import { createRests } from './http/rests.ts'
import { createRequestRecord, type RequestRecord } from './observability/request-record.ts'
import { handleRequest } from './pipeline.ts'
import type { Runtime, Services } from './runtime.ts'
import { type SettleVisit, Visit } from './visit.ts'

export interface GatewayDeps {
  /** The configuration in force; asked once for each request. */
  readonly runtime: () => Runtime
  readonly services: Services
  /** Asked for each request that is not for one of the gateway's own pages. */
  readonly admission: Pick<Admission, 'admit' | 'release'>
  /** Called once for each request, when its answer is complete. */
  readonly onFinished: (record: RequestRecord, durationMs: number) => void
  /** Absent: there is no decision log. */
  readonly noteDecision?: (visit: Visit, error: unknown) => void
}

export function createGateway({
  runtime,
  services,
  admission,
  onFinished,
  noteDecision,
}: GatewayDeps): Hono<GatewayEnv> {
  const inTurn = createDenialTurns()
  const thenRest = createRests(createDenialTurns(() => performance.now()))
  const app = new Hono<GatewayEnv>({ router: new RegExpRouter(), getPath })

  // RFC 9728: lets a client find the authorization server that a challenge asks it to use.
  app.get('/.well-known/oauth-protected-resource/*', async ({ env: { exchange } }, next) => {
    const visit = createVisit(exchange, runtime(), settle)
    if (exchange.incoming.url === metadataTarget(visit.runtime.config)) answerMetadata(visit)
    else await next()
    return TAKEN
  })

  app.all('*', ({ env: { exchange } }) => {
    const visit = createVisit(exchange, runtime(), settle)
    const refusal = admission.admit()
    if (refusal === undefined) {
      visit.admission = admission
      handleRequest(visit, services)
    } else visit.settle(refusal)
    return TAKEN
  })

  function settle(visit: Visit, error?: unknown): void {
    visit.leave()
    if (isDenial(error)) inTurn(() => finish(visit, error))
    else if (isShed(error)) thenRest(visit.exchange, () => finish(visit, error))
    else finish(visit, error)
  }

  function finish(visit: Visit, error: unknown): void {
    const { exchange, record } = visit
    try {
      if (error !== undefined) refuse(visit, error)
    } catch (cause) {
      // An answer that cannot be written. A cut connection says at least that it is not there.
      record.cause = cause
      exchange.outgoing.destroy()
    }
    noteFault(visit)
    noteDecision?.(visit, error)
    onFinished(record, performance.now() - exchange.startedAtMs)
  }
  return app
}

function isDenial(error: unknown): boolean {
  return error instanceof GatewayError && ERRORS[error.code].status < 500
}

/** Who is told to come back must not take the turns of those who were taken in, or there is no end of an overload. */
function isShed(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'overloaded'
}

function answerMetadata(visit: Visit): void {
  try {
    const page = toMetadata(visit)
    visit.record.path = visit.exchange.incoming.url
    visit.answer('metadata', page)
  } catch (error) {
    visit.settle(error)
  }
}

function createVisit(exchange: Exchange, runtime: Runtime, settle: SettleVisit): Visit {
  const { incoming } = exchange
  const peer = runtime.clientAddress(incoming.socket.remoteAddress ?? '', NO_FORWARDED)
  return new Visit(exchange, runtime, createRequestRecord(createRequestId(), incoming.method ?? '', peer), settle)
}

const NO_FORWARDED: readonly string[] = []

/** The client was answered beside the pipeline, which only saw it go. */
function noteFault({ exchange: { fault }, record }: Visit): void {
  if (fault === undefined || record.status !== 499) return
  record.decision = 'denied'
  record.status = ERRORS[fault.error.code].status
  record.reason = fault.error.reason
  // The one in the answer, by which people ask.
  record.requestId = fault.requestId
}

/** Answers with the problem document of an error; whatever is not a GatewayError is a 500 that says nothing. */
function refuse(visit: Visit, thrown: unknown): void {
  const error = thrown instanceof GatewayError ? thrown : new GatewayError('internal_error', 'bug', {}, thrown)
  const { exchange, record } = visit
  const { status, headers, body } = toRefusal(visit, error)
  if (error.details.closeConnection) exchange.outgoing.shouldKeepAlive = false
  record.decision = status < 500 ? 'denied' : 'failed'
  record.status = error.reason === 'client_closed' ? 499 : status
  record.reason = error.reason
  record.cause = error.cause
  record.bytes = writeAnswer(exchange, status, headers, body)
}
