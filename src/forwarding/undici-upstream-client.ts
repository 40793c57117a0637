/** The upstream port on `undici`: its `dispatch` with the callback handlers of version 7, the fastest way it offers. */
import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { type Dispatcher, Pool } from 'undici'
import {
  type UpstreamClient,
  UpstreamError,
  type UpstreamErrorKind,
  type UpstreamHandler,
  type UpstreamRequest,
} from './upstream-client.ts'

export function createUndiciUpstreamClient(): UpstreamClient {
  // A pool belongs to an origin and its settings: two upstreams may name one origin with different ones.
  const pools = new Map<string, { origin: string; pool: Pool }>()

  function poolOf(request: UpstreamRequest): Pool {
    const id = `${request.connections} ${request.connectMs} ${request.origin}`
    let entry = pools.get(id)
    if (entry === undefined) {
      entry = { origin: request.origin, pool: createPool(request) }
      pools.set(id, entry)
    }
    return entry.pool
  }

  return {
    dispatch(request, handler) {
      const adapter = new HandlerAdapter(handler)
      try {
        poolOf(request).dispatch(toDispatchOptions(request), adapter)
      } catch (error) {
        adapter.onError(error as Error)
      }
    },
    keepOnly(origins) {
      for (const [id, { origin, pool }] of pools) {
        if (origins.has(origin)) continue
        pools.delete(id)
        pool.close().catch(() => {})
      }
    },
    async close() {
      const closing = [...pools.values()].map(({ pool }) => pool.close())
      pools.clear()
      await Promise.all(closing)
    },
  }
}

function createPool({ origin, connections, connectMs }: UpstreamRequest): Pool {
  return new Pool(origin, {
    connections,
    pipelining: 1,
    // Response and idle time-outs are the forwarding stage's: undici's timers are coarse (about one second).
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (options, callback) => connect(options, connectMs, callback),
  })
}

type ConnectOptions = { hostname: string; protocol: string; port?: string | number; servername?: string | null }
type ConnectCallback = (...args: [error: Error, socket: null] | [error: null, socket: net.Socket]) => void

/** Like undici's own connector, with an exact time limit. */
function connect(options: ConnectOptions, connectMs: number, callback: ConnectCallback): void {
  const secure = options.protocol === 'https:'
  const host = options.hostname.replace(/^\[|\]$/g, '')
  const port = Number(options.port || (secure ? 443 : 80))
  const socket = secure
    ? tls.connect({ host, port, servername: net.isIP(host) ? '' : host, ALPNProtocols: ['http/1.1'] })
    : net.connect({ host, port })
  const timer = setTimeout(() => socket.destroy(new UpstreamError('connect-timeout')), connectMs)
  const settle = (error: Error | null): void => {
    clearTimeout(timer)
    socket.off('error', settle)
    if (error === null) callback(null, socket)
    else callback(error, null)
  }
  socket.setNoDelay(true).setKeepAlive(true, 60_000)
  socket.once(secure ? 'secureConnect' : 'connect', () => settle(null))
  socket.once('error', settle)
}

function toDispatchOptions(request: UpstreamRequest): Dispatcher.DispatchOptions {
  const { method, path, headers, body } = request
  const options: Dispatcher.DispatchOptions = { method: method as Dispatcher.HttpMethod, path, headers, body }
  // Without this undici gives the connection up after every HEAD.
  if (method === 'HEAD') options.reset = false
  if (request.upgrade !== undefined) options.upgrade = request.upgrade
  return options
}

class HandlerAdapter implements Dispatcher.DispatchHandler {
  readonly #handler: UpstreamHandler
  #started = false

  constructor(handler: UpstreamHandler) {
    this.#handler = handler
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#started = true
    this.#handler.onStart(() => abort(new UpstreamError('aborted')))
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean {
    if (status < 200) this.#handler.onInformation(status, toStrings(rawHeaders))
    else this.#handler.onHead(status, toStrings(rawHeaders), resume)
    return true
  }

  onData(chunk: Buffer): boolean {
    return this.#handler.onData(chunk)
  }

  onComplete(): void {
    this.#handler.onEnd()
  }

  onUpgrade(status: number, rawHeaders: Buffer[] | string[] | null, socket: Duplex): void {
    this.#handler.onUpgrade(status, toStrings((rawHeaders ?? []) as Buffer[]), socket)
  }

  onError(error: Error): void {
    this.#handler.onError(
      error instanceof UpstreamError ? error : new UpstreamError(toKind(error, this.#started), error),
    )
  }
}

/** Field values are octets (RFC 9110 section 5.5): latin1 keeps every one as it is. */
function toStrings(rawHeaders: Buffer[]): string[] {
  return rawHeaders.map((part) => (typeof part === 'string' ? part : part.toString('latin1')))
}

function toKind(error: Error & { code?: string }, started: boolean): UpstreamErrorKind {
  const code = error.code ?? ''
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return started ? 'reset' : 'connect-timeout'
  if (
    code.startsWith('HPE_') ||
    code === 'UND_ERR_HEADERS_OVERFLOW' ||
    code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'
  ) {
    return 'invalid'
  }
  if (error.name === 'InvalidArgumentError' || code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED')
    return 'invalid'
  return started ? 'reset' : 'connect'
}
