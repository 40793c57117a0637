/** UserInfo (OpenID Connect Core section 5.3) for JWT access tokens of this issuer. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { personClaims } from './keycloak-claims.ts'
import type { Realm } from './realm.ts'

/** 401 without a good access token, 403 without the scope openid, as Keycloak; with CORS for the client's web origins. */
export function createUserinfo(realm: Realm, issuer: string) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/protocol/openid-connect/certs`))
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const origin = request.headers.origin
    if (origin !== undefined && realm.clients.some((client) => client.webOrigins?.includes(origin))) {
      response.setHeader('Access-Control-Allow-Origin', origin)
      response.setHeader('Access-Control-Allow-Headers', 'Authorization')
      response.setHeader('Vary', 'Origin')
    }
    if (request.method === 'OPTIONS') return void response.writeHead(204).end()
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const verified = await jwtVerify(token, keys, { issuer, algorithms: ['RS256'] }).catch(() => undefined)
    const user = realm.user(verified?.payload.sub ?? '')
    if (verified?.payload.typ !== 'Bearer' || user === undefined) return refuse(response, 401, 'invalid_token')
    const scope = String(verified.payload.scope).split(' ')
    if (!scope.includes('openid')) return refuse(response, 403, 'insufficient_scope')
    const granted = scope.map((name) => ({ name }))
    response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
    response.end(JSON.stringify({ sub: user.id, ...personClaims(user, granted) }))
  }
}

function refuse(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { 'WWW-Authenticate': `Bearer error="${error}"`, 'Content-Length': 0 }).end()
}
