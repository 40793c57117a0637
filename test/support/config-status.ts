import type { ConfigStatus } from '../../src/config/config-record.ts'
import { request } from './raw-http.ts'

/** What the admin listener says of the file in force and of the last one that was refused. */
export async function readConfigStatus({ adminUrl }: { readonly adminUrl: string }): Promise<ConfigStatus> {
  return JSON.parse((await request(adminUrl, ['GET /config/status HTTP/1.1'])).body)
}
