/** A route for each way in which a limit may fall back when its store fails. */
const WIDE = { limit: 1_000_000, window: '1m', key: 'token.sub' }

export const LIMITED_PATHS = { local: '/local', allow: '/allow', deny: '/deny' } as const

/** Where the fault makes nobody fall back; a Redis that a busy machine makes late may, for a moment, whatever the fault. */
export const GOES_ON = { paths: { any: LIMITED_PATHS.local }, maxLines: 4 } as const

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
