import type { IncomingMessage } from 'node:http'

const MAX_FORM_BYTES = 8192

/** Fields of an `application/x-www-form-urlencoded` body; throws when it is larger than 8 KiB. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > MAX_FORM_BYTES) throw new Error('The form is too large')
    chunks.push(chunk as Buffer)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString())
}
