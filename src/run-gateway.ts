/** Runs a gateway from a file: start, reload, drain. `scopegate start` and `scopegate dev` are thin around it. */
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { assemble, type Parts } from './assemble.ts'
import type { GatewayConfig } from './config/gateway-config.ts'
import { type LoadResult, loadConfigFile } from './config/load.ts'
import { formatProblem } from './config/problem.ts'
import { watchConfig } from './config/reload.ts'

export interface RunOptions {
  readonly configFile: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder that `configFile` is relative to. */
  readonly cwd?: string
  /** In place of the file's. */
  readonly port?: number
  readonly adminPort?: number
  /** Gets whole lines of JSON, each with its line end, several at once. */
  readonly log: (text: string) => void
}

export interface RunningGateway {
  /** Address of the data listener. */
  readonly url: string
  /** Address of the admin listener; undefined when there is none. */
  readonly adminUrl: string | undefined
  /** Reads the file again; resolves when the result is in force or refused. */
  reload(): Promise<void>
  /** Lets requests in flight finish, within the file's grace, and frees everything. */
  close(): Promise<void>
}

/** The file does not load, or asks for what cannot be done; `message` is ready to print. */
export class ConfigRefused extends Error {
  override readonly name = 'ConfigRefused'
  /** The file could not be read at all. */
  readonly unreadable: boolean

  constructor(message: string, unreadable = false) {
    super(message)
    this.unreadable = unreadable
  }
}

/** Rejects with ConfigRefused, or with the error of a listener whose address is taken; nothing is left open then. */
export async function runGateway(options: RunOptions): Promise<RunningGateway> {
  const { config, warnings } = readFirst(load(options))
  const parts = await assemble(config, options.log)
  const { server, admin, live, logger } = parts
  for (const warning of warnings) logger.warn({ problem: formatProblem(warning) }, 'the file has a weak spot')
  const addresses = await listenAll(config, options, parts)
  const watcher = watchForChanges(options, parts)
  logger.info({ ...addresses, routes: config.routes.length, digest: config.digest }, 'listening')
  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    parts.setDraining()
    logger.info('draining')
    watcher.close()
    await server.drain(live.current().config.server.shutdownGraceMs)
    await admin.close()
    await parts.free()
  }

  return {
    ...addresses,
    reload: () => watcher.reload(),
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

function load({ configFile, env, cwd }: RunOptions): LoadResult {
  return loadConfigFile(configFile, env, cwd === undefined ? {} : { cwd })
}

function readFirst(result: LoadResult): Extract<LoadResult, { config: GatewayConfig }> {
  if (result.problems !== undefined) {
    throw new ConfigRefused(result.problems.map(formatProblem).join('\n'), result.unreadable === true)
  }
  // A setting that cannot be honoured stops the start instead of doing quietly less.
  if (result.config.server.workers !== 1) {
    throw new ConfigRefused('workers: this version runs one process; start as many as you need behind a load balancer')
  }
  return result
}

async function listenAll(
  { server: { listen, admin } }: GatewayConfig,
  { port, adminPort }: RunOptions,
  parts: Parts,
): Promise<Pick<RunningGateway, 'url' | 'adminUrl'>> {
  try {
    const adminAddress = admin === false ? undefined : await parts.admin.listen(admin.host, adminPort ?? admin.port)
    const address = await parts.server.listen(listen.host, port ?? listen.port)
    return {
      url: toUrl(listen.tls === undefined ? 'http' : 'https', address),
      adminUrl: adminAddress && toUrl('http', adminAddress),
    }
  } catch (error) {
    await parts.admin.close()
    await parts.free()
    throw error
  }
}

function toUrl(scheme: string, { address, family, port }: AddressInfo): string {
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/** A new file is in force as a whole or not at all; either way the log, `/config/status` and a metric say so. */
function watchForChanges(options: RunOptions, { live, logger, metrics, server }: Parts) {
  function refuse(problems: readonly string[]): void {
    live.refuse(problems)
    metrics.countReload('refused')
    logger.error({ problems }, 'the new configuration was refused; the one in force stays')
  }

  return watchConfig({
    file: path.resolve(options.cwd ?? '.', options.configFile),
    digest: live.status().digest,
    load: () => load(options),
    onLoaded(config) {
      const { tls } = config.server.listen
      live.apply(config, () => tls && server.renewCertificate(tls))
      metrics.countReload('applied')
      logger.info({ routes: config.routes.length, digest: config.digest }, 'the new configuration is in force')
    },
    onRefused: (problems) => refuse(problems.map(formatProblem)),
    onFailed: (error) => refuse([error instanceof Error ? error.message : 'the file cannot be watched']),
  })
}
