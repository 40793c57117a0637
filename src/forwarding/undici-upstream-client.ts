/** The upstream port on `undici`: its `dispatch` with the callback handlers of version 7, the fastest way it offers. */
import type net from 'node:net'
import type { Duplex } from 'node:stream'
import { Client, type Dispatcher, Pool } from 'undici'
import { writeRequestHead } from './request-writer.ts'
import {
  type UpstreamClient,
  UpstreamError,
  type UpstreamErrorKind,
  type UpstreamHandler,
  type UpstreamRequest,
} from './upstream-client.ts'
import { openUpstreamSocket } from './upstream-socket.ts'

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
      // undici would refuse it, too, but then its pool takes the connection for a busy one, for ever.
      if (writeRequestHead(request, '') === undefined) return adapter.onError(unsendable())
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

function unsendable(): UpstreamError {
  return new UpstreamError('invalid', new Error('the request cannot be sent'))
}

function createPool({ origin, connections, connectMs }: UpstreamRequest): Pool {
  return new Pool(origin, {
    connections,
    pipelining: 1,
    // Response and idle time-outs are the forwarding stage's: undici's timers are coarse (about one second).
    headersTimeout: 0,
    bodyTimeout: 0,
    factory: (url, options) => new Connection(url, options, connectMs),
  })
}

/** A client of the pool. It has one connection at a time, so an exchange can be told what became of its socket. */
class Connection extends Client {
  socket: net.Socket | undefined

  constructor(origin: URL, options: Client.Options, connectMs: number) {
    super(origin, {
      ...options,
      connect: ({ protocol, hostname, port }, callback) =>
        openUpstreamSocket({ protocol, hostname, port: String(port ?? '') }, connectMs, (error, socket) => {
          if (error !== null) return callback(error, null)
          this.socket = socket
          callback(null, socket)
          mendParser(socket)
        }),
    })
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: HandlerAdapter): boolean {
    handler.connection = this
    return super.dispatch(options, handler)
  }
}

interface Parser {
  statusCode: number
  contentLength: string
  headers: Buffer[]
  headersSize: number
  onHeadersComplete(status: number, upgrade: boolean, keepAlive: boolean): number
}

/**
 * Two answers that are right, and that undici takes for bad ones: a `100 Continue` that nobody asked for (RFC 9110 section
 * 15.2.1), and a 304 or 204 with a length, which ends with its head all the same (RFC 9112 section 6.3).
 * There is no option for them: this reaches into undici's parser, whose version is pinned and whose behaviour is tested.
 */
function mendParser(socket: net.Socket): void {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser')
  const parser = symbol && (socket as unknown as Record<symbol, Parser | null>)[symbol]
  if (!parser) return
  const onHeadersComplete = parser.onHeadersComplete.bind(parser)
  parser.onHeadersComplete = (status, upgrade, keepAlive) => {
    if (status === 304 || status === 204) parser.contentLength = ''
    if (status !== 100) return onHeadersComplete(status, upgrade, keepAlive)
    Object.assign(parser, { statusCode: status, headers: [], headersSize: 0 })
    return NO_BODY
  }
}

/** What llhttp is to be told of a message that has none. */
const NO_BODY = 1

function toDispatchOptions(request: UpstreamRequest): Dispatcher.DispatchOptions {
  const { method, path, headers, body } = request
  const options: Dispatcher.DispatchOptions = { method: method as Dispatcher.HttpMethod, path, headers, body }
  // Without this undici gives the connection up after every HEAD.
  if (method === 'HEAD') options.reset = false
  if (request.upgrade !== undefined) options.upgrade = request.upgrade
  return options
}

class HandlerAdapter implements Dispatcher.DispatchHandler {
  /** Set by the pool's client before anything is called. */
  connection: Connection | undefined
  readonly #handler: UpstreamHandler
  #socket: net.Socket | undefined
  #bytesBefore = 0

  constructor(handler: UpstreamHandler) {
    this.#handler = handler
  }

  onConnect(): void {
    const socket = this.connection?.socket as net.Socket
    this.#socket = socket
    this.#bytesBefore = socket.bytesRead
    // undici's own abort would open another connection for the request that is given up.
    const abort = (): void => void socket.destroy(new UpstreamError('aborted'))
    // To throw takes the request out of the queue and leaves the connection to the next one.
    if (!this.#handler.onStart(abort)) throw new UpstreamError('aborted')
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
    // A body that ends with its connection is whole only if that was closed: undici takes a reset for an end, too.
    if (this.#socket?.errored) this.onError(this.#socket.errored)
    else this.#handler.onEnd()
  }

  onUpgrade(status: number, rawHeaders: Buffer[] | string[] | null, socket: Duplex): void {
    this.#handler.onUpgrade(status, toStrings((rawHeaders ?? []) as Buffer[]), socket)
  }

  onError(error: Error): void {
    this.#handler.onError(error instanceof UpstreamError ? error : new UpstreamError(this.#toKind(error), error))
  }

  #toKind(error: Error): UpstreamErrorKind {
    const kind = toKind(error, this.#socket !== undefined)
    const wasUsed = this.#bytesBefore > 0
    return kind === 'reset' && wasUsed && this.#socket?.bytesRead === this.#bytesBefore ? 'stale' : kind
  }
}

/** Field values are octets (RFC 9110 section 5.5): latin1 keeps every one as it is. */
function toStrings(rawHeaders: Buffer[]): string[] {
  return rawHeaders.map((part) => (typeof part === 'string' ? part : part.toString('latin1')))
}

/** Names and codes of errors that mean: the peer does not speak HTTP as it should, or the request cannot be sent. */
const INVALID: ReadonlySet<string> = new Set([
  'HTTPParserError',
  'InvalidArgumentError',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_NOT_SUPPORTED',
])

function toKind(error: Error & { code?: string }, started: boolean): UpstreamErrorKind {
  const code = error.code ?? ''
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return started ? 'reset' : 'connect-timeout'
  if (INVALID.has(error.name) || INVALID.has(code)) return 'invalid'
  return started ? 'reset' : 'connect'
}
