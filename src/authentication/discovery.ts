import { allowInsecureRequests, customFetch, discovery } from 'openid-client'
import type { FetchDocument } from './fetch-document.ts'
import { KeyFetchError } from './key-fetch-error.ts'

/**
 * Asks the issuer where its keys are (OpenID Connect Discovery 1.0 section 4). Rejects with a KeyFetchError when that
 * fails, when the metadata's `issuer` is not byte for byte `issuer` (section 4.3), or when an https issuer names keys
 * that are not at an https address. Nothing else of the metadata is used: it lists algorithms that must not be accepted.
 */
export async function discoverJwksUri(issuer: string, fetch: FetchDocument, signal: AbortSignal): Promise<string> {
  let failure: unknown
  const capped = async (url: string) => {
    try {
      const body = await fetch(url, signal)
      return new Response(body, { headers: { 'content-type': 'application/json' } })
    } catch (error) {
      failure = error
      throw error
    }
  }
  const server = new URL(issuer)
  // No client of that name exists: openid-client wants one, and discovery does not send it.
  const metadata = await discovery(server, 'scopegate', undefined, undefined, {
    [customFetch]: capped,
    execute: server.protocol === 'http:' ? [allowInsecureRequests] : [],
  }).then(
    (configuration) => configuration.serverMetadata(),
    (error: unknown) => {
      throw failure instanceof KeyFetchError ? failure : new KeyFetchError(discoveryReason(error), error)
    },
  )
  if (metadata.issuer !== issuer) throw new KeyFetchError('issuer_mismatch')
  const url = URL.parse(String(metadata.jwks_uri))
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && server.protocol === 'http:')) {
    throw new KeyFetchError('discovery')
  }
  return url.href
}

function discoveryReason(error: unknown): 'issuer_mismatch' | 'discovery' {
  const code = (error as { code?: unknown } | null)?.code
  return code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED' ? 'issuer_mismatch' : 'discovery'
}
