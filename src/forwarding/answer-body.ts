/** How the answer's body goes to the client with few system calls. */
import type { ServerResponse } from 'node:http'

/** Longer ones are not worth the copy. */
const SHORT_BYTES = 16 * 1024

/** The last bytes of the body. A short answer goes out as text: only so does node:http write head and body at once. */
export function endWith(outgoing: ServerResponse, chunk: Buffer): void {
  if (chunk.length <= SHORT_BYTES) outgoing.end(chunk.toString('latin1'), 'latin1')
  else outgoing.end(chunk)
}

/** Without a length the body may be long in coming (server-sent events): the head must not wait for it. */
export function flushHeadSoon(outgoing: ServerResponse): void {
  process.nextTick(flushHead, outgoing)
}

function flushHead(outgoing: ServerResponse): void {
  if (!outgoing.writableEnded && !outgoing.destroyed) outgoing.flushHeaders()
}
