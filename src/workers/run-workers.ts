/** Runs a gateway from a file in several processes. This one, the primary, takes no requests: it keeps the others. */
import type { AddressInfo } from 'node:net'
import { createPseudonym } from '../assemble.ts'
import { type ConfigRecord, createConfigRecord } from '../config/config-record.ts'
import type { Loaded } from '../config/load.ts'
import { assertSameServer } from '../config/same-server.ts'
import { createLazyConsole } from '../console/lazy-console.ts'
import { type FollowOptions, followFile } from '../follow-file.ts'
import { createAdminServer } from '../http/admin-server.ts'
import { choosePortSharing, openAlone, type PortSharing } from '../http/port-sharing.ts'
import { createLogger, createLogSink } from '../observability/logger.ts'
import { createMetrics } from '../observability/metrics.ts'
import { mergeSnapshots, renderMetrics } from '../observability/metrics-snapshot.ts'
import {
  loadTested,
  type RunningGateway,
  type RunOptions,
  toAbsolute,
  toUrl,
  warn,
  warnAboutConsole,
} from '../run-gateway.ts'
import { changeTogether } from './change-together.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Report, Texts } from './messages.ts'
import { forkWorker } from './worker-link.ts'
import { createWorkerPool } from './worker-pool.ts'

export interface WorkersOptions extends RunOptions {
  readonly workers: number
  /** Default: the best that this system can. */
  readonly sharing?: PortSharing
  /** Wait before a worker that ended again soon is replaced; it doubles from there. Default 1000. */
  readonly firstDelayMs?: number
}

export interface RunningWorkers extends RunningGateway {
  /** Resolves with the reason when workers cannot be kept running. */
  readonly givenUp: Promise<string>
}

/** Rejects as `runGateway` does; no process is left then. */
export async function runWorkers(options: WorkersOptions, first: Loaded): Promise<RunningWorkers> {
  const { server, routes, digest } = first.config
  const sink = createLogSink(options.log)
  const logger = createLogger(first.config.log, sink)
  const metrics = createMetrics()
  const record = createConfigRecord(first.config, toAbsolute(options))
  const sharing = options.sharing ?? (await choosePortSharing())
  const { pool, apply, current } = createLivePool(options, first, sharing, { logger, metrics, record })
  let isDraining = false
  let closing: Promise<void> | undefined
  const report = async (): Promise<Report> => {
    const { notReady, metrics: ofWorkers } = await pool.report()
    return {
      notReady: isDraining ? ['draining'] : notReady,
      metrics: mergeSnapshots([metrics.snapshot(), ofWorkers]),
    }
  }
  const admin = createAdminServer(server.admin, {
    notReady: async () => (isDraining ? ['draining'] : (await pool.report()).notReady),
    metrics: async () => renderMetrics((await report()).metrics),
    configStatus: record.status,
    console: createLazyConsole({
      config: current,
      status: record.status,
      async gather() {
        const [all, looks] = await Promise.all([report(), pool.look()])
        return { ...all, looks, processes: options.workers }
      },
    }),
  })

  async function listen(): Promise<Pick<RunningGateway, 'url' | 'adminUrl'>> {
    const { admin: at } = server
    const adminAddress = at === false ? undefined : await admin.listen(at.host, options.adminPort ?? at.port)
    const { host, port, tls } = server.listen
    const address = await openAlone(host, options.port ?? port, pool.start)
    return { url: toUrl(tls ? 'https' : 'http', address), adminUrl: adminAddress && toUrl('http', adminAddress) }
  }

  async function free(): Promise<void> {
    await admin.close()
    sink.close()
  }

  async function close(): Promise<void> {
    isDraining = true
    logger.info('draining')
    watcher.close()
    await pool.drain(server.shutdownGraceMs)
    await free()
  }

  warn(logger, first.warnings)
  const addresses = await listen().catch(async (error: unknown) => {
    await free()
    throw error
  })
  warnAboutConsole(logger, first.config, admin)
  const watcher = followFile({
    file: toAbsolute(options),
    schemas: first.schemas.keys(),
    load: () => loadTested(options),
    apply,
    record,
    logger,
    metrics,
  })
  logger.info({ ...addresses, workers: options.workers, routes: routes.length, digest }, 'listening')

  return {
    ...addresses,
    givenUp: pool.givenUp,
    reload: () => watcher.reload(),
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

/** Workers that have one configuration in force, also those that come later. */
function createLivePool(
  options: WorkersOptions,
  first: Loaded,
  sharing: PortSharing,
  { logger, metrics, record }: Pick<FollowOptions, 'logger' | 'metrics'> & { readonly record: ConfigRecord },
) {
  const pseudonym = createPseudonym()
  let current = { config: first.config, texts: toTexts(first) }
  const pool = createWorkerPool({
    size: options.workers,
    fork: () => forkWorker(options.log),
    toStart: (address, worker) => ({
      ...current.texts,
      configFile: options.configFile,
      port: toPort(options, first, sharing, address),
      sharing,
      workers: options.workers,
      worker,
      pseudonym,
    }),
    logger,
    metrics,
    firstDelayMs: options.firstDelayMs ?? 1000,
  })

  async function apply(loaded: Loaded): Promise<void> {
    const { config } = loaded
    assertSameServer(current.config.server, config.server)
    const fingerprint = fingerprintOf(config)
    const texts = toTexts(loaded)
    const onDecided = (): void => {
      current = { config, texts }
      record.applied(config)
    }
    await pool.together((links) => changeTogether(links, { texts, fingerprint, onDecided }))
  }

  return { pool, apply, current: () => current.config }
}

function toTexts({ text, schemas }: Loaded): Texts {
  return { text, schemas: [...schemas] }
}

/** With sockets of their own, those that come later take the port that the system gave the first one. */
function toPort(options: RunOptions, { config }: Loaded, sharing: PortSharing, first: AddressInfo | undefined): number {
  const asked = options.port ?? config.server.listen.port
  return sharing.reusePort === true ? (first?.port ?? asked) : asked
}
