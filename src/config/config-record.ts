/** What a process remembers of the files it was given. */
import type { GatewayConfig } from './gateway-config.ts'

export interface ConfigStatus {
  /** SHA-256 of the file in force, base64url. */
  readonly digest: string
  /** ISO time. */
  readonly appliedAt: string
  readonly routes: number
  /** The last file that was refused after the one in force had been applied. */
  readonly lastRefusal?: { readonly at: string; readonly problems: readonly string[] }
}

export interface ConfigRecord {
  status(): ConfigStatus
  /** Notes that this configuration came into force. */
  applied(config: GatewayConfig): void
  /** Notes that a new file was refused. */
  refused(problems: readonly string[]): void
}

export function createConfigRecord(first: GatewayConfig): ConfigRecord {
  let status = toStatus(first)
  return {
    status: () => status,
    applied(config) {
      status = toStatus(config)
    },
    refused(problems) {
      status = { ...status, lastRefusal: { at: now(), problems } }
    },
  }
}

function toStatus({ digest, routes }: GatewayConfig): ConfigStatus {
  return { digest, appliedAt: now(), routes: routes.length }
}

function now(): string {
  return new Date().toISOString()
}
