/**
 * The only way by which authentication reads from the network: small documents, from configured addresses. On `node:http`,
 * which a gateway has loaded anyway: a library would cost the start more than all documents together.
 */
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { KeyFetchError } from './key-fetch-error.ts'

/**
 * Fetches the body of a 200 answer. Rejects with a KeyFetchError for any other status (redirects are not followed), a
 * body over 512 KiB, a broken connection, or when `signal` aborts. The content type is not checked.
 */
export type FetchDocument = (url: string, signal: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>

const MAX_BYTES = 512 * 1024

/** A `FetchDocument` over HTTP/1.1; `close` breaks off what is under way. */
export function createDocumentFetcher(): { readonly fetch: FetchDocument; close(): Promise<void> } {
  const closed = new AbortController()
  return {
    fetch: (url, signal) => fetchDocument(url, signal, closed.signal),
    close: async () => closed.abort(),
  }
}

async function fetchDocument(url: string, signal: AbortSignal, closed: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await get(url, AbortSignal.any([signal, closed]))
    if (response.statusCode === 200) return await readCapped(response)
    response.on('error', () => {}).destroy()
    throw new KeyFetchError('status', response.statusCode)
  } catch (error) {
    if (error instanceof KeyFetchError) throw error
    throw new KeyFetchError(signal.aborted ? 'timeout' : 'network', error)
  }
}

function get(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  const { request } = url.startsWith('https:') ? https : http
  return new Promise((resolve, reject) => {
    // `agent`: fetches are minutes apart, and a kept connection would as likely be stale as not. `auth`: a discovery
    // document chooses where keys are asked for, but not what is shown there.
    request(url, { agent: false, auth: null, signal, headers: { accept: 'application/json' } })
      .on('response', resolve)
      .on('error', reject)
      // Without an error before it when the answer is a switch of protocols.
      .on('close', () => reject(new Error('no answer')))
      .end()
  })
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
