/** The connections to one origin: who gets which, who waits, and how long an idle one is kept. */
import type { Socket } from 'node:net'
import { UpstreamError } from './upstream-client.ts'
import { type ConnectionOwner, UpstreamConnection } from './upstream-connection.ts'
import type { UpstreamExchange } from './upstream-exchange.ts'
import { openUpstreamSocket } from './upstream-socket.ts'

/** Upstreams that say nothing close idle connections after 5 s and more: a request must not meet the closing. */
const DEFAULT_IDLE_MS = 4_000
const MAX_IDLE_MS = 600_000
/** Taken off what an upstream says, for the time that the last answer was on its way. */
const IDLE_MARGIN_MS = 1_000

export interface PoolOptions {
  readonly origin: URL
  /** Connections at once, at most. */
  readonly connections: number
  readonly connectMs: number
  /** Monotonic milliseconds. */
  readonly now: () => number
}

/**
 * A free connection gets its next exchange only in the next turn of the event loop: by then all that had come on it has
 * been read, and one that its upstream closed, or on which it sent what nobody asked for, is no longer among the free ones.
 */
export class ConnectionPool implements ConnectionOwner {
  readonly #options: PoolOptions
  /** In the order of their coming. */
  readonly #waiting: UpstreamExchange[] = []
  /** The one that was used last is taken first: those that are not needed grow old. */
  readonly #idle: UpstreamConnection[] = []
  /** Connections that are being made. */
  #connecting = 0
  /** All connections, those being made included. */
  #open = 0
  #isHandingOut = false
  #onClosed: (() => void) | undefined

  constructor(options: PoolOptions) {
    this.#options = options
  }

  isFor(connections: number, connectMs: number): boolean {
    return this.#options.connections === connections && this.#options.connectMs === connectMs
  }

  dispatch(exchange: UpstreamExchange): void {
    this.#waiting.push(exchange)
    this.#openWanted()
    if (this.#idle.length > 0) this.#scheduleHandOut()
  }

  /** Closes connections that have been idle for too long. */
  closeExpired(): void {
    const now = this.#options.now()
    for (const connection of this.#idle.filter(({ idleUntilMs }) => idleUntilMs <= now)) this.#drop(connection)
  }

  /** No exchange comes any more. Resolves when those that are there have ended and all connections are closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#onClosed = resolve
      this.#closeIfOver()
    })
  }

  onFree(connection: UpstreamConnection): void {
    const seconds = connection.keepAliveSeconds
    const idleMs = seconds < 0 ? DEFAULT_IDLE_MS : Math.min(seconds * 1000 - IDLE_MARGIN_MS, MAX_IDLE_MS)
    connection.idleUntilMs = this.#options.now() + idleMs
    this.#idle.push(connection)
    if (this.#waiting.length > 0) this.#scheduleHandOut()
    else this.#closeIfOver()
  }

  onUnfit(connection: UpstreamConnection): void {
    const index = this.#idle.lastIndexOf(connection)
    if (index !== -1) this.#idle.splice(index, 1)
  }

  onGone(): void {
    this.#open -= 1
    this.#openWanted()
    this.#closeIfOver()
  }

  #scheduleHandOut(): void {
    if (this.#isHandingOut) return
    this.#isHandingOut = true
    setImmediate(this.#handOut)
  }

  readonly #handOut = (): void => {
    this.#isHandingOut = false
    while (this.#waiting.length > 0) {
      const connection = this.#idle.pop()
      if (connection === undefined) break
      if (connection.idleUntilMs <= this.#options.now()) this.#drop(connection)
      else this.#serve(connection)
    }
    // Some that were counted on are gone.
    this.#openWanted()
    this.#closeIfOver()
  }

  /** Gives the connection to the first that still wants it. */
  #serve(connection: UpstreamConnection): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (connection.begin(next)) return
    }
    this.#idle.push(connection)
  }

  #openWanted(): void {
    const { origin, connections, connectMs } = this.#options
    while (this.#open < connections && this.#waiting.length > this.#idle.length + this.#connecting) {
      this.#open += 1
      this.#connecting += 1
      openUpstreamSocket(origin, connectMs, this.#onConnected)
    }
  }

  readonly #onConnected = (error: Error | null, socket: Socket): void => {
    this.#connecting -= 1
    if (error === null) {
      const connection = new UpstreamConnection(socket, this)
      connection.idleUntilMs = this.#options.now() + DEFAULT_IDLE_MS
      this.#serve(connection)
      this.#closeIfOver()
      return
    }
    // Each connection is made because somebody waits for it.
    const exchange = this.#waiting.shift()
    this.onGone()
    exchange?.handler.onError(toConnectError(error))
  }

  #drop(connection: UpstreamConnection): void {
    this.onUnfit(connection)
    connection.destroy()
  }

  #closeIfOver(): void {
    if (this.#onClosed === undefined || this.#waiting.length > 0) return
    for (const connection of [...this.#idle]) this.#drop(connection)
    if (this.#open === 0) this.#onClosed()
  }
}

function toConnectError(error: Error & { code?: string }): UpstreamError {
  if (error instanceof UpstreamError) return error
  return new UpstreamError(error.code === 'ETIMEDOUT' ? 'connect-timeout' : 'connect', error)
}
