/** Makes one fault under traffic and holds what is seen against what is promised. */
import { expect, type TestContext } from 'vitest'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { request } from '../support/raw-http.ts'
import { waitFor } from '../support/wait-for.ts'
import { type Dependency, describeAnswers, PROMISES, type Promised } from './promises.ts'
import { type Position, type Streams, startStreams } from './streams.ts'

type LogLine = Readonly<Record<string, unknown>>

export interface Making {
  /** Started here when it is to start while the fault is there already. */
  readonly gateway: GatewayProcess | (() => Promise<GatewayProcess>)
  /** The request of each kind that the promise names. */
  readonly paths: Readonly<Record<string, string>>
  /** Good ones, one for each caller. */
  readonly tokens: readonly string[]
  readonly make: () => unknown
  /** Absent: the fault mends itself. `never`: nobody can mend it here. */
  readonly mend?: (() => unknown) | 'never'
  /** Longest time in which a request is decided, in ms. Far above what is normal: the machine may be busy. */
  readonly decidedWithinMs: number
  /** Lines that the log may have beside those of requests. */
  readonly maxLines: number
  /** Stands in the measured table beside the dependency. */
  readonly note?: string
  /** Answers of each caller that are looked at while it lasts. Default is 10. */
  readonly during?: number
  /** Looks at what this fault shows beside answers, while it lasts. */
  readonly meanwhile?: (gateway: GatewayProcess) => unknown
}

/** A row of the measured table. */
export interface Observation {
  readonly dependency: string
  readonly fault: string
  readonly answers: string
  readonly requests: number
  readonly decisionP50Ms: number
  readonly decisionMaxMs: number
  /** Undefined: it did not come back. */
  readonly backAfterMs: number | undefined
}

declare module 'vitest' {
  interface TaskMeta {
    observation?: Observation
  }
}

/** Good answers in a row, of each caller, that show that all is well. */
const BEFORE = 3
const AFTER = 5

/** For what takes seconds on a machine at rest: a failover, a fetch that is tried again. */
const PATIENCE_MS = 30_000
/** For a test of one fault. */
export const FAULT_TIMEOUT_MS = 3 * PATIENCE_MS

export async function runFault(
  { task }: TestContext,
  dependency: Dependency,
  fault: string,
  given: Making,
): Promise<void> {
  const promised = (PROMISES[dependency] as Readonly<Record<string, Promised>>)[fault]
  if (promised === undefined) throw new Error(`nothing is promised for: ${dependency} ${fault}`)
  const making = mendedOnce(given)
  const gateway = await gatewayFor(making)
  const printedBefore = gateway.output().length
  const streams = startStreams(gateway.url, making.paths, making.tokens)
  try {
    const madeAtMs = Date.now()
    const { from, mendedAtMs, backAfterMs } = await breakAndMend(gateway, streams, making, promised)
    await streams.stop()
    expectNothingElse(streams.since(from), promised)
    expect(streams.refusedWithoutRetryAfter).toBe(0)
    const lines = await linesSince(gateway, printedBefore, streams.count)
    expectHealthy(gateway, lines, making.maxLines)
    const decisions = decisionsOf(lines, madeAtMs, mendedAtMs)
    task.meta.observation = {
      dependency: making.note === undefined ? dependency : `${dependency} (${making.note})`,
      fault,
      answers: describeAnswers(promised.answers),
      requests: decisions.length,
      decisionP50Ms: decisions[Math.floor(decisions.length / 2)] ?? Number.NaN,
      decisionMaxMs: decisions.at(-1) ?? Number.NaN,
      backAfterMs,
    }
    expect(decisions.at(-1)).toBeLessThan(making.decidedWithinMs)
  } catch (error) {
    // What comes next is not to suffer from it.
    if (typeof making.mend === 'function') await making.mend()
    throw error
  } finally {
    await streams.stop()
  }
}

function mendedOnce(making: Making): Making {
  const { mend } = making
  if (typeof mend !== 'function') return making
  let mended: Promise<unknown> | undefined
  return {
    ...making,
    mend() {
      mended ??= Promise.resolve(mend())
      return mended
    },
  }
}

async function gatewayFor({ gateway, make }: Making): Promise<GatewayProcess> {
  if (typeof gateway !== 'function') return gateway
  await make()
  return gateway()
}

interface Course {
  readonly from: Position
  readonly mendedAtMs: number
  readonly backAfterMs: number | undefined
}

async function breakAndMend(
  gateway: GatewayProcess,
  streams: Streams,
  { gateway: given, make, mend, meanwhile, during = 10 }: Making,
  promised: Promised,
): Promise<Course> {
  const isCold = typeof given === 'function'
  if (!isCold) {
    await waitFor('a sound gateway', () => streams.servedSince(0, BEFORE), PATIENCE_MS)
    await make()
  }
  const from = isCold ? undefined : streams.position()
  let sinceMs = Date.now()
  await waitFor(
    `the effect: ${describeAnswers(promised.answers)}`,
    () => streams.haveShown(from, promised.answers),
    PATIENCE_MS,
  )
  if (mend !== undefined) {
    const shown = streams.position()
    await streams.more(during)
    await meanwhile?.(gateway)
    expect(await statusOf(gateway, '/readyz')).toBe(promised.ready)
    expect(await statusOf(gateway, '/livez')).toBe(promised.ready && 200)
    expect(streams.since(shown)).toEqual(sorted(promised))
    sinceMs = Date.now()
    if (mend === 'never') return { from, mendedAtMs: sinceMs, backAfterMs: undefined }
    await mend()
  }
  const backAtMs = await waitFor('the recovery', () => streams.servedSince(sinceMs, AFTER), PATIENCE_MS)
  await waitFor('readiness', async () => (await statusOf(gateway, '/readyz')) === 200)
  return { from, mendedAtMs: mend === undefined ? backAtMs : sinceMs, backAfterMs: backAtMs - sinceMs }
}

function sorted({ answers }: Promised): Record<string, string[]> {
  return Object.fromEntries(Object.entries(answers).map(([kind, each]) => [kind, each.map(String).toSorted()]))
}

/** Before the effect and after the mending good answers come, too. */
function expectNothingElse(seen: Readonly<Record<string, readonly string[]>>, { answers }: Promised): void {
  for (const [kind, each] of Object.entries(answers)) {
    expect(['200', ...each.map(String)], kind).toEqual(expect.arrayContaining(seen[kind] as string[]))
  }
}

/** On a connection of its own; 0: it was closed without an answer. */
async function statusOf({ adminUrl }: GatewayProcess, path: string): Promise<number> {
  return (await request(adminUrl, [`GET ${path} HTTP/1.1`])).status
}

/** What the process printed, as soon as the lines of so many requests are there. */
function linesSince(gateway: GatewayProcess, printedBefore: number, requests: number): Promise<LogLine[]> {
  return waitFor('the log', () => {
    const text = gateway.output().slice(printedBefore)
    const lines = text.slice(0, text.lastIndexOf('\n')).split('\n')
    // Whatever is no line of the log has no business on either stream.
    const parsed = lines.map((line): LogLine => (line.startsWith('{') ? JSON.parse(line) : { printed: line }))
    return parsed.filter(({ msg }) => msg === 'request').length < requests ? undefined : parsed
  })
}

function expectHealthy({ child }: GatewayProcess, lines: readonly LogLine[], maxLines: number): void {
  expect([child.exitCode, child.signalCode]).toEqual([null, null])
  expect(lines.filter(({ printed }) => printed !== undefined)).toEqual([])
  expect(lines.filter(({ status }) => status === 500)).toEqual([])
  const others = lines.filter(({ msg }) => msg !== 'request')
  expect(others, JSON.stringify(others)).toHaveLength(Math.min(others.length, maxLines))
}

/** How long each request took that ended within the fault, without the time that its upstream had it; ascending. */
function decisionsOf(lines: readonly LogLine[], fromMs: number, toMs: number): number[] {
  return lines
    .filter(({ msg, time }) => msg === 'request' && isWithin(Date.parse(String(time)), fromMs, toMs))
    .map(({ durationMs, upstreamMs }) => Number(durationMs) - Number(upstreamMs ?? 0))
    .toSorted((a, b) => a - b)
}

function isWithin(value: number, from: number, to: number): boolean {
  return value >= from && value <= to
}
