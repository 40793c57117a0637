/** Runs a gateway from a file, in this process: start, reload, drain. `scopegate start` and `scopegate dev` are thin around it. */
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { assemble, type Parts } from './assemble.ts'
import type { Clock } from './authentication/clock.ts'
import { withBodies } from './compile-bodies.ts'
import type { GatewayConfig } from './config/gateway-config.ts'
import { type Loaded, type LoadResult, loadConfigFile, type Schemas } from './config/load.ts'
import { formatProblem, type Problem } from './config/problem.ts'
import { withDocs } from './docs-page/with-docs.ts'
import { followFile } from './follow-file.ts'
import type { Logger } from './observability/logger.ts'

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
  /** What tokens and keys go by; default: the system's. */
  readonly clock?: Clock
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

/** The file does not load; `message` is ready to print. */
export class ConfigRefused extends Error {
  override readonly name = 'ConfigRefused'
  /** The file could not be read at all. */
  readonly unreadable: boolean

  constructor(message: string, unreadable = false) {
    super(message)
    this.unreadable = unreadable
  }
}

/** Rejects with ConfigRefused. */
export async function loadFirst(options: RunOptions): Promise<Loaded> {
  const result = await loadTested(options)
  if (result.problems === undefined) return result
  throw new ConfigRefused(result.problems.map(formatProblem).join('\n'), result.unreadable === true)
}

/**
 * One process, whatever `workers` says. Rejects with ConfigRefused, or with the error of a listener whose address is taken;
 * nothing is left open then.
 */
export async function runGateway(options: RunOptions, first?: Loaded): Promise<RunningGateway> {
  const { config, warnings, schemas } = first ?? (await loadFirst(options))
  const parts = await assemble(config, { ...options, source: toAbsolute(options) })
  const { admin, live, logger, metrics } = parts
  warn(logger, warnings)
  const addresses = await listenAll(config, options, parts)
  warnAboutConsole(logger, config, admin)
  const watcher = followFile({
    file: toAbsolute(options),
    schemas: schemas.keys(),
    load: () => loadTested(options),
    apply: (next) => apply(next.config, parts),
    record: live.record,
    logger,
    metrics,
  })
  logger.info({ ...addresses, routes: config.routes.length, digest: config.digest }, 'listening')
  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    parts.setDraining()
    logger.info('draining')
    watcher.close()
    await parts.drain()
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

/** @param given in place of what the disk holds */
export function load(
  { configFile, env, cwd }: RunOptions,
  given: { text?: string; schemas?: Schemas } = {},
): LoadResult {
  return loadConfigFile(configFile, env, { ...(cwd !== undefined && { cwd }), ...given })
}

/** `load`, and then the schemas and the file's own tests: a red one is a problem like any other. */
export async function loadTested(options: RunOptions): Promise<LoadResult> {
  const result = await withDocs(await withBodies(load(options)))
  if (result.config === undefined || result.config.tests.length === 0) return result
  // A file without tests needs nothing of the tools for people.
  const { findRedTests } = await import('./authoring/run-tests.ts')
  const problems = findRedTests(result.config, options.configFile, Date.now())
  return problems.length > 0 ? { problems, schemas: result.schemas } : result
}

export function toAbsolute({ configFile, cwd }: RunOptions): string {
  return path.resolve(cwd ?? '.', configFile)
}

export function warn(logger: Logger, warnings: readonly Problem[]): void {
  for (const warning of warnings) logger.warn({ problem: formatProblem(warning) }, 'the file has a weak spot')
}

/** Once the admin listener listens. */
export function warnAboutConsole(logger: Logger, { server }: GatewayConfig, admin: Parts['admin']): void {
  if (server.admin === false || admin.servesConsole()) return
  logger.warn({ host: server.admin.host }, 'the console is not served: beyond loopback it needs admin.password')
}

export function toUrl(scheme: 'http' | 'https', { address, family, port }: AddressInfo): string {
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
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

/** Throws, and changes nothing, when the change needs a restart or certificate and key do not fit. */
function apply(config: GatewayConfig, { live, server }: Parts): void {
  const next = live.prepare(config)
  try {
    if (config.server.listen.tls) server.renewCertificate(config.server.listen.tls)
  } catch (error) {
    next.abort()
    throw error
  }
  next.commit()
}
