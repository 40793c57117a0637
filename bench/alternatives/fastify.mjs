/**
 * Fastify with `@fastify/jwt`, its token cache on, and `@fastify/http-proxy`. The key is read once, at start.
 * Arguments: port, upstream's port, issuer, address of the JWKS, audience, scope.
 */
import { createPublicKey } from 'node:crypto'
import proxy from '@fastify/http-proxy'
import jwt from '@fastify/jwt'
import Fastify from 'fastify'

const [port, upstreamPort, issuer, jwksUrl, audience, scope] = process.argv.slice(2)
const { keys } = await (await fetch(jwksUrl)).json()
const key = createPublicKey({ key: keys[0], format: 'jwk' }).export({ type: 'spki', format: 'pem' })
const app = Fastify({ logger: false })

await app.register(jwt, {
  secret: { public: key },
  verify: {
    algorithms: ['RS256'],
    allowedIss: issuer,
    allowedAud: audience,
    requiredClaims: ['exp'],
    cache: 10_000,
  },
})
await app.register(proxy, {
  upstream: `http://127.0.0.1:${upstreamPort}`,
  prefix: '/orders',
  rewritePrefix: '/orders',
  httpMethods: ['GET'],
  undici: { connections: 128, pipelining: 1 },
  cacheURLs: 10_000,
  async preHandler(request, reply) {
    try {
      await request.jwtVerify()
    } catch {
      return reply.code(401).send({ error: 'invalid_token' })
    }
    if (!String(request.user.scope).split(' ').includes(scope)) {
      return reply.code(403).send({ error: 'insufficient_scope' })
    }
  },
})
await app.listen({ port: Number(port), host: '127.0.0.1' })
