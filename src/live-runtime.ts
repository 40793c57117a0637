/** The configuration in force, and its exchange for another one as a whole. */
import { createAuthenticator } from './authentication/authenticate.ts'
import type { KeySources } from './authentication/key-sources.ts'
import type { GatewayConfig, ServerConfig } from './config/gateway-config.ts'
import type { UpstreamClient } from './forwarding/upstream-client.ts'
import { createRuntime, type Runtime } from './runtime.ts'

export interface LiveRuntime {
  current(): Runtime
  /**
   * Puts `config` in force for every request that comes from now on; those under way keep what they began with.
   * Throws an Error that names the setting when the change needs a restart, or what `prepare` throws, and then changes
   * nothing.
   * @param prepare called last before the change, for what else must succeed
   */
  apply(config: GatewayConfig, prepare?: () => void): void
  status(): ConfigStatus
  /** What keeps this configuration from serving; empty when nothing does. */
  notReady(): readonly string[]
  /** Notes that a new file was refused. */
  refuse(problems: readonly string[]): void
  close(): Promise<void>
}

export interface ConfigStatus {
  /** SHA-256 of the file in force, base64url. */
  readonly digest: string
  /** ISO time. */
  readonly appliedAt: string
  readonly routes: number
  /** The last file that was refused after the one in force had been applied. */
  readonly lastRefusal?: { readonly at: string; readonly problems: readonly string[] }
}

export function createLiveRuntime(
  first: GatewayConfig,
  keySources: KeySources,
  client: UpstreamClient,
  pseudonym: string,
): LiveRuntime {
  let runtime = build(first)
  let appliedAt = new Date().toISOString()
  let lastRefusal: ConfigStatus['lastRefusal']

  function build(config: GatewayConfig): Runtime {
    return createRuntime(config, createAuthenticator({ issuers: config.issuers, keySources }), pseudonym)
  }

  return {
    current: () => runtime,
    apply(config, prepare) {
      assertSameServer(runtime.config.server, config.server)
      prepare?.()
      const previous = runtime
      runtime = build(config)
      appliedAt = new Date().toISOString()
      lastRefusal = undefined
      client.keepOnly(new Set([...config.upstreams.values()].flatMap(({ urls }) => urls)))
      // The new authenticator holds the key sources already, so those that stay keep their keys.
      previous.authenticator.close().catch(() => {})
    },
    status: () => ({
      digest: runtime.config.digest,
      appliedAt,
      routes: runtime.config.routes.length,
      ...(lastRefusal && { lastRefusal }),
    }),
    notReady: () =>
      runtime.authenticator
        .status()
        .filter(({ everLoaded }) => !everLoaded)
        .map(({ issuer }) => `no keys yet: ${issuer}`),
    refuse(problems) {
      lastRefusal = { at: new Date().toISOString(), problems }
    },
    close: () => runtime.authenticator.close(),
  }
}

/** Settings of the process that the file names otherwise. */
const FILE_NAMES: Partial<Record<keyof ServerConfig, string>> = {
  headersBytes: 'limits.headers',
  urlBytes: 'limits.url',
  headerTimeoutMs: 'limits.headerTimeout',
  requestTimeoutMs: 'limits.requestTimeout',
  keepAliveTimeoutMs: 'limits.keepAliveTimeout',
  connections: 'limits.connections',
  shutdownGraceMs: 'shutdown.grace',
}

/** Listeners and the store belong to the process. Half a change would be worse than none. A certificate may be renewed. */
function assertSameServer(before: ServerConfig, after: ServerConfig): void {
  const names = Object.keys({ ...before, ...after }) as (keyof ServerConfig)[]
  const changed = names.filter((name) => toText(before, name) !== toText(after, name))
  if (changed.length === 0) return
  throw new Error(`needs a restart: ${changed.map((name) => FILE_NAMES[name] ?? name).join(', ')}`)
}

function toText({ listen, ...rest }: ServerConfig, name: keyof ServerConfig): string | undefined {
  return JSON.stringify(name === 'listen' ? { ...listen, tls: listen.tls !== undefined } : rest[name])
}
