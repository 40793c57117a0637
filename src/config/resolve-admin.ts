import type { AdminConfig } from './admin-config.ts'
import { type ReadSibling, readSecret } from './read-secret.ts'
import type { Report } from './report.ts'
import type { GatewayFile } from './schema.ts'
import { MIN_PASSWORD } from './schema-admin.ts'

export function resolveAdmin({ admin, listen }: GatewayFile, report: Report, read: ReadSibling): false | AdminConfig {
  if (admin === false) return false
  if (admin.port !== 0 && admin.port === listen.port) {
    report.error(['admin', 'port'], 'the admin listener needs a port of its own')
  }
  const { host, port, names } = admin
  const password = readSecret(admin.password, ['admin', 'password'], report, read)
  if (password !== undefined && password.length < MIN_PASSWORD) {
    report.error(['admin', 'password'], `expected at least ${MIN_PASSWORD} characters`)
  }
  return { host, port, ...(names && { names }), ...(password !== undefined && { password }) }
}
