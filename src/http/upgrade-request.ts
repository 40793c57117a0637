/** Requests that ask for another protocol on their connection (RFC 9110 section 7.8). */
import type { IncomingMessage } from 'node:http'

/** RFC 6455 section 4.1. With a body it is an ordinary request: after a switch the body would be read as frames. */
export function isWebSocketHandshake(incoming: IncomingMessage): boolean {
  const { method, httpVersion, headers } = incoming
  return (
    method === 'GET' && httpVersion === '1.1' && !hasBody(incoming) && headers.upgrade?.toLowerCase() === 'websocket'
  )
}

/**
 * Whether bytes behind this request may be lost when it is taken for an ordinary one. node:http stops reading at its end,
 * where the other protocol would begin, and forgets the rest of what has arrived: the request after it would begin
 * anywhere. That there is no rest can only be told of the first request on a connection, as clients write it that ask for
 * HTTP/2 with each new connection.
 */
export function losesBytesBehind(incoming: IncomingMessage): boolean {
  return hasBody(incoming) || incoming.socket.bytesRead !== headBytes(incoming)
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

/** With one blank behind each colon, and none elsewhere. */
function headBytes({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  let bytes = `${method} ${url} HTTP/1.1\r\n\r\n`.length
  for (const text of rawHeaders) bytes += text.length + 2
  return bytes
}
