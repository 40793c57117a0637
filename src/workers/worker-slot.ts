/** One of the gateway's workers, and those that replace it when it ends unasked. */
import type { AddressInfo } from 'node:net'
import type { ProcessLook } from '../console/process-look.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import { countersOf, type MetricsSnapshot, mergeSnapshots } from '../observability/metrics-snapshot.ts'
import type { Report, Start } from './messages.ts'
import { createRestartPolicy } from './restart-policy.ts'
import type { WorkerLink } from './worker-link.ts'

const START_MS = 30_000
const REPORT_MS = 1_000
/** What a worker may take longer than the grace before it is ended by force. */
const DRAIN_SLACK_MS = 5_000

export interface SlotOptions {
  /** From 1; names it in the log. */
  readonly number: number
  readonly fork: () => WorkerLink
  /** What a worker that starts now is told. */
  readonly toStart: () => Start
  /** Runs what changes the workers, one after the other. */
  readonly inTurn: (run: () => Promise<void>) => Promise<void>
  readonly onGivenUp: () => void
  readonly logger: Logger
  readonly metrics: Metrics
  readonly firstDelayMs: number
}

export interface WorkerSlot {
  /** Rejects when the worker cannot start, and leaves it to `kill`. */
  start(): Promise<AddressInfo>
  /** From now on a worker that ends unasked is replaced. */
  keep(): void
  /** The worker, once it listens. */
  ready(): WorkerLink | undefined
  /** Counters never fall: what the dead ones last said is in it. */
  report(): Promise<Report>
  /** Undefined: it does not run, or does not answer. */
  look(): Promise<ProcessLook | undefined>
  /** Ends it; a request has `graceMs` to finish. None takes its place. */
  drain(graceMs: number): Promise<void>
  kill(): Promise<void>
}

/** Its process starts at once, and waits for `start`. */
export function createWorkerSlot(options: SlotOptions): WorkerSlot {
  const { number, fork, toStart, logger, metrics } = options
  const policy = createRestartPolicy(() => performance.now(), options.firstDelayMs)
  let link = fork()
  let isReady = false
  let isStopping = false
  let retired: MetricsSnapshot = []
  let timer: NodeJS.Timeout | undefined

  async function start(): Promise<AddressInfo> {
    const address = await link.ask('start', toStart(), START_MS)
    isReady = true
    policy.noteReady()
    logger.info({ worker: number, pid: link.pid }, 'a worker listens')
    return address
  }

  async function keep(): Promise<void> {
    const { exitCode, signal } = await link.ended
    isReady = false
    retired = mergeSnapshots([retired, countersOf(link.lastReport()?.metrics ?? [])])
    if (isStopping) return
    logger.error({ worker: number, pid: link.pid, exitCode, signal }, 'a worker ended')
    const delayMs = policy.noteEnd()
    if (delayMs === undefined) options.onGivenUp()
    else timer = setTimeout(() => void options.inTurn(replace), delayMs)
  }

  async function replace(): Promise<void> {
    if (isStopping) return
    link = fork()
    metrics.countWorkerRestart()
    void keep()
    try {
      await start()
    } catch (cause) {
      if (!isStopping) logger.error({ worker: number, cause }, 'a worker cannot start')
      link.kill()
    }
  }

  async function lookAt(): Promise<readonly string[]> {
    if (!isReady) return [`worker ${number} does not run`]
    try {
      return (await link.ask('report', null, REPORT_MS)).notReady
    } catch {
      return [`worker ${number} does not answer`]
    }
  }

  return {
    start,
    keep: () => void keep(),
    ready: () => (isReady ? link : undefined),
    async report() {
      const notReady = await lookAt()
      const own = isReady ? (link.lastReport()?.metrics ?? []) : []
      return { notReady, metrics: mergeSnapshots([retired, own]) }
    },
    look: async () => (isReady ? link.ask('look', null, REPORT_MS).catch(() => undefined) : undefined),
    async drain(graceMs) {
      stop()
      const limitMs = graceMs + DRAIN_SLACK_MS
      const late = setTimeout(link.kill, limitMs)
      await link.ask('drain', null, limitMs).catch(link.kill)
      await link.ended
      clearTimeout(late)
    },
    async kill() {
      stop()
      link.kill()
      await link.ended
    },
  }

  function stop(): void {
    isStopping = true
    clearTimeout(timer)
  }
}
