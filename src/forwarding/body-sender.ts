import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { UpstreamError } from './upstream-client.ts'

/** Sends a body behind the head of its request, as fast as the upstream takes it. */
export class BodySender {
  /** The whole body has been handed to the socket. */
  done = false
  readonly #socket: Socket
  readonly #body: Readable
  readonly #length: number | 'unknown'
  readonly #onFailure: (error: UpstreamError) => void
  #sent = 0

  /**
   * @param length bytes the body must have; unknown: it is sent in chunks (RFC 9112 section 7.1)
   * @param onFailure gets why the body cannot be sent whole. The request on the wire is broken then
   */
  constructor(socket: Socket, body: Readable, length: number | 'unknown', onFailure: (error: UpstreamError) => void) {
    this.#socket = socket
    this.#body = body
    this.#length = length
    this.#onFailure = onFailure
  }

  start(): void {
    this.#body.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose)
    this.#socket.on('drain', this.#onDrain)
  }

  /** From now on nothing is read from the body and nothing is reported. A body that is not at its end is destroyed. */
  stop(): void {
    const body = this.#body
    body.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError).off('close', this.#onClose)
    this.#socket.off('drain', this.#onDrain)
    // An error may be on its way, and without any listener it would end the process.
    body.on('error', ignore)
    if (!this.done) body.destroy()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#sent += chunk.length
    if (this.#length === 'unknown') {
      // A chunk of no bytes would be the last one.
      if (chunk.length > 0 && !this.#writeChunk(chunk)) this.#body.pause()
    } else if (this.#sent > this.#length) {
      this.#fail('invalid', new Error('the body is longer than its length'))
    } else if (!this.#socket.write(chunk)) this.#body.pause()
  }

  #writeChunk(chunk: Buffer): boolean {
    const socket = this.#socket
    socket.cork()
    socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
    socket.write(chunk)
    const takesMore = socket.write('\r\n', 'latin1')
    socket.uncork()
    return takesMore
  }

  readonly #onEnd = (): void => {
    if (this.#length !== 'unknown' && this.#sent !== this.#length) {
      this.#fail('invalid', new Error('the body is shorter than its length'))
      return
    }
    if (this.#length === 'unknown') this.#socket.write('0\r\n\r\n', 'latin1')
    this.done = true
    this.stop()
  }

  readonly #onDrain = (): void => {
    this.#body.resume()
  }

  readonly #onError = (error: unknown): void => this.#fail('aborted', error)

  /** It was destroyed without a word. */
  readonly #onClose = (): void => this.#fail('aborted', this.#body.errored)

  #fail(kind: 'invalid' | 'aborted', cause: unknown): void {
    this.#onFailure(new UpstreamError(kind, cause))
  }
}

function ignore(): void {}
