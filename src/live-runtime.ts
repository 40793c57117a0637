/** The configuration in force, and its exchange for another one as a whole. */
import { hash } from 'node:crypto'
import { createAuthenticator } from './authentication/authenticate.ts'
import type { Clock } from './authentication/clock.ts'
import type { KeySources } from './authentication/key-sources.ts'
import { type ConfigRecord, createConfigRecord } from './config/config-record.ts'
import type { GatewayConfig } from './config/gateway-config.ts'
import type { LoginConfig } from './config/login-config.ts'
import { assertSameServer } from './config/same-server.ts'
import type { TicketConfig } from './config/ticket-config.ts'
import { docsPagesOf } from './docs-page/docs-pages.ts'
import type { UpstreamClient } from './forwarding/upstream-client.ts'
import { createRuntime, type Runtime } from './runtime.ts'
import type { Sessions } from './sessions/sessions.ts'
import type { Tickets } from './tickets/tickets.ts'

export interface LiveRuntime {
  current(): Runtime
  /**
   * Builds all that `config` needs; nothing changes before `commit`. Throws an Error that names the setting when the change
   * needs a restart.
   */
  prepare(config: GatewayConfig): PreparedConfig
  /** What is in force, and the file that was refused last. */
  readonly record: Pick<ConfigRecord, 'status' | 'refused'>
  /** What keeps this configuration from serving; empty when nothing does. */
  notReady(): readonly string[]
  close(): Promise<void>
}

/** Ends with one of the two. */
export interface PreparedConfig {
  /** In force for every request that comes from now on; those under way keep what they began with. Does not throw. */
  commit(): void
  abort(): void
}

/** What every configuration of a process shares. */
export interface SharedParts {
  readonly keySources: KeySources
  readonly client: UpstreamClient
  readonly createSessions: (login: LoginConfig) => Sessions
  readonly createTickets: (config: TicketConfig) => Tickets
  readonly pseudonym: string
  readonly clock: Clock
  /** Path of the file. */
  readonly source: string
}

export function createLiveRuntime(
  first: GatewayConfig,
  { keySources, client, createSessions, createTickets, pseudonym, clock, source }: SharedParts,
): LiveRuntime {
  let runtime = build(first)
  const record = createConfigRecord(first, source, () => clock.now())

  function build(config: GatewayConfig): Runtime {
    const authenticator = createAuthenticator({ issuers: config.issuers, keySources, sha256, clock })
    const sessions = config.login && createSessions(config.login)
    const tickets = config.tickets && createTickets(config.tickets)
    const docs = config.docs && docsPagesOf(config.docs)
    return createRuntime(config, authenticator, pseudonym, () => clock.now(), { sessions, docs, tickets, clock })
  }

  return {
    current: () => runtime,
    prepare(config) {
      assertSameServer(runtime.config.server, config.server)
      const next = build(config)
      return {
        commit() {
          const previous = runtime
          runtime = next
          record.applied(config)
          client.keepOnly(new Set([...config.upstreams.values()].flatMap(({ urls }) => urls)))
          // The new authenticator holds the key sources already, so those that stay keep their keys.
          previous.authenticator.close().catch(() => {})
        },
        abort: () => void next.authenticator.close().catch(() => {}),
      }
    },
    record,
    notReady: () =>
      runtime.authenticator
        .status()
        .filter(({ everLoaded }) => !everLoaded)
        .map(({ issuer }) => `no keys yet: ${issuer}`),
    close: () => runtime.authenticator.close(),
  }
}

function sha256(text: string): string {
  return hash('sha256', text, 'base64url')
}
