import type { CustomFetchOptions } from 'openid-client'

const MAX_BYTES = 512 * 1024

/** `fetch` for documents of an issuer: redirects are not followed, and a body over 512 KiB is an error. */
export async function fetchCapped(url: string, options: CustomFetchOptions): Promise<Response> {
  const response = await fetch(url, { ...options, redirect: 'manual' } as RequestInit)
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  // Leaving the loop cancels the body, and with it the connection.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) throw new Error('the document is too large')
    chunks.push(chunk)
  }
  const { status, headers } = response
  const hasBody = ![204, 205, 304].includes(status)
  return new Response(hasBody ? new Blob(chunks) : null, { status, headers })
}
