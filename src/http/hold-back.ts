import type { Socket } from 'node:net'

/** What node:http does itself for a client that does not read. A pause without the mark ends with the next message. */
type HttpSocket = Socket & { _paused?: boolean; parser?: { resume(): void } | null }

/** Nothing is read until `readOn`; the client's kernel fills up and makes it wait. */
export function holdBack(socket: HttpSocket): void {
  socket._paused = true
  socket.pause()
}

export function readOn(socket: HttpSocket): void {
  socket._paused = false
  socket.parser?.resume()
  socket.resume()
}
