/** What tests of the data path share: hostile upstreams, a gateway before them, and one request. */
import type net from 'node:net'
import { openTo, startGateway, type TestGateway } from './gateway.ts'
import { closingAfterEach } from './keep.ts'
import { request } from './raw-http.ts'
import { type RawUpstream, startRawUpstream, startUpstream } from './upstream.ts'
import { waitFor } from './wait-for.ts'

/** Everything that is opened through it is closed after each test of the file. */
export function dataPath() {
  const keep = closingAfterEach()
  return {
    keep,
    hostile: async (onConnection: (socket: net.Socket) => void): Promise<RawUpstream> =>
      keep(await startRawUpstream(onConnection)),
    gatewayTo: async (
      upstream: string | Record<string, unknown>,
      route: Record<string, unknown> = {},
    ): Promise<TestGateway> => keep(await startGateway(openTo(upstream, route))),
  }
}

export const get = (gateway: TestGateway, ...fields: string[]) =>
  request(gateway.url, ['GET /orders/7 HTTP/1.1', ...fields])

export const lastLine = (gateway: TestGateway) =>
  waitFor('an access-log line', () => gateway.logs().findLast(({ msg }) => msg === 'request'))

/** The address of a port that nobody listens on. */
export async function closedPort(): Promise<string> {
  const upstream = await startUpstream()
  await upstream.close()
  return upstream.url
}
