import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogConfig } from '../../../src/config/gateway-config.ts'
import { createAccessLog } from '../../../src/observability/access-log.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { createRequestRecord, type RequestRecord } from '../../../src/observability/request-record.ts'
import { holds } from '../../support/cases.ts'

const CONFIG: LogConfig = { level: 'info', access: 'all', subject: 'hash' }

function setUp(level: LogConfig['level'] = 'info', clock?: () => number) {
  const lines: string[] = []
  const sink = { write: (line: string) => void lines.push(line), flush() {}, close() {} }
  const logger = createLogger({ level }, sink)
  return { lines, logger, logAccess: createAccessLog(logger, sink, clock) }
}

const parse = (line = ''): Record<string, unknown> => JSON.parse(line)
/** With their order. */
const fieldsOf = (line: string | undefined) => Object.entries(parse(line)).filter(([name]) => name !== 'time')

/** Any UTF-16 code units, halves of surrogate pairs among them; often such as occur, or break JSON and lines. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 150 }),
  fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '\r', '\0', '\x1f', '\x7f', '\u2028', 'é', '😀') }),
  fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
)
const maybe = fc.option(text, { nil: undefined })
const number = fc.oneof(fc.nat(), fc.double(), fc.double({ min: 0, max: 10_000, noNaN: true }), fc.integer())
const cause: fc.Arbitrary<unknown> = fc.oneof(
  fc.constant(undefined),
  text.map((message) => new Error(message)),
  text.map((name) => Object.assign(new Error('x', { cause: new TypeError(name) }), { name, code: name })),
  fc.anything(),
)
const record: fc.Arbitrary<RequestRecord> = fc.record({
  requestId: text,
  method: text,
  path: maybe,
  clientAddress: text,
  route: maybe,
  status: fc.oneof(fc.constantFrom(200, 403, 500, 502), number),
  decision: fc.constantFrom('allowed', 'denied', 'failed'),
  reason: text,
  wouldDeny: maybe,
  wouldAllow: fc.constantFrom(true, undefined),
  issuer: maybe,
  clientId: maybe,
  subject: maybe,
  subjectHash: maybe,
  upstream: maybe,
  traceparent: maybe,
  bytes: number,
  upstreamMs: fc.option(number, { nil: undefined }),
  cause,
})

const round = (ms: number) => Math.round(ms * 1000) / 1000

/** What a line says, given to pino. */
function toFields(config: LogConfig, { subject, subjectHash, ...rest }: RequestRecord, durationMs: number) {
  return {
    requestId: rest.requestId,
    method: rest.method,
    path: rest.path,
    status: rest.status,
    route: rest.route,
    decision: rest.decision,
    reason: rest.reason,
    wouldDeny: rest.wouldDeny,
    wouldAllow: rest.wouldAllow,
    issuer: rest.issuer,
    clientId: rest.clientId,
    subject: { none: undefined, id: subject, hash: subjectHash }[config.subject],
    clientAddress: rest.clientAddress,
    upstream: rest.upstream,
    traceparent: rest.traceparent,
    bytes: rest.bytes,
    durationMs: round(durationMs),
    upstreamMs: rest.upstreamMs === undefined ? undefined : round(rest.upstreamMs),
    cause: rest.cause,
  }
}

describe('a line of the access log', () => {
  it('is one line of plain JSON with the fields that pino would write, in its order, whatever they hold', () => {
    const { lines, logger, logAccess } = setUp()
    const subject = fc.constantFrom<LogConfig['subject']>('hash', 'id', 'none')
    holds(
      fc.property(record, number, subject, (record, durationMs, subject) => {
        lines.length = 0
        const config = { ...CONFIG, subject }
        logAccess(config, record, durationMs)
        const level = record.decision === 'failed' && record.status >= 500 ? 'error' : 'info'
        logger[level](toFields(config, record, durationMs), 'request')
        expect(fieldsOf(lines[0])).toEqual(fieldsOf(lines[1]))
        expect(lines[0]).toMatch(/^\{[^\n\r]*\}\n$/)
        expect(lines[0]?.isWellFormed()).toBe(true)
      }),
      { usual: 2000, nightly: 20_000 },
    )
  })

  it('is the same for values that were seen before, however many there are', () => {
    const { lines, logAccess } = setUp()
    for (let i = 0; i < 5000; i++) {
      const route = `/${i % 1500}/"`
      logAccess(CONFIG, { ...createRequestRecord('r', 'GET', '192.0.2.1'), route }, 1)
      expect(parse(lines[i]).route).toBe(route)
    }
  })

  it('shows times to the microsecond, as a number', () => {
    const { lines, logAccess } = setUp()
    const durations = [0, 0.0004, 0.001, 0.05, 0.1, 0.9996, 1, 12.345, 59_999.5, 2_147_483.647, 2_147_483.648, 3e9]
    for (const durationMs of durations) logAccess(CONFIG, createRequestRecord('r', 'GET', ''), durationMs)
    const shown = lines.map((line) => /"durationMs":([^,]+)/.exec(line)?.[1])
    expect(shown).toEqual(durations.map((durationMs) => JSON.stringify(round(durationMs))))
  })

  it('has the time of its own moment, in ISO 8601', () => {
    const moments = [0, 0, 999, 1000, 1_795_000_000_001, 1_795_000_000_000]
    let at = -1
    const { lines, logAccess } = setUp('info', () => moments[at] ?? Number.NaN)
    for (const _ of moments) {
      at++
      logAccess(CONFIG, createRequestRecord('r', 'GET', ''), 1)
    }
    expect(lines.map((line) => parse(line).time)).toEqual(moments.map((ms) => new Date(ms).toISOString()))
  })

  it('is an error when the gateway failed, and none when a client was refused or left', () => {
    const { lines, logAccess } = setUp()
    for (const [decision, status] of [
      ['failed', 502],
      ['failed', 499],
      ['denied', 503],
      ['allowed', 500],
    ] as const) {
      logAccess(CONFIG, { ...createRequestRecord('r', 'GET', ''), decision, status }, 1)
    }
    expect(lines.map((line) => parse(line).level)).toEqual(['error', 'info', 'info', 'info'])
  })

  it('is written only when the level is wanted', () => {
    const { lines, logger, logAccess } = setUp('error')
    logAccess(CONFIG, { ...createRequestRecord('r', 'GET', ''), decision: 'denied', status: 403 }, 1)
    expect(lines).toEqual([])
    logAccess(CONFIG, { ...createRequestRecord('r', 'GET', ''), decision: 'failed', status: 500 }, 1)
    expect(lines).toHaveLength(1)
    logger.level = 'silent'
    logAccess(CONFIG, { ...createRequestRecord('r', 'GET', ''), decision: 'failed', status: 500 }, 1)
    expect(lines).toHaveLength(1)
  })

  it.each([
    ['all', ['allowed', 'denied', 'failed']],
    ['denials', ['denied', 'failed']],
    ['none', []],
  ] as const)('is written for the requests that the file asks for: %s', (access, expected) => {
    const { lines, logAccess } = setUp()
    for (const decision of ['allowed', 'denied', 'failed'] as const) {
      logAccess({ ...CONFIG, access }, { ...createRequestRecord('r', 'GET', ''), decision }, 1)
    }
    expect(lines.map((line) => parse(line).decision)).toEqual(expected)
  })
})
