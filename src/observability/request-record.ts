/** What the access log and the metrics say about a request. The pipeline fills it in as it learns more. */
export interface RequestRecord {
  requestId: string
  method: string
  /** Canonical path; the raw one never reaches a log. Absent: it was refused. */
  path: string | undefined
  clientAddress: string
  /** The route's path as the file has it; absent: no route. */
  route: string | undefined
  status: number
  decision: 'allowed' | 'denied' | 'failed'
  /** Low-cardinality word: `allowed`, or why not. */
  reason: string
  /** The policy that is only reported refuses this request, for this reason; the one that is enforced does not. */
  wouldDeny: string | undefined
  /** The policy that is only reported allows this request; the one that is enforced does not. */
  wouldAllow: true | undefined
  issuer: string | undefined
  clientId: string | undefined
  subject: string | undefined
  subjectHash: string | undefined
  upstream: string | undefined
  traceparent: string | undefined
  bytes: number
  /** Time in the upstream stage. */
  upstreamMs: number | undefined
  /** What happened inside the gateway; never for the client. */
  cause: unknown
}

export function createRequestRecord(requestId: string, method: string, clientAddress: string): RequestRecord {
  return {
    requestId,
    method,
    path: undefined,
    clientAddress,
    route: undefined,
    status: 0,
    decision: 'failed',
    reason: 'internal_error',
    wouldDeny: undefined,
    wouldAllow: undefined,
    issuer: undefined,
    clientId: undefined,
    subject: undefined,
    subjectHash: undefined,
    upstream: undefined,
    traceparent: undefined,
    bytes: 0,
    upstreamMs: undefined,
    cause: undefined,
  }
}
