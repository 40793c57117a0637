/** What is known about one request while it is under way. The pipeline writes it; the answer and the log read it. */
import type { CorsPolicy } from './config/gateway-config.ts'
import type { ForwardedFor } from './forwarding/request-headers.ts'
import type { Exchange } from './http/exchange.ts'
import type { RequestRecord } from './observability/request-record.ts'
import type { Quota } from './rate-limiting/limit.ts'

export interface Visit {
  readonly exchange: Exchange
  readonly record: RequestRecord
  /** CORS policy of the route, or of unmatched requests. */
  cors: CorsPolicy | undefined
  origin: string | undefined
  forwarded: ForwardedFor
  /** Limits that counted this request. */
  quotas: readonly Quota[]
}
