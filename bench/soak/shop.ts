/** All that stands around the gateway: an issuer, a service, a real Redis, users, and the connections of clients. */
import { Agent } from 'undici'
import { startRedis, type TestRedis } from '../../test/support/redis.ts'
import { createTestIssuer, type TestIssuer } from '../../test/support/test-issuer.ts'
import { type SoakGateway, startSoakGateway } from './gateway.ts'
import { type SoakAddresses, soakFile } from './route-scope-file.ts'
import { type SoakUpstream, startSoakUpstream } from './upstream.ts'
import { createUsers, type Users } from './users.ts'

export interface Shop {
  readonly gateway: SoakGateway
  readonly upstream: SoakUpstream
  readonly issuer: TestIssuer
  readonly redis: TestRedis
  readonly users: Users
  /** Connections that well-behaved clients keep. */
  readonly kept: Agent
  /** The route-scope file in its n-th form. */
  file(change: number): Record<string, unknown>
  /** Clients and service close their connections; no visit may follow. */
  rest(): Promise<void>
  /** After {@link rest}. The exit code of the gateway. */
  close(): Promise<number | null>
}

export async function openShop(freshForS: number): Promise<Shop> {
  const issuer = await createTestIssuer()
  const upstream = await startSoakUpstream()
  const redis = await startRedis()
  const addresses: SoakAddresses = { issuer: issuer.issuer, upstream: upstream.url, redis: redis.url, freshForS }
  const file = (change: number) => soakFile(addresses, change)
  const gateway = await startSoakGateway(file(0))
  const kept = new Agent({ connections: 32, headersTimeout: 25_000, bodyTimeout: 25_000 })
  return {
    ...{ gateway, upstream, issuer, redis, users: createUsers(issuer), kept, file },
    async rest() {
      await kept.close()
      await upstream.down()
    },
    async close() {
      const code = await gateway.stop()
      await redis.kill()
      await issuer.close()
      return code
    },
  }
}
