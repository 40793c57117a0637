import type { Socket } from 'node:net'

/** Longest time that a connection we have ended is kept for what the client still sends. */
const LINGER_MS = 2_000

/**
 * Lets the last answer on a connection arrive. Closing a socket with unread bytes makes the kernel send a reset, and the
 * client loses the answer (RFC 9112 section 9.6). So only our half is closed, and the socket goes when the client has
 * closed its own, or after a short time. Whoever ends a connection sees to it that what still comes is read away.
 */
export function lingerOnClose(socket: Socket): void {
  socket.destroySoon = () => {
    if (socket.destroyed) return
    socket.end()
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    timer.unref()
    socket.once('close', () => clearTimeout(timer))
  }
}
