/** The data listener: `node:http` set up so that nothing it does by default gets past the gateway. */
import http, { type IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import net, { type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ServerConfig } from '../config/gateway-config.ts'
import { ERRORS, GatewayError } from '../errors.ts'
import type { Exchange } from './exchange.ts'
import { toProblem } from './problem.ts'

export interface DataServer {
  listen(host: string, port: number): Promise<AddressInfo>
  /** Stops listening, lets requests in flight finish, and cuts what is left after `graceMs`. */
  drain(graceMs: number): Promise<void>
}

export interface ServerHandlers {
  readonly onExchange: (exchange: Exchange) => void
  /** Something that was not HTTP enough to become a request; it has been answered. */
  readonly onRefused: (error: GatewayError, status: number, clientAddress: string) => void
  readonly createRequestId: () => string
}

/** Idle connections are kept this long after the stop, for requests that were already on their way. */
const IDLE_GRACE_MS = 1_000

export function createDataServer(config: ServerConfig, handlers: ServerHandlers): DataServer {
  const { tls } = config.listen
  const options: http.ServerOptions = {
    // Room for both; the exact limits are checked on the request, where the answer can be told apart.
    maxHeaderSize: config.headersBytes + config.urlBytes,
    headersTimeout: config.headerTimeoutMs,
    requestTimeout: config.requestTimeoutMs,
    keepAliveTimeout: config.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, config.headerTimeoutMs),
    insecureHTTPParser: false,
    shouldUpgradeCallback: isWebSocketHandshake,
  }
  const server = tls === undefined ? http.createServer(options) : https.createServer({ ...options, ...tls })
  server.maxConnections = config.connections
  server.maxRequestsPerSocket = 0
  const drainer = createDrainer(server)

  function take(incoming: IncomingMessage, outgoing: ServerResponse, awaitsContinue = false): void {
    drainer.track(outgoing)
    handlers.onExchange({ incoming, outgoing, upgrade: undefined, awaitsContinue, startedAtMs: performance.now() })
  }

  server.on('request', (incoming, outgoing) => take(incoming, outgoing))
  server.on('checkContinue', (incoming, outgoing) => take(incoming, outgoing, true))
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    // An answer other than 101 goes the ordinary way, on a socket that node:http has let go of.
    const outgoing = new ServerResponse(incoming)
    outgoing.assignSocket(socket as Socket)
    outgoing.shouldKeepAlive = false
    outgoing.once('finish', () => socket.end())
    socket.on('error', () => socket.destroy())
    drainer.track(outgoing, socket)
    handlers.onExchange({
      incoming,
      outgoing,
      upgrade: { socket, head },
      awaitsContinue: false,
      startedAtMs: performance.now(),
    })
  })
  server.on('connect', (incoming, socket) =>
    refuseRaw(socket, toRefusal('connect_method'), incoming.socket.remoteAddress),
  )
  server.on('clientError', (error: ClientError, socket) =>
    refuseRaw(socket, toGatewayError(error), (socket as Socket).remoteAddress),
  )

  function refuseRaw(socket: Duplex, error: GatewayError, address = ''): void {
    handlers.onRefused(error, ERRORS[error.code].status, address)
    // A response may be half written: then more bytes would be read as part of it.
    const { _httpMessage: current } = socket as Duplex & { _httpMessage?: ServerResponse }
    if (!socket.writable || current?.headersSent) {
      socket.destroy()
      return
    }
    socket.end(toRawAnswer(error, handlers.createRequestId()), 'latin1')
  }

  return {
    listen: (host, port) => listen(server, host, port),
    drain: drainer.drain,
  }
}

type ClientError = Error & { code?: string; rawPacket?: Buffer }

function isWebSocketHandshake(incoming: IncomingMessage): boolean {
  return incoming.method === 'GET' && incoming.headers.upgrade?.toLowerCase() === 'websocket'
}

function toRefusal(reason: string): GatewayError {
  return new GatewayError('malformed_request', reason)
}

/** The raw bytes that node:http attaches to these errors hold the request, token included: only the code goes on. */
function toGatewayError({ code = '', rawPacket }: ClientError): GatewayError {
  // What overflowed cannot be told apart with certainty; a packet that begins a request and does not end its line is a target.
  if (code === 'HPE_HEADER_OVERFLOW' && rawPacket !== undefined && /^[A-Z]+ [^\r\n]*$/.test(firstLine(rawPacket))) {
    return new GatewayError('uri_too_long', 'uri_too_long')
  }
  if (code === 'HPE_HEADER_OVERFLOW') return new GatewayError('headers_too_large', 'headers_too_large')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new GatewayError('request_timeout', 'slow_request')
  return toRefusal(code.startsWith('HPE_') ? code.toLowerCase() : 'client_error')
}

/** Up to its line end, or as much as is longer than any header field may be. */
function firstLine(packet: Buffer): string {
  return packet.toString('latin1', 0, 16_384)
}

function toRawAnswer(error: GatewayError, requestId: string): string {
  const { status, headers, body } = toProblem(error, requestId)
  let head = `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${head}\r\n${body}`
}

function listen(server: http.Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve(server.address() as AddressInfo)
    })
  })
}

/** `server.close()` of Node cuts idle connections at once, and with them requests that are on their way. */
function createDrainer(server: http.Server) {
  const sockets = new Set<Duplex>()
  const busy = new Map<ServerResponse, Duplex | undefined>()
  let draining = false
  let onIdle: (() => void) | undefined

  server.on(server instanceof https.Server ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })

  function track(outgoing: ServerResponse, upgraded?: Duplex): void {
    if (draining) outgoing.shouldKeepAlive = false
    busy.set(outgoing, upgraded)
    const done = (): void => {
      if (busy.delete(outgoing) && busy.size === 0) onIdle?.()
    }
    // A socket that carries frames is busy until it closes, an ordinary answer until it is written.
    if (upgraded === undefined) outgoing.once('close', done)
    else upgraded.once('close', done)
  }

  async function drain(graceMs: number): Promise<void> {
    draining = true
    for (const [outgoing] of busy) if (!outgoing.headersSent) outgoing.shouldKeepAlive = false
    const closed = new Promise<void>((resolve) => net.Server.prototype.close.call(server, () => resolve()))
    await until(Math.min(IDLE_GRACE_MS, graceMs), (finish) => {
      if (sockets.size === 0) finish()
      else server.once('close', finish)
    })
    // After this only connections with a request in flight remain.
    ;(server as http.Server).closeIdleConnections()
    if (busy.size > 0) {
      await until(graceMs, (finish) => {
        onIdle = finish
      })
    }
    for (const socket of sockets) socket.destroy()
    await closed
  }

  return { track, drain }
}

function until(ms: number, subscribe: (finish: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    subscribe(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
