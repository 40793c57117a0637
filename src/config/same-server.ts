/** What a reload cannot change. */
import type { ServerConfig } from './gateway-config.ts'

/** Settings of the process that the file names otherwise. */
const FILE_NAMES: Partial<Record<keyof ServerConfig, string>> = {
  headersBytes: 'limits.headers',
  urlBytes: 'limits.url',
  headerTimeoutMs: 'limits.headerTimeout',
  requestTimeoutMs: 'limits.requestTimeout',
  keepAliveTimeoutMs: 'limits.keepAliveTimeout',
  connections: 'limits.connections',
  inFlight: 'limits.inFlight',
  loopDelayMs: 'limits.loopDelay',
  shutdownGraceMs: 'shutdown.grace',
}

/**
 * Listeners and the store belong to the process. Half a change would be worse than none. A certificate may be renewed.
 * Throws an Error that names the settings in which the two differ.
 */
export function assertSameServer(before: ServerConfig, after: ServerConfig): void {
  const names = Object.keys({ ...before, ...after }) as (keyof ServerConfig)[]
  const changed = names.filter((name) => toText(before, name) !== toText(after, name))
  if (changed.length === 0) return
  throw new Error(`needs a restart: ${changed.map((name) => FILE_NAMES[name] ?? name).join(', ')}`)
}

function toText({ listen, ...rest }: ServerConfig, name: keyof ServerConfig): string | undefined {
  return JSON.stringify(name === 'listen' ? { ...listen, tls: listen.tls !== undefined } : rest[name])
}
