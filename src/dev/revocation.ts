/**
 * Revocation (RFC 7009) of refresh tokens. oidc-provider has an endpoint for it, but takes no token that looks like a JWT.
 * Access tokens are checked without asking the issuer, so revoking one changes nothing: 200, as for an unknown token.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { webOrigins } from './client-metadata.ts'
import { readForm } from './form.ts'
import type { Realm, RealmClient } from './realm.ts'

export async function handleRevocation(
  provider: Provider,
  realm: Realm,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') return void response.writeHead(405, { Allow: 'POST' }).end()
  const form = await readForm(request)
  const client = authenticatedClient(realm, form, request.headers.authorization)
  if (client === undefined) {
    response.writeHead(401, { 'Content-Type': 'application/json' }).end('{"error":"invalid_client"}')
    return
  }
  const { origin } = request.headers
  if (origin !== undefined && webOrigins(client).includes(origin)) {
    response.setHeader('Access-Control-Allow-Origin', origin)
    response.setHeader('Vary', 'Origin')
  }
  const token = await provider.RefreshToken.find(form.get('token') ?? '')
  if (token !== undefined && token.clientId === client.clientId) {
    await provider.RefreshToken.revokeByGrantId(token.grantId ?? '')
  }
  response.writeHead(200, { 'Content-Length': 0 }).end()
}

/** RFC 6749 section 2.3.1: Basic, or fields of the body; a public client has its name only. */
function authenticatedClient(realm: Realm, form: URLSearchParams, authorization = ''): RealmClient | undefined {
  const basic = /^Basic (\S+)$/i.exec(authorization)?.[1]
  const [id = '', secret] = basic
    ? Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent)
    : [form.get('client_id') ?? '', form.get('client_secret') ?? undefined]
  const client = realm.client(id)
  return client?.publicClient === true || (secret !== undefined && client?.secret === secret) ? client : undefined
}
