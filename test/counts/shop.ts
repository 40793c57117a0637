/** A counted gateway with all that a request can need: an issuer, an upstream, routes with and without limits. */
import type { Socket } from 'node:net'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { generateSigningKey } from '../support/tokens.ts'
import { answering, type RawUpstream, startRawUpstream } from '../support/upstream.ts'
import { type Caller, connectCallers, head, sendAll } from './callers.ts'
import { type CountedProcess, type CountOptions, startCounted } from './counted-gateway.ts'

export const CLIENTS = ['lean', 'undici'] as const

export interface CountedShop {
  readonly gateway: CountedProcess
  readonly issuer: TestIssuer
  readonly upstream: RawUpstream
  readonly callers: readonly Caller[]
  /** A request with a good token; the same each time. */
  request(target: string): Promise<string>
  /** Sends a request this many times, one after the other on one connection; each is answered with `status`. */
  send(bytes: string, count: number, status?: number): Promise<void>
  close(): Promise<void>
}

export interface ShopOptions extends CountOptions {
  readonly callers?: number
  /** Added to the file. */
  readonly file?: Readonly<Record<string, unknown>>
  /** What the upstream does with a connection; default: it gives {@link ANSWER} to each request. */
  readonly onConnection?: (socket: Socket) => void
  /** Where windows are counted; default: in memory. */
  readonly redis?: string
}

/** An answer of 1 KiB, as services give it. */
export const ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n${'x'.repeat(1024)}`

/** One for all: to make it takes longer than most of the rest. */
const signingKey = generateSigningKey('RS256')

const ANY_TOKEN = [{ methods: 'any', token: 'any' }]

export async function startShop(options: ShopOptions = {}): Promise<CountedShop> {
  const issuer = await createTestIssuer({ key: await signingKey })
  const upstream = await startRawUpstream(options.onConnection ?? answering(ANSWER))
  const gateway = await startCounted(toFile(issuer, upstream, options), options)
  const callers = await connectCallers(gateway.url, options.callers ?? 1)
  const token = await issuer.mint({ sub: 'u-1', azp: 'shop-spa', scope: 'orders:read' })
  return {
    gateway,
    issuer,
    upstream,
    callers,
    request: async (target) => head(target, ...withToken(token)),
    send: (bytes, count, status) => sendAll(callers.slice(0, 1), count, () => bytes, status),
    async close() {
      for (const caller of callers) await caller.close()
      for (const part of [gateway, upstream, issuer]) await part.close()
    },
  }
}

/** The fields of a browser's request. */
export function withToken(token: string): string[] {
  return [`Authorization: Bearer ${token}`, 'Accept: application/json', 'User-Agent: test', 'Cache-Control: no-cache']
}

function toFile(issuer: TestIssuer, upstream: RawUpstream, { file, redis }: ShopOptions) {
  return {
    ...(redis !== undefined && { redis: { url: redis } }),
    issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
    upstreams: { up: upstream.url },
    rateLimits: {
      'per-user': { limit: 1_000_000, window: '1h', key: 'token.sub' },
      'per-client': { limit: 1_000_000, window: '1h', key: 'token.azp' },
      tight: { limit: 1, window: '1h', key: 'token.sub' },
      'per-ip': { limit: 1_000_000, window: '1h', key: 'client.ip', when: 'before-auth' },
    },
    routes: [
      { path: '/orders/{id}', to: 'up', rateLimits: ['per-user'], allow: [{ methods: 'any', scopes: 'orders:read' }] },
      { path: '/twice/{id}', to: 'up', rateLimits: ['per-user', 'per-client'], allow: ANY_TOKEN },
      { path: '/tight/{id}', to: 'up', rateLimits: ['tight'], allow: ANY_TOKEN },
      { path: '/early/{id}', to: 'up', rateLimits: ['per-ip', 'per-user'], allow: ANY_TOKEN },
      { path: '/free/{id}', to: 'up', allow: ANY_TOKEN },
      { path: '/hidden/{id}', to: 'up', rateLimits: ['per-user'], allow: [{ methods: 'any', roles: 'nobody' }] },
      { path: '/open/{id}', to: 'up', methods: ['GET'], public: 'for a test' },
    ],
    ...file,
  }
}
