import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** Longest time that the rest of an unwanted body is read and thrown away. */
const LINGER_MS = 2_000

/**
 * Lets an early answer arrive. Closing a socket with unread bytes makes the kernel send a reset, and the client loses the
 * answer (RFC 9112 section 9.6). So after an answer that ends the connection our half is closed, and the rest of the body
 * is read away for a short time.
 */
export function lingerAfterEarlyAnswer(incoming: IncomingMessage): void {
  const socket: Socket = incoming.socket
  const destroySoon = socket.destroySoon.bind(socket)
  socket.destroySoon = () => {
    if (incoming.complete || socket.destroyed) {
      destroySoon()
      return
    }
    socket.end()
    incoming.resume()
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    timer.unref()
    incoming.once('close', () => {
      clearTimeout(timer)
      socket.destroy()
    })
  }
}
