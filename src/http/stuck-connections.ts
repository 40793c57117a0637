import type http from 'node:http'
import type { ServerConfig } from '../config/gateway-config.ts'
import type { ClientConnection } from './client-connection.ts'

/**
 * Closes connections that nothing else would ever close: one whose client sends line ends for ever, which node:http takes
 * for activity, and one whose client does not read a short answer. Streams have an idle time-out of their own.
 */
export function sweepStuck(
  server: http.Server,
  connections: ReadonlySet<ClientConnection>,
  { keepAliveTimeoutMs, headerTimeoutMs }: Pick<ServerConfig, 'keepAliveTimeoutMs' | 'headerTimeoutMs'>,
): void {
  // Longer than an honest connection may be idle and then take for a head.
  const everyMs = keepAliveTimeoutMs + headerTimeoutMs + 1_000
  const timer = setInterval(closeStuck, everyMs, connections).unref()
  server.once('close', () => clearInterval(timer))
}

/** Closes those that have got no byte out since the last call. */
function closeStuck(connections: ReadonlySet<ClientConnection>): void {
  for (const connection of connections) {
    const { socket } = connection
    const taken = mayBeStuck(connection) ? socket.bytesWritten - socket.writableLength : -1
    if (taken !== -1 && taken === connection.takenBefore) socket.destroy()
    connection.takenBefore = taken
  }
}

function mayBeStuck({ socket, exchange }: ClientConnection): boolean {
  if (exchange === undefined) return true
  return exchange.watcher === undefined && exchange.upgrade === undefined && socket.writableLength > 0
}
