import type { LogConfig } from '../config/gateway-config.ts'
import { describeCause, type Logger, type LogSink } from './logger.ts'
import type { RequestRecord } from './request-record.ts'

export type AccessLog = (config: LogConfig, record: RequestRecord, durationMs: number) => void

/**
 * One line for each request: who asked for what, the decision and its reason. No token, no query, no field values.
 *
 * The line is what `logger` would write, put together by hand: pino costs four times as much, which here is a tenth of
 * a request. Every text in it is JSON, so nothing that a client sends can end a line or a field.
 *
 * @param logger says whether the level is wanted
 * @param sink gets the lines, in turn with those of `logger`
 * @param clock milliseconds since the epoch
 */
export function createAccessLog(logger: Logger, sink: LogSink, clock: () => number = Date.now): AccessLog {
  const time = createIsoTime(clock)
  const method = createRepeatedField('method')
  const route = createRepeatedField('route')
  const reason = createRepeatedField('reason')
  const wouldDeny = createRepeatedField('wouldDeny')
  const issuer = createRepeatedField('issuer')
  const clientId = createRepeatedField('clientId')
  const upstream = createRepeatedField('upstream')

  return (config, record, durationMs) => {
    if (config.access === 'none' || (config.access === 'denials' && passes(record))) return
    const level = record.decision === 'failed' && record.status >= 500 ? 'error' : 'info'
    if (!logger.isLevelEnabled(level)) return
    sink.write(
      `{"level":"${level}","time":"${time()}"` +
        textField('requestId', record.requestId) +
        method(record.method) +
        textField('path', record.path) +
        `,"status":${toNumber(record.status)}` +
        route(record.route) +
        `,"decision":"${record.decision}"` +
        reason(record.reason) +
        wouldDeny(record.wouldDeny) +
        (record.wouldAllow ? ',"wouldAllow":true' : '') +
        issuer(record.issuer) +
        clientId(record.clientId) +
        textField('subject', toSubject(config, record)) +
        textField('clientAddress', record.clientAddress) +
        upstream(record.upstream) +
        textField('traceparent', record.traceparent) +
        `,"bytes":${toNumber(record.bytes)},"durationMs":${toMs(durationMs)}` +
        (record.upstreamMs === undefined ? '' : `,"upstreamMs":${toMs(record.upstreamMs)}`) +
        (record.cause === undefined ? '' : textField('cause', describeCause(record.cause))) +
        ',"msg":"request"}\n',
    )
  }
}

/** Not even the policy that is only reported refuses it. */
function passes({ decision, wouldDeny }: RequestRecord): boolean {
  return decision === 'allowed' && wouldDeny === undefined
}

function toSubject(config: LogConfig, record: RequestRecord): string | undefined {
  if (config.subject === 'none') return undefined
  return config.subject === 'id' ? record.subject : record.subjectHash
}

/** Characters that stand for themselves in JSON, and take one byte. */
const PLAIN = /^[ !#-[\]-~]*$/

function textField(name: string, value: string | undefined): string {
  if (value === undefined) return ''
  return PLAIN.test(value) ? `,"${name}":"${value}"` : `,"${name}":${JSON.stringify(value)}`
}

/** As many as there may be routes. */
const MAX_KNOWN = 16_384

/** For values that come again and again, such as routes: a look-up is cheaper than a check of each character. */
function createRepeatedField(name: string): (value: string | undefined) => string {
  const known = new Map<string, string>()
  return (value) => {
    if (value === undefined) return ''
    const before = known.get(value)
    if (before !== undefined) return before
    const field = textField(name, value)
    if (known.size === MAX_KNOWN) known.clear()
    known.set(value, field)
    return field
  }
}

/** Formats each millisecond once: a busy process writes many lines in one. */
function createIsoTime(clock: () => number): () => string {
  let formattedMs = Number.NaN
  let text = ''
  return () => {
    const nowMs = clock()
    if (nowMs !== formattedMs) {
      formattedMs = nowMs
      text = new Date(nowMs).toISOString()
    }
    return text
  }
}

function toNumber(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

/** `.001` to `.999` without zeros at the end; nothing for 0. To format a fraction costs more than to look one up. */
const FRACTIONS = Array.from({ length: 1000 }, (_, thousandths) => String(thousandths / 1000).slice(1))
const MAX_SMALL_INTEGER = 2 ** 31 - 1

/** As JSON, rounded to microseconds. */
function toMs(ms: number): string {
  const micros = Math.round(ms * 1000)
  if (!(micros >= 0 && micros <= MAX_SMALL_INTEGER)) return String(toNumber(micros / 1000))
  const whole = Math.trunc(micros / 1000)
  return `${whole}${FRACTIONS[micros - whole * 1000]}`
}
