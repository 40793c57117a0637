import type http from 'node:http'
import { type ClientConnection, connectionOf } from './client-connection.ts'
import type { Exchange } from './exchange.ts'
import { readOn } from './hold-back.ts'

/** Idle connections are kept this long after the stop, for requests that were already on their way. */
const IDLE_GRACE_MS = 1_000

export interface Drainer {
  /** Those now open. */
  readonly connections: ReadonlySet<ClientConnection>
  open(connection: ClientConnection): void
  /** It has closed, and with it whatever was in flight on it. */
  close(connection: ClientConnection): void
  /** A request is in flight from now until its answer, or once upgraded its connection, has closed. */
  begin(connection: ClientConnection, exchange: Exchange): void
  /** Stops listening, lets requests in flight finish, and cuts what is left after `graceMs`; resolves to their number. */
  drain(graceMs: number): Promise<number>
}

/**
 * In place of Node's `server.close()`, which cuts idle connections at once, and with them requests that are on their way.
 * @param stopListening resolves when all connections have closed
 */
export function createDrainer(server: http.Server, stopListening: () => Promise<void>): Drainer {
  const connections = new Set<ClientConnection>()
  let busy = 0
  let draining = false
  let onIdle: (() => void) | undefined

  function end(connection: ClientConnection, exchange: Exchange): void {
    if (connection.exchange === exchange) connection.exchange = undefined
    if (!exchange.isUnderWay) return
    exchange.isUnderWay = false
    busy -= 1
    if (busy === 0) onIdle?.()
  }

  /** One listener for all answers: a closure for each request would cost more than what it does. */
  function onAnswered(this: http.ServerResponse): void {
    const connection = connectionOf(this.req.socket)
    const exchange = connection?.exchange
    if (connection !== undefined && exchange?.outgoing === this) end(connection, exchange)
  }

  async function drain(graceMs: number): Promise<number> {
    draining = true
    for (const { exchange, isResting, socket } of connections) {
      // What it has sent meanwhile still gets an answer.
      if (isResting) readOn(socket)
      if (exchange !== undefined && !exchange.outgoing.headersSent) exchange.outgoing.shouldKeepAlive = false
    }
    const closed = stopListening()
    await until(Math.min(IDLE_GRACE_MS, graceMs), (finish) => void closed.then(finish))
    // After this only connections with a request in flight remain.
    server.closeIdleConnections()
    if (busy > 0) {
      await until(graceMs, (finish) => {
        onIdle = finish
      })
    }
    const cut = busy
    for (const { socket } of connections) socket.destroy()
    await closed
    return cut
  }

  return {
    connections,
    open: (connection) => void connections.add(connection),
    close(connection) {
      connections.delete(connection)
      if (connection.exchange !== undefined) end(connection, connection.exchange)
    },
    begin(connection, exchange) {
      if (draining) exchange.outgoing.shouldKeepAlive = false
      const before = connection.exchange
      connection.exchange = exchange
      exchange.isUnderWay = true
      busy += 1
      // The next request of a pipeline begins before the answer before it has closed, which is out as a whole.
      if (before !== undefined) end(connection, before)
      if (exchange.upgrade === undefined) exchange.outgoing.on('close', onAnswered)
    },
    drain,
  }
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
