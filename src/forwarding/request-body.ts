import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** More body than the route takes (413). */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
}

/** The client stopped in the middle of its body. */
export class BodyCutShort extends Error {
  override readonly name = 'BodyCutShort'
}

/**
 * The client's body on its way up, with backpressure and a size limit. It touches the client's stream only when the
 * upstream asks for the first byte: until then the request may still go to another address.
 */
export class RequestBody extends Readable {
  readonly #incoming: IncomingMessage
  readonly #maxBytes: number
  readonly #onProgress: () => void
  readonly #onBegin: () => void
  #bytes = 0
  #begun = false
  /** The upstream wants more: silence is the client's. */
  wanted = false

  constructor(incoming: IncomingMessage, maxBytes: number, onProgress: () => void, onBegin: () => void) {
    super()
    this.#incoming = incoming
    this.#maxBytes = maxBytes
    this.#onProgress = onProgress
    this.#onBegin = onBegin
  }

  /** A byte has been taken from the client: the body cannot be sent again. */
  get begun(): boolean {
    return this.#begun
  }

  override _read(): void {
    this.wanted = true
    if (!this.#begun) {
      this.#begun = true
      this.#onBegin()
      this.#incoming.on('data', this.#onChunk).on('end', this.#onFinish).on('close', this.#onClose)
    }
    this.#incoming.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#incoming.off('data', this.#onChunk).off('end', this.#onFinish).off('close', this.#onClose)
    // What still comes is read away: a connection closed with unread bytes is reset, and the answer lost with it.
    if (this.#begun) this.#incoming.resume()
    callback(error)
  }

  readonly #onChunk = (chunk: Buffer): void => {
    this.#bytes += chunk.length
    if (this.#bytes > this.#maxBytes) {
      this.#incoming.pause()
      this.destroy(new BodyTooLarge())
      return
    }
    this.#onProgress()
    if (this.push(chunk)) return
    this.wanted = false
    this.#incoming.pause()
  }

  readonly #onFinish = (): void => {
    this.#onProgress()
    this.push(null)
  }

  readonly #onClose = (): void => {
    if (!this.#incoming.complete) this.destroy(new BodyCutShort())
  }
}
