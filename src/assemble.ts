/** The parts of a gateway process, wired to each other and not yet listening. */
import { hash, randomBytes } from 'node:crypto'
import { type Clock, systemClock } from './authentication/clock.ts'
import { createKeySources } from './authentication/key-sources.ts'
import { createBrowserParts } from './browser-parts.ts'
import type { GatewayConfig } from './config/gateway-config.ts'
import { reportsOf } from './config/reports.ts'
import { createLazyConsole } from './console/lazy-console.ts'
import { lookAt, type ProcessLook } from './console/process-look.ts'
import { createDecisionLog, type NoteDecision } from './decision-log.ts'
import { ERRORS } from './errors.ts'
import { createAddressBook } from './forwarding/address-book.ts'
import { forward } from './forwarding/forward.ts'
import { createLeanUpstreamClient } from './forwarding/lean-upstream-client.ts'
import type { UpstreamClient } from './forwarding/upstream-client.ts'
import { createGateway } from './gateway.ts'
import { createAdaptor } from './http/adaptor.ts'
import { type AdminServer, createAdminServer } from './http/admin-server.ts'
import { Admission } from './http/admission.ts'
import { watchLoopDelay } from './http/loop-delay.ts'
import { createDataServer, type DataServer } from './http/server.ts'
import { createLiveRuntime, type LiveRuntime } from './live-runtime.ts'
import { type AccessLog, createAccessLog } from './observability/access-log.ts'
import { type DecisionFile, openDecisionFile } from './observability/decision-file.ts'
import { createLogger, createLogSink, type Logger } from './observability/logger.ts'
import { createMetrics, type Metrics } from './observability/metrics.ts'
import { renderMetrics } from './observability/metrics-snapshot.ts'
import { createRequestRecord, type RequestRecord } from './observability/request-record.ts'
import type { LimitStage } from './rate-limiting/limit.ts'
import { createRateLimiting } from './rate-limiting/rate-limiting.ts'
import type { Services } from './runtime.ts'

export interface Parts {
  readonly logger: Logger
  readonly metrics: Metrics
  readonly live: LiveRuntime
  readonly server: Omit<DataServer, 'drain'>
  readonly admin: AdminServer
  /** What the console shows of this process. */
  look(): ProcessLook
  /** From now on `/readyz` says 503. */
  setDraining(): void
  /** Stops listening and lets requests in flight finish, within the file's grace; says how many did not. */
  drain(): Promise<void>
  /** Frees everything but the listeners. */
  free(): Promise<void>
}

export interface AssembleOptions {
  /** Gets whole lines of JSON, several at once. */
  readonly log: (text: string) => void
  /** Path of the file that the configuration was made of. */
  readonly source: string
  /** How the gateway calls itself in `Via`; its workers share one, and so know what comes back to any of them. */
  readonly pseudonym?: string
  /** What tokens, keys and the end of a report go by. */
  readonly clock?: Clock
}

export async function assemble(
  config: GatewayConfig,
  { log, source, pseudonym = createPseudonym(), clock = systemClock }: AssembleOptions,
): Promise<Parts> {
  // First, because it may throw.
  const decisions = config.server.decisions && openDecisionFile(config.server.decisions)
  const sink = createLogSink(log)
  const logger = createLogger(config.log, sink)
  const metrics = createMetrics()
  const keySources = createKeySources({
    clock,
    onFetch: (issuer, failure) => {
      if (failure !== undefined) logger.warn({ issuer, cause: failure }, 'keys could not be fetched')
    },
  })
  const limits = await createRateLimiting({
    ...(config.server.redis && { redis: config.server.redis }),
    clock: () => performance.now(),
    onStateChange: (change) => logger.warn(change, 'the rate-limit store changed its state'),
  })
  const client = await createUpstreamClient(config)
  const addresses = createAddressBook(() => performance.now())
  const browsers = createBrowserParts(clock, logger, config.server.redis)
  const live = createLiveRuntime(config, { ...browsers, ...{ keySources, client, pseudonym, clock, source } })
  const onFinished = createFinisher(live, createAccessLog(logger, sink), metrics)
  const services: Services = { limits, forward: (request) => forward(client, addresses, request) }
  const { admission, loopDelay } = createAdmission(config.server)
  const gateway = createGateway({
    ...{ runtime: live.current, services, admission, onFinished },
    ...(decisions && { noteDecision: toNote(decisions, clock) }),
  })
  const adapt = createAdaptor(gateway, (cause) => logger.error({ cause }, 'an answer could not be written'))
  let draining = false
  const notReady = () => (draining ? ['draining'] : live.notReady())
  const look = () => lookAt({ authenticator: live.current().authenticator, limits, addresses })
  addGauges(metrics, live, limits, clock)
  addLoadGauges(metrics, admission)
  addLostLines(metrics, () => decisions?.lostLines() ?? 0)
  const server = createDataServer(config.server, {
    onExchange(exchange) {
      loopDelay.wake()
      adapt(exchange)
    },
    onRefused: ({ code, reason }, requestId, peer) => {
      const { status } = ERRORS[code]
      const record = createRequestRecord(requestId, '', live.current().clientAddress(peer, []))
      onFinished({ ...record, decision: status < 500 ? 'denied' : 'failed', status, reason }, 0)
    },
  })

  return {
    logger,
    metrics,
    live,
    server,
    look,
    admin: createAdmin(config.server.admin, { live, metrics, notReady, look }),
    setDraining() {
      draining = true
    },
    async drain() {
      const cut = await server.drain(config.server.shutdownGraceMs)
      if (cut > 0) logger.warn({ requests: cut }, 'the grace is over, and requests in flight were cut')
    },
    async free() {
      loopDelay.close()
      await Promise.all([live.close(), limits.close(), client.close(), browsers.close()])
      await keySources.close()
      await decisions?.close()
      sink.close()
    },
  }
}

function createAdmin(
  config: GatewayConfig['server']['admin'],
  {
    live,
    metrics,
    notReady,
    look,
  }: Pick<Parts, 'live' | 'metrics' | 'look'> & { readonly notReady: () => readonly string[] },
): AdminServer {
  return createAdminServer(config, {
    notReady,
    metrics: () => renderMetrics(metrics.snapshot()),
    configStatus: live.record.status,
    console: createLazyConsole({
      config: () => live.current().config,
      status: live.record.status,
      gather: () => ({ notReady: notReady(), metrics: metrics.snapshot(), looks: [look()], processes: 1 }),
    }),
  })
}

export function createPseudonym(): string {
  return `scopegate-${randomBytes(6).toString('hex')}`
}

async function createUpstreamClient({ server }: GatewayConfig): Promise<UpstreamClient> {
  if (server.upstreamClient === 'lean') return createLeanUpstreamClient()
  // Half of all the code that there is: not loaded where it is not used.
  const { createUndiciUpstreamClient } = await import('./forwarding/undici-upstream-client.ts')
  return createUndiciUpstreamClient()
}

function toNote({ sample, write }: DecisionFile, clock: Clock): NoteDecision {
  return createDecisionLog({
    ...{ sample, write },
    salt: randomBytes(9).toString('base64url'),
    sha256: (text) => hash('sha256', text, 'base64url'),
    now: () => clock.now(),
    random: Math.random,
  })
}

function addLostLines(metrics: Metrics, lostLines: () => number): void {
  metrics.counter({
    name: 'scopegate_decision_lines_lost_total',
    help: 'Lines of the decision log that could not be written.',
    read: () => [{ labels: '', value: lostLines() }],
  })
}

function createFinisher(live: LiveRuntime, logAccess: AccessLog, metrics: Metrics) {
  return (record: RequestRecord, durationMs: number): void => {
    const { route = '', status, reason, wouldDeny, wouldAllow } = record
    metrics.countRequest(route, status, reason)
    if (wouldDeny !== undefined) metrics.countReportDenial(route, wouldDeny)
    if (wouldAllow) metrics.countReportAllowance(route)
    logAccess(live.current().config.log, record, durationMs)
  }
}

function createAdmission(limits: GatewayConfig['server']) {
  const admission = new Admission(limits)
  const onDelay = (delayMs: number, nowMs: number): boolean => {
    admission.noteDelay(delayMs, nowMs)
    return !admission.isAtRest
  }
  return { admission, loopDelay: watchLoopDelay(onDelay, () => performance.now()) }
}

function addLoadGauges(metrics: Metrics, admission: Admission): void {
  metrics.gauge({
    name: 'scopegate_requests_in_flight',
    help: 'Requests whose answers have not begun.',
    merge: 'sum',
    read: () => [{ labels: '', value: admission.status().inFlight }],
  })
  metrics.gauge({
    name: 'scopegate_requests_in_flight_bound',
    help: 'Requests in flight that are taken in now; falls while the event loop lags.',
    merge: 'sum',
    read: () => [{ labels: '', value: admission.status().bound }],
  })
}

/** Of several workers the worst one shows. */
function addGauges(metrics: Metrics, live: LiveRuntime, limits: LimitStage, clock: Clock): void {
  metrics.gauge({
    name: 'scopegate_report_overdue',
    help: 'Routes whose last day of report mode is over, and that enforce.',
    merge: 'max',
    read: () => [
      { labels: '', value: reportsOf(live.current().config, clock.now()).filter(({ isOver }) => isOver).length },
    ],
  })
  metrics.gauge({
    name: 'scopegate_rate_limit_store_open',
    help: 'Whether the rate-limit store is given up for now.',
    merge: 'max',
    read: () => [{ labels: '', value: limits.status().breaker === 'open' ? 1 : 0 }],
  })
  metrics.gauge({
    name: 'scopegate_issuer_keys',
    help: 'Usable keys of each issuer.',
    merge: 'min',
    read: () =>
      live
        .current()
        .authenticator.status()
        .map(({ issuer, keys }) => ({ labels: `issuer="${issuer}"`, value: keys })),
  })
}
