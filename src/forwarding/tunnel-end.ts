/** Ends a WebSocket when the token is over that began it, with a Close frame that says so (RFC 6455 section 5.5.1). */
import type { Duplex } from 'node:stream'
import { type StreamTerms, whenOver } from './stream-terms.ts'
import { closeFrame, FrameReader } from './websocket-frames.ts'

/** Of those for applications (RFC 6455 section 7.4.2): what 401 is to a request. */
const TOKEN_EXPIRED = closeFrame(4401, 'token expired')
/** For the rest of a frame that is under way, the Close frame and the client's own. */
const GRACE_MS = 2_000

/**
 * Carries what the upstream sends to the client, and so knows where a frame ends: a Close frame may stand there only. The upstream
 * hears nothing but the end of its connection.
 */
export class TunnelEnd {
  /** From here on the client only gets the rest of a frame, and the Close frame. */
  isOver = false
  readonly #client: Duplex
  readonly #upstream: Duplex
  readonly #frames = new FrameReader()
  readonly #terms: StreamTerms
  #stop: () => void

  constructor(client: Duplex, upstream: Duplex, terms: StreamTerms) {
    this.#client = client
    this.#upstream = upstream
    this.#terms = terms
    this.#stop = whenOver(terms, () => this.#onOver())
  }

  /** In place of `pipe`. @param count gets the number of bytes for each piece that goes on */
  carry(count: (bytes: number) => void): void {
    this.#upstream.on('data', (chunk: Buffer) => {
      const part = this.#next(chunk)
      if (part.length === 0) return
      count(part.length)
      if (!this.#client.write(part)) this.#holdBack()
      if (this.isOver && this.#frames.isBetween) this.#close()
    })
    this.#upstream.on('end', () => this.#client.end())
    this.#upstream.resume()
  }

  /** One of the two has closed by itself, or both have. */
  stop(): void {
    this.#stop()
  }

  #next(chunk: Buffer): Buffer {
    if (this.#client.writableEnded) return chunk.subarray(0, 0)
    if (this.isOver) return chunk.subarray(0, this.#frames.readFrame(chunk, 0))
    this.#frames.readAll(chunk)
    return chunk
  }

  #holdBack(): void {
    this.#upstream.pause()
    this.#client.once('drain', () => this.#upstream.resume())
  }

  #onOver(): void {
    this.isOver = true
    // Nothing of the client goes on; it is read until it closes, or an unread byte would make the kernel reset the connection, Close
    // frame and all.
    this.#client.unpipe()
    this.#client.resume()
    if (this.#frames.isLost || this.#client.writableEnded) {
      this.#destroy()
      return
    }
    this.#stop = this.#terms.clock.schedule(() => this.#destroy(), GRACE_MS)
    if (this.#frames.isBetween) this.#close()
  }

  #close(): void {
    if (!this.#frames.isClosed) this.#client.write(TOKEN_EXPIRED)
    this.#client.end()
    this.#upstream.destroy()
  }

  #destroy(): void {
    this.#client.destroy()
    this.#upstream.destroy()
  }
}
