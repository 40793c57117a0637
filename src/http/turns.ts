import type { ServerResponse } from 'node:http'
import type { ClientConnection } from './client-connection.ts'
import { holdBack, readOn } from './hold-back.ts'

/** With so many requests waiting, a connection is not read until some of them have been answered. */
const HELD_BACK_FROM = 32

/** Requests waiting on all connections together. node:http makes some 3 KB of objects of each, however short it is. */
const MAX_WAITING = 20_000

export interface Turns {
  /** Runs `run` when all requests before this one on its connection have been answered. */
  wait(connection: ClientConnection, outgoing: ServerResponse, run: () => void): void
  /** The connection has closed: nothing on it waits any more. */
  forget(connection: ClientConnection): void
}

/**
 * Pipelined requests run one after the other (RFC 9112 section 9.3.2), so that nothing which follows a request that is
 * answered with a closed connection is ever looked at.
 * @param onTooMany more wait than there is room for: this connection has to go
 */
export function createTurns(onTooMany: (connection: ClientConnection) => void): Turns {
  let waiting = 0

  function begin(connection: ClientConnection): void {
    waiting -= 1
    connection.waiting -= 1
    if (connection.waiting === HELD_BACK_FROM - 1) readOn(connection.socket)
  }

  return {
    wait(connection, outgoing, run) {
      if (waiting === MAX_WAITING) {
        onTooMany(connection)
        return
      }
      waiting += 1
      connection.waiting += 1
      if (connection.waiting >= HELD_BACK_FROM) holdBack(connection.socket)
      outgoing.once('socket', () => {
        if (connection.waiting > 0) begin(connection)
        run()
      })
    },
    forget(connection) {
      waiting -= connection.waiting
      connection.waiting = 0
    },
  }
}
