import { connectionOf } from './client-connection.ts'
import type { Exchange } from './exchange.ts'
import { holdBack, readOn } from './hold-back.ts'

/**
 * Refuses at once, and does not read from that connection until its turn has come: a client that asks again without a pause
 * then waits in its own kernel, where it costs nothing. Were the refusal to wait instead, all that belongs to its request
 * would grow old in memory.
 * @param inTurn runs what it is given when its turn comes
 */
export function createRests(inTurn: (run: () => void) => void): (exchange: Exchange, refuse: () => void) => void {
  return (exchange, refuse) => {
    const { socket } = exchange.incoming
    const connection = connectionOf(socket)
    // More that has been read already is not held back by a pause. A body has to be read to its end.
    if (connection === undefined || connection.waiting > 0 || mayHaveBody(exchange)) {
      inTurn(refuse)
      return
    }
    connection.isResting = true
    holdBack(socket)
    refuse()
    inTurn(() => {
      if (connection.isResting) readOn(socket)
      connection.isResting = false
    })
  }
}

function mayHaveBody({ upgrade, incoming: { headers } }: Exchange): boolean {
  if (upgrade !== undefined || headers['transfer-encoding'] !== undefined) return true
  return Number(headers['content-length'] ?? 0) > 0
}
