import { GatewayError } from '../errors.ts'
import type { Exchange } from './exchange.ts'

/**
 * Reads the whole of a body, before it is forwarded. Rejects with `body_too_large` (413), or with `request_timeout` (408)
 * when the client leaves in the middle.
 * @param contentLength as announced; a body that is known to be too large is not asked for
 */
export function readWholeBody(
  { incoming, outgoing, awaitsContinue }: Exchange,
  contentLength: number | undefined,
  maxBytes: number,
  reason: string,
): Promise<Buffer> {
  if ((contentLength ?? 0) > maxBytes) throw new GatewayError('body_too_large', 'content_length')
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBytes) chunks.push(chunk)
      else reject(new GatewayError('body_too_large', reason, { closeConnection: true }))
    })
    incoming.once('end', () => resolve(Buffer.concat(chunks)))
    incoming.once('close', () => reject(new GatewayError('request_timeout', 'client_closed')))
    if (awaitsContinue) outgoing.writeContinue()
  })
}
