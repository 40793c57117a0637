/** The only way by which authentication reads from the network: small documents, from configured addresses. */
import { Agent, request } from 'undici'
import { KeyFetchError } from './key-fetch-error.ts'

/**
 * Fetches the body of a 200 answer. Rejects with a KeyFetchError for any other status (redirects are not followed), a
 * body over 512 KiB, a broken connection, or when `signal` aborts. The content type is not checked.
 */
export type FetchDocument = (url: string, signal: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>

const MAX_BYTES = 512 * 1024

/** A `FetchDocument` over undici. */
export function createDocumentFetcher(): { readonly fetch: FetchDocument; close(): Promise<void> } {
  const agent = new Agent()
  return {
    fetch: (url, signal) => fetchDocument(agent, url, signal),
    close: () => agent.destroy(),
  }
}

async function fetchDocument(agent: Agent, url: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  try {
    // `reset`: fetches are minutes apart, and a kept connection would as likely be stale as not.
    const response = await request(url, {
      dispatcher: agent,
      signal,
      reset: true,
      headers: { accept: 'application/json' },
    })
    if (response.statusCode === 200) return await readCapped(response.body)
    response.body.on('error', () => {}).destroy()
    throw new KeyFetchError('status', response.statusCode)
  } catch (error) {
    if (error instanceof KeyFetchError) throw error
    throw new KeyFetchError(signal.aborted ? 'timeout' : 'network', error)
  }
}

async function readCapped(body: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop destroys the body, and with it the connection.
  for await (const chunk of body) {
    length += chunk.length
    if (length > MAX_BYTES) throw new KeyFetchError('too_large')
    chunks.push(chunk)
  }
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}
