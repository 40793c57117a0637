/** One request and the place its answer goes, as the socket knows them. */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { GatewayError } from '../errors.ts'

/** Present on a WebSocket handshake: the client's socket, and the bytes that came with it. */
interface Upgrade {
  readonly socket: Duplex
  readonly head: Buffer
}

/** A class, so that all exchanges have one shape: V8 reads them with one load. */
export class Exchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly upgrade: Upgrade | undefined
  /** The client waits for `100 Continue` (RFC 9110 section 10.1.1). */
  readonly awaitsContinue: boolean
  /** Monotonic milliseconds. */
  readonly startedAtMs = performance.now()
  /** What was wrong with the rest of the request, if it has been answered beside the pipeline: it shows in the log. */
  fault: { readonly error: GatewayError; readonly requestId: string } | undefined
  /** From its begin to its end: a shutdown waits for it. */
  isUnderWay = false
  /**
   * Whoever must hear that the client's connection closed. An object, and neither a listener nor a closure: with those
   * every request survived the young generation's collections, which then took a fifth of the time.
   */
  watcher: { onClientGone(): void } | undefined
  /** The client sends no more. It resolves when it is known whether it still reads: if not, the socket is destroyed. */
  presence: Promise<void> | undefined

  constructor(incoming: IncomingMessage, outgoing: ServerResponse, awaitsContinue: boolean, upgrade?: Upgrade) {
    this.incoming = incoming
    this.outgoing = outgoing
    this.awaitsContinue = awaitsContinue
    this.upgrade = upgrade
  }
}

const SMALL_BODY_BYTES = 64 * 1024

const prefix = randomBytes(9).toString('base64url')
let count = 0

/** Unique in this process and, by its random part, among processes. */
export function createRequestId(): string {
  count += 1
  return prefix + count.toString(36)
}

/**
 * The answer has been taken care of on the socket: Hono's `Response` is to be ignored. It is none: to name that class makes
 * Node load all of its fetch, which a gateway that starts has no use for.
 */
export const TAKEN = {} as Response

/**
 * Writes a short answer. Afterwards the connection is used again only if the request has been read to its end.
 * @param headers flat list of names and values
 */
export function writeAnswer(exchange: Exchange, status: number, headers: string[], body: string | Uint8Array): number {
  const { incoming, outgoing } = exchange
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy()
    return 0
  }
  const bytes = Buffer.byteLength(body)
  if (status !== 204 && status !== 304) headers.push('Content-Length', String(bytes))
  if (!incoming.complete && !isSoonRead(exchange)) headers.push('Connection', 'close')
  outgoing.writeHead(status, headers)
  outgoing.end(incoming.method === 'HEAD' ? undefined : body)
  return bytes
}

/** The rest of a small body is read away faster than a new connection is made. */
function isSoonRead({ incoming: { headers }, awaitsContinue }: Exchange): boolean {
  if (headers['transfer-encoding'] !== undefined) return false
  return Number(headers['content-length'] ?? 0) <= (awaitsContinue ? 0 : SMALL_BODY_BYTES)
}
