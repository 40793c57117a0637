import type { LogConfig } from '../config/gateway-config.ts'
import type { Logger } from './logger.ts'
import type { RequestRecord } from './request-record.ts'

/** One line for each request: who asked for what, the decision and its reason. No token, no query, no field values. */
export function logAccess(logger: Logger, config: LogConfig, record: RequestRecord, durationMs: number): void {
  if (config.access === 'none' || (config.access === 'denials' && record.decision === 'allowed')) return
  const line = {
    requestId: record.requestId,
    method: record.method,
    path: record.path,
    status: record.status,
    route: record.route,
    decision: record.decision,
    reason: record.reason,
    issuer: record.issuer,
    clientId: record.clientId,
    subject: toSubject(config, record),
    clientAddress: record.clientAddress,
    upstream: record.upstream,
    traceparent: record.traceparent,
    bytes: record.bytes,
    durationMs: round(durationMs),
    upstreamMs: record.upstreamMs === undefined ? undefined : round(record.upstreamMs),
    cause: record.cause,
  }
  if (record.decision === 'failed' && record.status >= 500) logger.error(line, 'request')
  else logger.info(line, 'request')
}

function toSubject(config: LogConfig, record: RequestRecord): string | undefined {
  if (config.subject === 'none') return undefined
  return config.subject === 'id' ? record.subject : record.subjectHash
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
