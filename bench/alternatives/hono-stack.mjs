/**
 * What most would write: Hono, `jwtVerify` of jose with a remote JWKS, `fetch` through Hono's proxy.
 * Arguments: port, upstream's port, issuer, address of the JWKS, audience, scope.
 */
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { proxy } from 'hono/proxy'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const [port, upstreamPort, issuer, jwksUrl, audience, scope] = process.argv.slice(2)
const keys = createRemoteJWKSet(new URL(jwksUrl))
const app = new Hono()

app.use('/orders/*', async (c, next) => {
  const token = c.req.header('authorization')?.replace(/^Bearer /, '') ?? ''
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ['RS256'],
      requiredClaims: ['exp'],
    })
    c.set('claims', payload)
  } catch {
    return c.json({ error: 'invalid_token' }, 401)
  }
  await next()
})

app.get('/orders/*', (c) => {
  if (!String(c.get('claims').scope).split(' ').includes(scope)) return c.json({ error: 'insufficient_scope' }, 403)
  return proxy(`http://127.0.0.1:${upstreamPort}${c.req.path}`, { ...c.req })
})

serve({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' })
