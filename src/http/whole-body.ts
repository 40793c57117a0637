import { GatewayError } from '../errors.ts'
import type { Exchange } from './exchange.ts'

export interface WholeBodyLimits {
  /** As announced; a body that is known to be too large is not asked for. */
  readonly contentLength: number | undefined
  readonly maxBytes: number
  /** A client that sends nothing for so long is given up. */
  readonly idleMs: number
  /** For the log, when there are more than `maxBytes`. */
  readonly reason: string
}

/**
 * Reads the whole of a body, before it is forwarded. Rejects with `body_too_large` (413), or with `request_timeout` (408) when
 * the client leaves in the middle or falls silent.
 */
export function readWholeBody(
  { incoming, outgoing, awaitsContinue }: Exchange,
  limits: WholeBodyLimits,
): Promise<Buffer> {
  const { contentLength, maxBytes, idleMs, reason } = limits
  if ((contentLength ?? 0) > maxBytes) throw new GatewayError('body_too_large', 'content_length')
  return new Promise((resolve, reject) => {
    const fail = (error: GatewayError): void => {
      clearTimeout(timer)
      reject(error)
    }
    const idle = () => fail(new GatewayError('request_timeout', 'body_idle', { closeConnection: true }))
    const timer = setTimeout(idle, idleMs)
    const gathered = new Gathered()
    // While a stage before this one waited: then none of the events below comes any more.
    if (incoming.destroyed) return fail(new GatewayError('request_timeout', 'client_closed'))
    incoming.on('data', (chunk: Buffer) => {
      timer.refresh()
      if (gathered.bytes + chunk.length <= maxBytes) gathered.add(chunk)
      else fail(new GatewayError('body_too_large', reason, { closeConnection: true }))
    })
    incoming.once('end', () => {
      clearTimeout(timer)
      resolve(gathered.all())
    })
    incoming.once('close', () => fail(new GatewayError('request_timeout', 'client_closed')))
    if (awaitsContinue) outgoing.writeContinue()
  })
}

const FIRST_BYTES = 4096

/** One buffer that grows: a client may send each byte as a chunk of its own, and each would be kept with some 500 bytes more. */
class Gathered {
  #buffer = Buffer.allocUnsafeSlow(0)
  bytes = 0

  add(chunk: Buffer): void {
    const needed = this.bytes + chunk.length
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length, FIRST_BYTES))
      this.#buffer.copy(larger, 0, 0, this.bytes)
      this.#buffer = larger
    }
    chunk.copy(this.#buffer, this.bytes)
    this.bytes = needed
  }

  all(): Buffer {
    return this.#buffer.subarray(0, this.bytes)
  }
}
