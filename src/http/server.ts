/** The data listener: `node:http` set up so that nothing it does by default gets past the gateway. */
import http, { type IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ServerConfig } from '../config/gateway-config.ts'
import { GatewayError } from '../errors.ts'
import { ClientConnection, connectionOf } from './client-connection.ts'
import { createDoors } from './doors.ts'
import { createDrainer, type Drainer } from './drainer.ts'
import { createRequestId, Exchange } from './exchange.ts'
import { watchHalfClosed } from './half-closed.ts'
import { lingerOnClose } from './linger.ts'
import type { PortSharing } from './port-sharing.ts'
import { type ClientError, toRawAnswer, toRefusal } from './raw-refusal.ts'
import { sweepStuck } from './stuck-connections.ts'
import { createTurns } from './turns.ts'
import { isWebSocketHandshake, losesBytesBehind } from './upgrade-request.ts'

export interface DataServer extends Pick<Drainer, 'drain'> {
  /**
   * Rejects when another process listens there.
   * @param sharing how several processes listen on one port; the caller has made sure that nobody else does
   */
  listen(host: string, port: number, sharing?: PortSharing): Promise<AddressInfo>
  /** New connections get this certificate. Throws when certificate and key do not fit; the one before then stays. */
  renewCertificate(tls: NonNullable<ServerConfig['listen']['tls']>): void
}

export interface ServerHandlers {
  readonly onExchange: (exchange: Exchange) => void
  /** Something that did not become a request; it has been answered. */
  readonly onRefused: (error: GatewayError, requestId: string, peer: string) => void
}

type Upgrade = NonNullable<Exchange['upgrade']>

/** Connections beyond the limit that are told so; more are closed without a word. */
const OVERLOAD_ROOM = 100

/** Header fields of a request (431). */
const MAX_FIELDS = 1_000

export function createDataServer(config: ServerConfig, { onExchange, onRefused }: ServerHandlers): DataServer {
  const server = createServer(config)
  const doors = createDoors(server, config.connections + OVERLOAD_ROOM)
  const drainer = createDrainer(server, doors.close)
  const turns = createTurns(({ socket }) => cutOff(socket, onRefused))
  sweepStuck(server, drainer.connections, config)

  server.on(server instanceof https.Server ? 'secureConnection' : 'connection', (socket: Socket) => {
    if (socket.destroyed) return
    const connection = new ClientConnection(socket)
    lingerOnClose(socket)
    drainer.open(connection)
    socket.once('end', () => watchHalfClosed(connection))
    socket.once('close', () => {
      const { exchange } = connection
      drainer.close(connection)
      turns.forget(connection)
      exchange?.watcher?.onClientGone()
    })
    if (drainer.connections.size > config.connections) refuse(socket, new GatewayError('overloaded', 'connections'))
  })
  server.on('request', (incoming, outgoing) => take(incoming, outgoing, false))
  server.on('checkContinue', (incoming, outgoing) => {
    // Node also takes a list in which it stands.
    if (incoming.headers.expect?.toLowerCase() === '100-continue') take(incoming, outgoing, true)
    else refuse(incoming.socket, expectationFailed())
  })
  server.on('checkExpectation', ({ socket }: IncomingMessage) => refuse(socket, expectationFailed()))
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    take(incoming, answerTo(incoming, socket), false, { socket, head })
  })
  server.on('connect', ({ socket }) => refuse(letGo(socket), new GatewayError('malformed_request', 'connect_method')))
  server.on('clientError', (error: ClientError, socket) => {
    const refusal = toRefusal(error)
    if (refusal === undefined) socket.destroy()
    else refuse(socket as Socket, refusal)
  })

  function take(incoming: IncomingMessage, outgoing: ServerResponse, awaitsContinue: boolean, upgrade?: Upgrade): void {
    const { socket } = incoming
    // It was refused while this request was on its way.
    if (socket.writableEnded || socket.destroyed) return
    const connection = connectionOf(socket) as ClientConnection
    if (outgoing.socket === null) {
      turns.wait(connection, outgoing, () => take(incoming, outgoing, awaitsContinue, upgrade))
      return
    }
    if (connection.last === incoming) outgoing.shouldKeepAlive = false
    const exchange = new Exchange(incoming, outgoing, awaitsContinue, upgrade)
    drainer.begin(connection, exchange)
    onExchange(exchange)
  }

  function refuse(socket: Socket, error: GatewayError): void {
    // A TLS handshake that failed never became a connection.
    const connection = connectionOf(socket) ?? new ClientConnection(socket)
    if (connection.isRefused) return
    connection.isRefused = true
    afterEarlierAnswers(socket, () => endWith(connection, error))
  }

  function endWith({ socket, exchange }: ClientConnection, error: GatewayError): void {
    const isInside = exchange !== undefined && !exchange.incoming.complete
    // More bytes would be read as part of an answer that is under way.
    if (!socket.writable || (isInside && exchange.outgoing.headersSent)) {
      socket.destroy()
      return
    }
    const requestId = createRequestId()
    if (isInside) exchange.fault = { error, requestId }
    else onRefused(error, requestId, socket.remoteAddress ?? '')
    socket.write(toRawAnswer(error, requestId), 'latin1')
    socket.resume()
    socket.destroySoon()
  }

  return { listen: doors.open, drain: drainer.drain, renewCertificate: (tls) => renewCertificate(server, tls) }
}

/** An answer would have to wait for those before it. */
function cutOff(socket: Socket, onRefused: ServerHandlers['onRefused']): void {
  onRefused(new GatewayError('overloaded', 'pipelined_requests'), createRequestId(), socket.remoteAddress ?? '')
  socket.destroy()
}

function renewCertificate(server: http.Server, { cert, key }: Parameters<DataServer['renewCertificate']>[0]): void {
  if (server instanceof https.Server) server.setSecureContext({ cert, key })
}

function expectationFailed(): GatewayError {
  return new GatewayError('expectation_failed', 'expect')
}

function createServer(config: ServerConfig): http.Server {
  const { tls } = config.listen
  const options: http.ServerOptions = {
    // Room for both; the exact limits are checked on the request, where the answer can be told apart.
    maxHeaderSize: config.headersBytes + config.urlBytes,
    headersTimeout: Math.min(config.headerTimeoutMs, config.requestTimeoutMs),
    requestTimeout: config.requestTimeoutMs,
    keepAliveTimeout: config.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, config.headerTimeoutMs, config.requestTimeoutMs),
    insecureHTTPParser: false,
    // Refused by the gateway itself, with a problem document and a line in the log.
    requireHostHeader: false,
    // Behind an unfinished answer the socket is not free: such a handshake waits its turn as an ordinary request.
    shouldUpgradeCallback: takesUpgrade,
    // Most requests have no body: nobody waits for the end of one.
    optimizeEmptyRequests: true,
  }
  const server =
    tls === undefined
      ? http.createServer(options)
      : https.createServer({ ...options, ...tls, handshakeTimeout: config.headerTimeoutMs })
  // A client that has said all it wants to say still gets its answers.
  Object.assign(server, { httpAllowHalfOpen: true })
  server.maxRequestsPerSocket = 0
  server.maxHeadersCount = MAX_FIELDS
  return server
}

/** Asked for each request that wants to switch; one that may not is an ordinary request. */
function takesUpgrade(incoming: IncomingMessage): boolean {
  if (isWebSocketHandshake(incoming) && answerUnderWay(incoming.socket) === undefined) return true
  const connection = connectionOf(incoming.socket)
  if (connection !== undefined && losesBytesBehind(incoming)) connection.last ??= incoming
  return false
}

/** node:http has let go of this socket: an error without a listener would end the process. */
function letGo(socket: Socket): Socket {
  return socket.on('error', () => socket.destroy())
}

/** An answer other than 101 goes the ordinary way, on a socket that node:http has let go of. */
function answerTo(handshake: IncomingMessage, socket: Socket): ServerResponse {
  const outgoing = new ServerResponse(handshake)
  outgoing.assignSocket(socket)
  outgoing.shouldKeepAlive = false
  outgoing.once('finish', () => {
    socket.resume()
    socket.destroySoon()
  })
  letGo(socket)
  return outgoing
}

function answerUnderWay(socket: Duplex): ServerResponse | undefined {
  return (socket as Duplex & { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined
}

/** Requests that came whole before the bad bytes get their answers first: one out of turn would be taken for theirs. */
function afterEarlierAnswers(socket: Duplex, run: () => void): void {
  const earlier = answerUnderWay(socket)
  if (earlier === undefined || !earlier.req.complete) run()
  else earlier.once('finish', () => afterEarlierAnswers(socket, run))
}
