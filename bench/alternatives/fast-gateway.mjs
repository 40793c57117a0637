/**
 * fast-gateway with `jwtVerify` of jose as its middleware.
 * Arguments: port, upstream's port, issuer, address of the JWKS, audience, scope.
 */
import gateway from 'fast-gateway'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const [port, upstreamPort, issuer, jwksUrl, audience, scope] = process.argv.slice(2)
const keys = createRemoteJWKSet(new URL(jwksUrl))
const options = { issuer, audience, algorithms: ['RS256'], requiredClaims: ['exp'] }

function refuse(response, status, error) {
  response.statusCode = status
  response.end(JSON.stringify({ error }))
}

async function authorise(request, response, next) {
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
  try {
    const { payload } = await jwtVerify(token, keys, options)
    if (!String(payload.scope).split(' ').includes(scope)) return refuse(response, 403, 'insufficient_scope')
  } catch {
    return refuse(response, 401, 'invalid_token')
  }
  return next()
}

const target = `http://127.0.0.1:${upstreamPort}`
const route = { prefix: '/orders', prefixRewrite: '/orders', target, methods: ['GET'], middlewares: [authorise] }
await gateway({ routes: [{ ...route, proxyConfig: { undici: { connections: 128, pipelining: 1 } } }] }).start(
  Number(port),
  '127.0.0.1',
)
