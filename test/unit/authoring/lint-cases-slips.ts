/** Slips of a letter or a name that change more than they look like. */
import { type LintCase, r, route, routes } from './lint-cases.ts'

type File = LintCase['bad']

const realm = (issuer: string): File => ({
  issuers: { main: { issuer, audience: 'shop-api' } },
  ...routes(route('/a', r)),
})

const limits = (own: readonly string[]): File => ({
  rateLimits: {
    'per-ip': { limit: 9, window: '1m', key: 'client.ip', when: 'before-auth' },
    'per-user': { limit: 9, window: '1m', key: 'token.sub' },
    login: { limit: 1, window: '1m', key: 'client.ip', when: 'before-auth' },
  },
  defaults: { rateLimits: ['per-ip'] },
  ...routes({ ...route('/a', r), rateLimits: own }),
})

export const SLIP_CASES: Readonly<Record<string, readonly LintCase[]>> = {
  'issuer-slash': [
    {
      what: 'a slash that the tokens of a realm do not have',
      bad: realm('https://id.example/realms/shop/'),
      found: [
        'issuers.main.issuer: the issuer of a Keycloak realm has no slash at its end, and is compared byte for byte with iss',
      ],
      mended: realm('https://id.example/realms/shop'),
    },
    {
      what: 'it below a path, and no other issuer, which may have one',
      bad: realm('https://id.example/auth/realms/shop/'),
      found: [
        'issuers.main.issuer: the issuer of a Keycloak realm has no slash at its end, and is compared byte for byte with iss',
      ],
      mended: realm('https://tenant.example/'),
    },
  ],
  'limit-left-out': [
    {
      what: 'a list of limits that drops the one before authentication',
      bad: limits(['per-user']),
      found: [
        'routes[0].rateLimits: these stand in place of the defaults: "per-ip" is left out, and nothing counts requests with a bad token',
      ],
      mended: limits(['per-ip', 'per-user']),
    },
    {
      what: 'it, and not a route with another one of that kind',
      bad: limits(['per-user']),
      found: [
        'routes[0].rateLimits: these stand in place of the defaults: "per-ip" is left out, and nothing counts requests with a bad token',
      ],
      mended: limits(['login']),
    },
  ],
}
