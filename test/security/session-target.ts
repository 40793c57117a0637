/** A gateway with sessions before two upstreams, for tests that send it cookies. */
import { startGateway } from '../support/gateway.ts'
import { COOKIE_KEYS, loginSection } from '../support/login.ts'
import { request } from '../support/raw-http.ts'
import { sessionCookie } from '../support/sealed-session.ts'
import { createTestIssuer } from '../support/test-issuer.ts'
import { startUpstream } from '../support/upstream.ts'

export const ORIGIN = 'https://shop.example'
export const SPA = 'https://spa.shop.example'

export type SessionTarget = Awaited<ReturnType<typeof startSessionTarget>>

export async function startSessionTarget() {
  const issuer = await createTestIssuer()
  const upstream = await startUpstream()
  const setting = await startUpstream((_, outgoing) => {
    const own = ['__Host-scopegate-session=1.x; Path=/; Secure', '__host-SCOPEGATE-x=; Max-Age=0']
    outgoing.setHeader('Set-Cookie', ['a=1', ...own]).end()
  })
  const caching = await startUpstream((_, outgoing) => {
    outgoing.setHeader('Cache-Control', 'public, max-age=60, s-maxage=600')
    for (const name of ['CDN-Cache-Control', 'Vendor-CDN-Cache-Control', 'Surrogate-Control']) {
      outgoing.setHeader(name, 'max-age=600')
    }
    outgoing.setHeader('Clear-Site-Data', '"cookies"').end()
  })
  const fileWith = (keys: readonly (keyof typeof COOKIE_KEYS)[]) => ({
    issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
    upstreams: { app: upstream.url, setting: setting.url, caching: caching.url },
    cors: { spa: { origins: [SPA], credentials: true }, plain: { origins: [SPA] } },
    login: loginSection(ORIGIN, { keys: keys.map((id) => ({ id, secret: COOKIE_KEYS[id] })) }),
    routes: [
      { path: '/app/**', to: 'app', session: true, allow: [{ methods: 'any', scopes: 'orders:read' }] },
      { path: '/spa', to: 'app', session: true, cors: 'spa', allow: [{ methods: 'any', token: 'any' }] },
      { path: '/plain', to: 'app', session: true, cors: 'plain', allow: [{ methods: 'any', token: 'any' }] },
      { path: '/socket', to: 'app', session: true, websocket: true, allow: [{ methods: ['GET'], token: 'any' }] },
      { path: '/setting', to: 'setting', session: true, allow: [{ methods: 'any', token: 'any' }] },
      { path: '/cached', to: 'caching', session: true, allow: [{ methods: 'any', token: 'any' }] },
      { path: '/api', to: 'app', allow: [{ methods: 'any', token: 'any' }] },
      { path: '/open', to: 'app', public: 'for tests' },
    ],
  })
  const gateway = await startGateway(fileWith(['new', 'old']))
  const mint = (claims = {}) => issuer.mint({ scope: 'orders:read', ...claims })

  return {
    upstream,
    mint,
    ask: (line: string, ...fields: string[]) => request(gateway.url, [`${line} HTTP/1.1`, ...fields]),
    /** The value of a `Cookie` field with a session that is good for now. */
    good: async (claims = {}) => sessionCookie({ accessToken: await mint(claims) }),
    useKeys: (...keys: (keyof typeof COOKIE_KEYS)[]) => gateway.rewrite(fileWith(keys)),
    async close() {
      for (const one of [gateway, setting, caching, upstream, issuer]) await one.close()
    },
  }
}
