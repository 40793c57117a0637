/**
 * The upstream port on sockets: a strict client of HTTP/1.1 with connections that are kept. It costs half of what undici
 * does, because it does no more than this port needs, and nothing per request that a connection can keep.
 */
import { ConnectionPool } from './connection-pool.ts'
import { writeRequestHead } from './request-writer.ts'
import { type UpstreamClient, UpstreamError, type UpstreamRequest } from './upstream-client.ts'
import { UpstreamExchange } from './upstream-exchange.ts'

const SWEEP_MS = 1_000

export interface LeanClientOptions {
  /** Monotonic milliseconds, by which idle connections grow old. */
  readonly now?: () => number
  /** How often it looks for connections that are idle for too long. One that is asked for is looked at anyway. */
  readonly sweepMs?: number
}

/** An origin, and its connections: two upstreams may name one origin with different settings. */
interface Origin {
  readonly url: URL
  readonly pools: ConnectionPool[]
}

export function createLeanUpstreamClient(options: LeanClientOptions = {}): UpstreamClient {
  const { now = () => performance.now(), sweepMs = SWEEP_MS } = options
  const origins = new Map<string, Origin>()
  let sweeper: NodeJS.Timeout | undefined

  function originOf(name: string): Origin | undefined {
    const known = origins.get(name)
    if (known !== undefined) return known
    const url = URL.parse(name)
    if (url === null) return undefined
    const origin = { url, pools: [] }
    origins.set(name, origin)
    // One timer for all connections.
    sweeper ??= setInterval(sweep, sweepMs).unref()
    return origin
  }

  function poolOf({ url, pools }: Origin, { connections, connectMs }: UpstreamRequest): ConnectionPool {
    // Nearly always there is one: comparing numbers is cheaper than making a key of them.
    const known = pools.find((pool) => pool.isFor(connections, connectMs))
    if (known !== undefined) return known
    const pool = new ConnectionPool({ origin: url, connections, connectMs, now })
    pools.push(pool)
    return pool
  }

  function sweep(): void {
    for (const { pools } of origins.values()) for (const pool of pools) pool.closeExpired()
  }

  function forget(name: string, { pools }: Origin): Promise<unknown> {
    origins.delete(name)
    if (origins.size === 0) {
      clearInterval(sweeper)
      sweeper = undefined
    }
    return Promise.all(pools.map((pool) => pool.close()))
  }

  return {
    dispatch(request, handler) {
      const origin = originOf(request.origin)
      const head = origin && writeRequestHead(request, origin.url.host)
      if (head === undefined) handler.onError(new UpstreamError('invalid', new Error('the request cannot be sent')))
      else poolOf(origin as Origin, request).dispatch(new UpstreamExchange(request, handler, head))
    },
    keepOnly(names) {
      for (const [name, origin] of origins) if (!names.has(name)) void forget(name, origin)
    },
    async close() {
      await Promise.all([...origins].map(([name, origin]) => forget(name, origin)))
    },
  }
}
