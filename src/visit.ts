/** What is known about one request while it is under way. The pipeline writes it; the answer and the log read it. */
import type { AccessToken } from './authentication/access-token.ts'
import type { CorsPolicy } from './config/gateway-config.ts'
import type { QuotaReport } from './errors.ts'
import type { ForwardResult, ForwardSender } from './forwarding/forward.ts'
import type { ForwardedFor } from './forwarding/request-headers.ts'
import type { Admission } from './http/admission.ts'
import { corsHeaders } from './http/cors.ts'
import { type Exchange, writeAnswer } from './http/exchange.ts'
import { addSessionFields } from './http/private-answer.ts'
import type { RequestFields } from './http/request-fields.ts'
import type { RequestRecord } from './observability/request-record.ts'
import { readFormField } from './rate-limiting/form-field.ts'
import type { LimitSubject, Quota } from './rate-limiting/limit.ts'
import { addRateLimitFields } from './rate-limiting/rate-limit-headers.ts'
import type { RequestTarget } from './routing/request-target.ts'
import type { RouteMatch } from './routing/route-table.ts'
import type { Limits, Runtime } from './runtime.ts'
import type { BodyVisit } from './validation/check-body.ts'

interface OwnAnswer {
  readonly status: number
  /** Flat: names and values. */
  readonly headers: string[]
  readonly body: string | Uint8Array
}

/** Ends a visit: writes the answer to an error, if there is one, and notes that the request is over. Never throws. */
export type SettleVisit = (visit: Visit, error?: unknown) => void

/**
 * A class with every field set from the start: one shape for all requests, which V8 reads and writes without a lookup.
 * It is itself what the stages ask and tell about the request: a closure for each would cost more than they do.
 */
export class Visit implements LimitSubject, BodyVisit, ForwardSender {
  readonly exchange: Exchange
  /** The configuration that this request began with. */
  readonly runtime: Runtime
  readonly record: RequestRecord
  readonly method: string
  target: RequestTarget = NO_TARGET
  fields: RequestFields | undefined
  forwarded: ForwardedFor | undefined
  match: RouteMatch | undefined
  limits: Limits
  /** CORS policy of the route, or of unmatched requests. */
  cors: CorsPolicy | undefined
  origin: string | undefined
  /** The whole body, if a stage had to read it. */
  body: Buffer | undefined
  token: AccessToken | undefined
  /** Limits that counted this request. */
  quotas: readonly Quota[] = NO_QUOTAS
  /** What the session says in the answer, whoever gives it: flat names and values. */
  sessionFields: readonly string[] | undefined
  /** The subprotocol that a page's token stood behind. */
  subprotocol: string | undefined
  /** Present while it counts among the requests in flight. */
  admission: Pick<Admission, 'release'> | undefined
  #forwardedAtMs = 0
  readonly #settle: SettleVisit

  constructor(exchange: Exchange, runtime: Runtime, record: RequestRecord, settle: SettleVisit) {
    this.exchange = exchange
    this.runtime = runtime
    this.record = record
    this.method = record.method
    this.limits = runtime.limitsOf(undefined)
    this.cors = runtime.config.unmatched.cors
    this.#settle = settle
  }

  settle(error?: unknown): void {
    this.#settle(this, error)
  }

  get clientIp(): string {
    return this.record.clientAddress
  }

  get routePath(): string {
    return this.match?.route.path ?? ''
  }

  /** Ends with an answer of the gateway's own that refuses nothing. */
  answer(reason: string, { status, headers, body }: OwnAnswer): void {
    const { record } = this
    record.decision = 'allowed'
    record.status = status
    record.reason = reason
    record.bytes = writeAnswer(this.exchange, status, headers, body)
    this.settle()
  }

  header(name: string): string | undefined {
    return name === 'host' ? this.fields?.host : this.exchange.incoming.headers[name]?.toString()
  }

  form(name: string): string | undefined {
    return this.body === undefined || this.limits.form.length === 0 ? undefined : readFormField(this.body, name)
  }

  /** It no longer counts among the requests in flight. */
  leave(): void {
    this.admission?.release()
    this.admission = undefined
  }

  /** What every answer says, whoever gives it. Once it begins, a long one (events, a WebSocket) is in nobody's way. */
  addAnswerFields(headers: string[], quotas: readonly QuotaReport[] = this.quotas): void {
    this.leave()
    headers.push('X-Request-Id', this.record.requestId)
    if (this.sessionFields !== undefined) addSessionFields(headers, this.sessionFields)
    if (this.cors !== undefined) headers.push(...corsHeaders(this.cors, this.origin))
    addRateLimitFields(headers, quotas)
  }

  beginForwarding(): void {
    this.#forwardedAtMs = performance.now()
  }

  onForwarded({ status, bytes, origin, aborted }: ForwardResult): void {
    const { record } = this
    record.status = status
    record.bytes = bytes
    record.upstream = origin
    record.upstreamMs = performance.now() - this.#forwardedAtMs
    if (aborted !== undefined) record.reason = aborted
    this.settle()
  }

  onNotForwarded(error: unknown): void {
    this.settle(error)
  }
}

const NO_TARGET: RequestTarget = Object.freeze({ path: '', query: '' })
const NO_QUOTAS: readonly Quota[] = Object.freeze([])
