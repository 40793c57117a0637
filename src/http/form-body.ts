import { GatewayError } from '../errors.ts'
import type { Exchange } from './exchange.ts'

/** A login form is small; a larger one is refused rather than counted wrongly. */
const MAX_FORM_BYTES = 64 * 1024

/** Whether the body is a form whose fields a limit may count (URL Standard section 5). */
export function isForm(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType)
}

/**
 * Reads the whole of a small body, before it is forwarded. Rejects with `body_too_large` (413), or with `request_timeout`
 * (408) when the client leaves in the middle.
 * @param contentLength as announced; a body that is known to be too large is not asked for
 */
export function readSmallBody(
  { incoming, outgoing, awaitsContinue }: Exchange,
  contentLength: number | undefined,
  maxBodyBytes: number,
): Promise<Buffer> {
  const maxBytes = Math.min(MAX_FORM_BYTES, maxBodyBytes)
  if ((contentLength ?? 0) > maxBytes) throw new GatewayError('body_too_large', 'content_length')
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBytes) chunks.push(chunk)
      else reject(new GatewayError('body_too_large', 'form', { closeConnection: true }))
    })
    incoming.once('end', () => resolve(Buffer.concat(chunks)))
    incoming.once('close', () => reject(new GatewayError('request_timeout', 'client_closed')))
    if (awaitsContinue) outgoing.writeContinue()
  })
}
