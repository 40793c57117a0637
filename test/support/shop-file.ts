/** A route-scope file for the realm of `keycloak-realm.json`: each kind of rule once. */

type File = Readonly<Record<string, unknown>>

const ANY_TOKEN = { allow: [{ methods: 'any', token: 'any' }] }

/** One issuer (`settings` are added to it or replace what it has), one upstream. */
export function shopFile(issuer: string, upstream: string, settings: File = {}, more: File = {}): File {
  return {
    issuers: { main: { issuer, audience: 'shop-api', roles: 'keycloak', ...settings } },
    upstreams: { shop: upstream },
    rateLimits: {
      'per-user': { limit: 100_000, window: '1m', key: 'token.sub' },
      tight: { limit: 2, window: '1m', key: ['token.sub', 'header.x-round'] },
    },
    defaults: { rateLimits: ['per-user'] },
    routes: [
      {
        path: '/orders/**',
        to: 'shop',
        allow: [
          { methods: ['GET'], scopes: 'orders:read' },
          { methods: ['POST'], scopes: 'orders:write' },
          { methods: ['GET', 'POST', 'DELETE'], roles: 'admin' },
        ],
      },
      {
        path: '/users/{userId}/orders',
        to: { upstream: 'shop', rewrite: '/internal/{userId}/orders' },
        allow: [
          {
            methods: ['GET'],
            scopes: { all: ['orders:read', 'profile'] },
            where: { 'path.userId': 'token.sub' },
          },
          {
            methods: ['GET'],
            roles: { any: ['support', 'shop-api:manager'] },
            claims: { acr: { any: ['silver', 'gold'] } },
            because: 'support staff need a step-up login',
          },
        ],
      },
      { path: '/manage', to: 'shop', allow: [{ methods: ['GET'], roles: 'shop-api:manager' }] },
      {
        path: '/acr-1',
        to: 'shop',
        allow: [{ methods: ['GET'], claims: { acr: { any: ['1', 'gold'] } } }],
      },
      { path: '/any', to: 'shop', ...ANY_TOKEN },
      { path: '/tight', to: 'shop', rateLimits: ['tight'], ...ANY_TOKEN },
      { path: '/catalog/**', to: 'shop', methods: ['GET'], public: 'product pages are open' },
    ],
    ...more,
  }
}
