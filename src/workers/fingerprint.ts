import { hash } from 'node:crypto'
import type { GatewayConfig } from '../config/gateway-config.ts'

/**
 * SHA-256 of a whole configuration, with what environment and secret files put into it: equal in two processes when they
 * would do the same. The digest in the configuration is that of the texts alone, which covers the schemas of
 * bodies and the documents of services.
 */
export function fingerprintOf(config: GatewayConfig): string {
  const text = JSON.stringify(config, (name, value: unknown) => {
    if (name === 'root' || name === 'documents') return undefined
    return value instanceof Map || value instanceof Set ? [...value] : value
  })
  return hash('sha256', text, 'base64url')
}
