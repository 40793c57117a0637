/** The route-scope file of the soak. Each reload changes something of everything that is built anew by one. */
export interface SoakAddresses {
  readonly issuer: string
  readonly upstream: string
  readonly redis: string
  /** Seconds. */
  readonly freshForS: number
}

const token = (methods: unknown = 'any') => ({ allow: [{ methods, token: 'any' }] })

/** @param change another number makes another file. */
export function soakFile(at: SoakAddresses, change: number): Record<string, unknown> {
  const isOdd = change % 2 === 1
  return {
    version: 1,
    listen: { host: '127.0.0.1', port: 0 },
    admin: { port: 0 },
    // Clients say who they are: the windows of a limit by address are many.
    trustedProxies: isOdd ? ['127.0.0.1', '192.0.2.0/24'] : ['127.0.0.1'],
    redis: { url: at.redis },
    limits: { headerTimeout: '5s', body: '64KiB' },
    issuers: {
      main: {
        ...{ issuer: at.issuer, audience: 'shop-api', clockSkew: isOdd ? '30s' : '29s' },
        keys: { freshFor: `${at.freshForS}s`, refetchEvery: '5s', timeout: '2s' },
      },
    },
    upstreams: {
      shop: { urls: [at.upstream], timeouts: { response: '10s' }, connections: isOdd ? 64 : 65 },
      late: { urls: [at.upstream], timeouts: { response: '500ms' } },
      [`other-${change}`]: 'http://127.0.0.1:1',
    },
    rateLimits: {
      'per-ip': { limit: 1000, window: '10s', key: 'client.ip', when: 'before-auth' },
      'per-user': { limit: 100_000 + change, window: '10s', key: 'token.sub' },
      tight: { limit: 2, window: '1m', key: 'token.sub' },
      strict: { limit: 100_000, window: '10s', key: 'token.sub', onStoreError: 'deny' },
    },
    cors: { spa: { origins: ['https://shop.example.com', `https://change-${change}.example.com`] } },
    defaults: { issuer: 'main', rateLimits: ['per-ip', 'per-user'], cors: 'spa' },
    routes: [
      {
        path: '/orders/**',
        to: 'shop',
        allow: [
          { methods: ['GET'], scopes: 'orders:read' },
          { methods: ['POST'], scopes: 'orders:write' },
        ],
      },
      { path: '/catalog/**', to: 'shop', methods: ['GET'], public: 'product pages are open' },
      { path: '/upload', to: 'shop', limits: { body: '8MiB' }, ...token(['POST']) },
      { path: '/download/**', to: 'shop', ...token(['GET']) },
      { path: '/events', to: 'shop', ...token(['GET']) },
      { path: '/socket', to: 'shop', websocket: true, ...token(['GET']) },
      { path: '/tight', to: 'shop', rateLimits: ['tight'], ...token() },
      { path: '/strict', to: 'shop', rateLimits: ['strict'], ...token() },
      { path: '/faulty/late', to: 'late', ...token() },
      { path: '/faulty/**', to: 'shop', ...token() },
      { path: `/change-${change}/**`, to: `other-${change}`, ...token() },
    ],
  }
}
