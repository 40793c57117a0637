import type { ClientConnection } from './client-connection.ts'
import type { Exchange } from './exchange.ts'

/** The first looks follow each other quickly; three of them show whether somebody is there. */
const SOON_MS = 100
const QUICK_LOOKS = 3
const LATER_MS = 1_000
/** A stream that is silent for so long is taken for one that nobody reads. */
const SILENCE_MS = 2_000

/**
 * A client that sends no more may still read (RFC 9112 section 9.6 has servers close so), or may be gone: TCP says the same
 * of both. What tells is writing, because one that is gone answers with a reset, and its connection then closes. So while
 * an answer is waited for, a `100 Continue` is sent now and then, which every client skips (RFC 9110 section 15.2).
 * Call it when the socket has ended. An idle connection is not watched: node:http closes it.
 */
export function watchHalfClosed(connection: ClientConnection): void {
  const { socket, exchange } = connection
  if (exchange === undefined || exchange.upgrade !== undefined) return
  let looks = 0
  let timer = setTimeout(look, SOON_MS)
  let written = socket.bytesWritten
  let writtenAtMs = performance.now()
  let tell = () => {}

  function look(): void {
    looks += 1
    if (connection.exchange !== undefined) ask(connection.exchange)
    if (looks === QUICK_LOOKS) tell()
    if (!socket.destroyed) timer = setTimeout(look, looks < QUICK_LOOKS ? SOON_MS : LATER_MS)
  }

  function ask({ incoming, outgoing }: Exchange): void {
    if (!outgoing.headersSent) {
      if (incoming.httpVersion === '1.1') outgoing.writeContinue()
    } else if (socket.bytesWritten !== written) {
      written = socket.bytesWritten
      writtenAtMs = performance.now()
    } else if (socket.writableLength === 0 && performance.now() - writtenAtMs >= SILENCE_MS) {
      socket.destroy()
    }
  }

  exchange.presence = new Promise((resolve) => {
    tell = resolve
  })
  socket.once('close', () => {
    clearTimeout(timer)
    tell()
  })
}
