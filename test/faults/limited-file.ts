/** A route for each way in which a limit may fall back when its store fails. */
const WIDE = { limit: 1_000_000, window: '1m', key: 'token.sub' }

/**
 * Where no request may fall back, a Redis that a busy machine makes late does so all the same, and such a round shows
 * nothing: so many may be tried again.
 */
export const LATE_ROUNDS = 3

export const LIMITED_PATHS = { local: '/local', allow: '/allow', deny: '/deny' } as const

export function limitedFile(issuer: string, upstream: string, redis: object): Record<string, unknown> {
  const limits = Object.keys(LIMITED_PATHS)
  return {
    issuers: { main: { issuer, audience: 'shop-api' } },
    upstreams: { shop: upstream },
    redis,
    rateLimits: {
      'per-ip': { limit: 1_000_000, window: '1m', key: 'client.ip', when: 'before-auth' },
      ...Object.fromEntries(limits.map((name) => [name, { ...WIDE, onStoreError: name }])),
    },
    routes: limits.map((name) => ({
      path: `/${name}`,
      to: 'shop',
      rateLimits: ['per-ip', name],
      allow: [{ methods: ['GET'], token: 'any' }],
    })),
  }
}
