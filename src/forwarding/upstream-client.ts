/** The port to upstream services: raw HTTP/1.1 exchanges with backpressure and abort. It never follows a redirect. */
import type { Duplex, Readable } from 'node:stream'

export interface UpstreamRequest {
  /** `http://orders:8080`. */
  readonly origin: string
  readonly method: string
  /** Path and query, sent as they are. */
  readonly path: string
  /** Flat list of names and values; without Host, Connection, Transfer-Encoding and Upgrade. */
  readonly headers: string[]
  readonly body: Readable | Buffer | null
  /** Time to connect, when no connection is free. */
  readonly connectMs: number
  /** Connections kept to this origin, at most. */
  readonly connections: number
  /** Ask for this protocol (`websocket`). */
  readonly upgrade?: string | undefined
}

/** Calls come in the order onStart, onInformation*, (onHead, onData*, onEnd | onUpgrade); onError may come at any point, once, and ends them. */
export interface UpstreamHandler {
  /**
   * The request is about to be sent on a connection. `abort` ends the exchange; nothing but onError follows.
   * False: the request is not wanted any more and must not be sent.
   */
  onStart(abort: () => void): boolean
  /** An interim answer, 1xx but 100 and 101. */
  onInformation(status: number, headers: string[]): void
  onHead(status: number, headers: string[], resume: () => void): void
  /** False: stop until `resume` is called. */
  onData(chunk: Buffer): boolean
  onEnd(): void
  onUpgrade(status: number, headers: string[], socket: Duplex): void
  onError(error: UpstreamError): void
}

/**
 * `connect`: nothing was sent, so another address may be tried. `stale`: the connection had been used before and ended
 * without a byte of an answer; the upstream may have closed it before it saw the request.
 */
export type UpstreamErrorKind = 'connect' | 'connect-timeout' | 'reset' | 'stale' | 'invalid' | 'aborted'

export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly kind: UpstreamErrorKind

  /** This process has no file descriptor left for a connection, which says nothing about the upstream. */
  get isOwnShortage(): boolean {
    const { code } = (this.cause ?? {}) as NodeJS.ErrnoException
    return code === 'EMFILE' || code === 'ENFILE'
  }

  constructor(kind: UpstreamErrorKind, cause?: unknown) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(kind, { cause })
    Error.stackTraceLimit = limit
    this.kind = kind
  }
}

export interface UpstreamClient {
  /** Never throws: every failure comes through `onError`, possibly before this returns. */
  dispatch(request: UpstreamRequest, handler: UpstreamHandler): void
  /** Forgets origins that are not among these; their exchanges end first. */
  keepOnly(origins: ReadonlySet<string>): void
  /** Closes idle connections at once, and the others when their exchange ends. */
  close(): Promise<void>
}
