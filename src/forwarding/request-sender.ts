import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { BodySender } from './body-sender.ts'
import { UpstreamError } from './upstream-client.ts'
import type { UpstreamExchange } from './upstream-exchange.ts'

/** A body up to this size is copied behind its head: that costs less than a second write. */
const SMALL_BODY_BYTES = 16 * 1024

/** Asks the handler. A request whose body is lost already, or whose handler throws, fails here: nothing has been sent. */
export function isWanted({ handler, request: { body }, abort }: UpstreamExchange): boolean {
  try {
    if (!handler.onStart(abort)) return false
  } catch (error) {
    handler.onError(new UpstreamError('aborted', error))
    return false
  }
  if (body === null || Buffer.isBuffer(body) || !body.destroyed) return true
  handler.onError(new UpstreamError('aborted', body.errored))
  return false
}

/**
 * Writes head and body in as few writes as possible.
 * @param onFailure gets why a streamed body cannot be sent whole
 * @returns what sends the body from now on, if it is streamed
 */
export function sendRequest(
  socket: Socket,
  { request: { body }, head: { text, length } }: UpstreamExchange,
  onFailure: (error: UpstreamError) => void,
): BodySender | undefined {
  if (body === null) {
    socket.write(text, 'latin1')
    return undefined
  }
  if (Buffer.isBuffer(body)) {
    sendBuffer(socket, text, body)
    return undefined
  }
  return sendStream(socket, text, body, length, onFailure)
}

function sendBuffer(socket: Socket, text: string, body: Buffer): void {
  if (body.length <= SMALL_BODY_BYTES) {
    socket.write(Buffer.concat([Buffer.from(text, 'latin1'), body]))
    return
  }
  socket.cork()
  socket.write(text, 'latin1')
  socket.write(body)
  socket.uncork()
}

/** Most bodies are short and there already: their bytes go with the head. The head of others does not wait for them. */
function sendStream(
  socket: Socket,
  text: string,
  body: Readable,
  length: number | 'unknown',
  onFailure: (error: UpstreamError) => void,
): BodySender {
  socket.cork()
  setImmediate(() => socket.uncork())
  socket.write(text, 'latin1')
  const sender = new BodySender(socket, body, length, onFailure)
  sender.start()
  return sender
}
