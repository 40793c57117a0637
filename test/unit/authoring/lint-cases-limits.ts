/** Limits that lint finds. */
import { type LintCase, open, r, route, routes } from './lint-cases.ts'

type File = LintCase['bad']

export const limited = (key: unknown, rest: File = {}): File => ({
  rateLimits: { one: { limit: 1, window: '1m', key } },
  defaults: { rateLimits: ['one'] },
  ...routes(route('/a', r)),
  ...rest,
})
/** Two public routes, with limits by the name in a form and others. */
const skipping = (...limits: readonly (readonly string[])[]): File => ({
  rateLimits: {
    names: { limit: 1, window: '1m', key: 'form.username', when: 'before-auth', whenMissing: 'skip' },
    'per-user': { limit: 1, window: '1m', key: 'token.sub' },
    'per-ip': { limit: 1, window: '1m', key: 'client.ip', when: 'before-auth' },
  },
  ...routes(...limits.map((rateLimits, index) => ({ ...open(`/${index}`, ['POST']), rateLimits }))),
  accept: ['per-user', 'per-ip'].filter((name) => !limits.flat().includes(name)).map(unused),
})
const unused = (name: string): File => ({ code: 'unused', at: `rateLimits.${name}`, because: 'not here' })

export const LIMIT_CASES: Readonly<Record<string, readonly LintCase[]>> = {
  'route-without-limit': [
    {
      what: 'a file without limits, once',
      bad: routes(route('/a', r), route('/b', r)),
      found: ['routes: this file has no rate limits'],
      mended: limited('client.ip'),
    },
    {
      what: 'a route that puts nothing in place of the defaults, and a public one that only tokens are counted on',
      bad: limited('token.sub', routes({ ...route('/a', r), rateLimits: [] }, open('/b'))),
      found: [
        'routes[0].path: no limit counts the requests of this route',
        'routes[1].public: no token is needed here, and "one" can count nothing else',
      ],
      mended: limited('client.ip', routes(route('/a', r), open('/b'))),
    },
    {
      what: 'on public routes alone, where tokens are all that is counted',
      bad: limited('token.sub', routes(route('/a', r), open('/b'))),
      found: ['routes[1].public: no token is needed here, and "one" can count nothing else'],
      mended: limited('token.sub'),
    },
  ],
  'limit-key-missing': [
    {
      what: 'a claim that tokens need not have',
      bad: limited(['client.ip', 'token.tenant.id']),
      found: ['rateLimits.one.key: all tokens without "token.tenant.id" share one window'],
      mended: limited(['client.ip', 'token.azp']),
    },
    {
      what: 'what is inside of one that they have',
      bad: limited('token.sub.id'),
      found: ['rateLimits.one.key: all tokens without "token.sub.id" share one window'],
      mended: limited('token.sub'),
    },
    {
      what: 'a form, on a route that pages are read from',
      bad: limited(['client.ip', 'form.username'], routes(open('/login', ['GET', 'POST']), open('/session', ['POST']))),
      found: ['routes[0].path: GET has no form: for "one" all such requests have one and the same "form.username"'],
      mended: limited('client.ip', routes(open('/login', ['GET', 'POST']))),
    },
    {
      what: 'what is skipped, and nothing else counts',
      bad: skipping(['names'], ['names', 'per-user']),
      found: [
        'routes[0].path: no limit counts the requests that "names" skips',
        'routes[1].path: no limit counts the requests that "names" skips',
      ],
      mended: skipping(['names', 'per-ip'], ['names', 'per-ip', 'per-user']),
    },
  ],
  'limit-key-chosen': [
    {
      what: 'a field of the request',
      bad: limited(['client.ip', 'header.X-Api-Key']),
      found: [
        'rateLimits.one.key: a client that sends another "header.x-api-key" each time opens a new window each time',
      ],
      mended: limited(['client.ip', 'form.username']),
    },
  ],
}
