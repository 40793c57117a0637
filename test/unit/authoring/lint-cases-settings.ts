/** Methods, names and settings that lint finds. */

import { type LintCase, line, open, r, route, routes, w } from './lint-cases.ts'
import { limited } from './lint-cases-limits.ts'

type File = LintCase['bad']
const main = (settings: File): File => ({
  issuers: { main: { issuer: 'https://id.example', audience: 'shop-api', ...settings } },
  ...routes(route('/a', r)),
})

export const SETTING_CASES: Readonly<Record<string, readonly LintCase[]>> = {
  'methods-any': [
    {
      what: 'a public route, and lines without a role',
      bad: routes(open('/a', 'any'), route('/b', { methods: 'any', token: 'any' }), route('/c', line('r', 'any'))),
      found: [
        'routes[0].public: anybody may change and delete here, without a token',
        'routes[1].allow[0]: any valid token is also enough to change and to delete',
        'routes[2].allow[0]: what this line asks for to read is also enough to change and to delete',
      ],
      mended: routes(
        open('/a'),
        route('/b', { methods: ['GET'], token: 'any' }),
        route('/c', { methods: 'any', roles: 'a' }),
      ),
    },
  ],
  'scope-suspect': [
    {
      what: 'a scope that is a letter away from another one',
      bad: routes(route('/a', line('orders:read')), route('/b', line('orders:read')), route('/c', line('order:read'))),
      found: [
        'routes[2].allow[0].scopes: "order:read" stands only here, and "orders:read" on line 12: is one of them a typo?',
      ],
      mended: routes(
        route('/a', line('orders:read')),
        route('/b', line('orders:write')),
        route('/c', line('cart:read')),
      ),
    },
    {
      what: 'another case, other signs, and letters that are swapped',
      bad: routes(
        route('/a', line('Orders.Read'), line('refunds:write', ['POST'])),
        route('/b', line('orders:read'), line('refunds:wirte', ['PUT'])),
      ),
      found: [
        'routes[1].allow[0].scopes: "orders:read" stands only here, and "Orders.Read" on line 12: is one of them a typo?',
        'routes[1].allow[1].scopes: "refunds:wirte" stands only here, and "refunds:write" on line 15: is one of them a typo?',
      ],
      mended: routes(
        route('/a', line('orders1:read'), line('a:read')),
        route('/b', line('orders2:read'), line('b:read')),
      ),
    },
    {
      what: 'what stands once beside what stands often',
      bad: routes(route('/a', line('order:read')), route('/b', line('orders:read')), route('/c', line('orders:read'))),
      found: [
        'routes[0].allow[0].scopes: "order:read" stands only here, and "orders:read" on line 18: is one of them a typo?',
      ],
      mended: routes(
        ...['order:read', 'orders:read'].flatMap((it) => [route(`/${it}`, line(it)), route(`/b/${it}`, line(it))]),
      ),
    },
  ],
  'role-suspect': [
    {
      what: 'likewise',
      bad: routes(route('/a', { methods: ['GET'], roles: { any: ['support', 'suport'] } })),
      found: ['routes[0].allow[0].roles: "suport" stands only here, and "support" on line 12: is one of them a typo?'],
      mended: routes(route('/a', { methods: ['GET'], roles: { any: ['support', 'shop:support'] } })),
    },
  ],
  'audience-account': [
    {
      what: "Keycloak's default",
      bad: main({ audience: ['shop-api', 'account'] }),
      found: [
        'issuers.main.audience: Keycloak puts "account" into tokens for all clients of the realm: it does not tell tokens for this API apart',
      ],
      mended: main({}),
    },
  ],
  'report-without-end': [
    {
      what: 'a report that nothing ends',
      bad: routes({ ...route('/a', r), mode: 'report' }),
      found: ['routes[0].mode: no day is named after which what is reported is enforced'],
      mended: routes({ ...route('/a', r), mode: 'report', until: '2026-02-01' }),
    },
    {
      what: 'a candidate that nothing ends',
      bad: routes({ ...route('/a', r), candidate: [w] }),
      found: ['routes[0].candidate: no day is named after which what is reported is enforced'],
      mended: routes({ ...route('/a', r), candidate: [w], until: '2026-02-01' }),
    },
    {
      what: 'a reported line that nothing ends',
      bad: routes(route('/a', r, { ...w, mode: 'report' })),
      found: ['routes[0].allow: no day is named after which what is reported is enforced'],
      mended: routes({ ...route('/a', r, { ...w, mode: 'report' }), until: '2026-02-01' }),
    },
    {
      what: 'not what reports nothing anyway',
      bad: routes({ ...open('/a'), mode: 'report' }, { ...route('/b', r), mode: 'report' }),
      found: ['routes[1].mode: no day is named after which what is reported is enforced'],
      mended: routes({ ...open('/a'), mode: 'report' }),
    },
  ],
  'report-over': [
    {
      what: 'a day that is over',
      bad: routes({ ...route('/a', r), mode: 'report', until: '2025-12-31' }),
      found: ['routes[0].until: this day is over, so what was reported is enforced; remove mode and until'],
      mended: routes({ ...route('/a', r), mode: 'report', until: '2026-01-01' }),
    },
  ],
  'report-public': [
    {
      what: 'a report of nobody',
      bad: routes({ ...open('/a'), mode: 'report' }),
      found: ['routes[0].mode: a public route refuses nobody, so there is nothing to report'],
      mended: routes(open('/a')),
    },
  ],
  unused: [
    {
      what: 'what nothing names',
      bad: { ...limited('client.ip'), defaults: {}, upstreams: { orders: 'http://a', old: 'http://b' } },
      found: ['upstreams.old: nothing uses this', 'rateLimits.one: nothing uses this'],
      mended: limited('client.ip'),
    },
  ],
  'literal-colon': [
    {
      what: 'a parameter as others write it',
      bad: routes(route('/a/:id', r)),
      found: ['routes[0].path: a segment such as ":id" is literal here; a parameter is written {id}'],
      mended: routes(route('/a/{id}', r)),
    },
  ],
  'rewrite-drops-rest': [
    {
      what: 'all paths in one',
      bad: routes({ ...route('/a/**', r), to: { upstream: 'orders', rewrite: '/b' } }),
      found: [
        'routes[0].to.rewrite: everything below the path is sent to this one address; end the rewrite in "/**" to keep the rest',
      ],
      mended: routes({ ...route('/a/**', r), to: { upstream: 'orders', rewrite: '/b/**' } }),
    },
  ],
  'proxies-anybody': [
    {
      what: 'the whole Internet',
      bad: { ...routes(route('/a', r)), trustedProxies: ['10.0.0.0/8', '::/0'] },
      found: ['trustedProxies[1]: this believes the X-Forwarded-For of anybody'],
      mended: { ...routes(route('/a', r)), trustedProxies: ['10.0.0.0/8'] },
    },
  ],
  'workers-without-redis': [
    {
      what: 'windows that nobody shares',
      bad: { ...routes(route('/a', r)), workers: 2 },
      found: ['workers: without redis each worker counts alone, so a client gets the limit several times'],
      mended: { ...routes(route('/a', r)), workers: 2, redis: { url: 'redis://r' } },
    },
  ],
  'accept-unused': [
    {
      what: 'entries that accept nothing',
      bad: {
        ...routes(open('/a', 'any'), open('/b')),
        accept: [
          { code: 'methods-any', at: ['/a', '/c'], because: 'a form of the demo' },
          { code: 'unused', because: 'a service to come' },
        ],
      },
      found: ['accept[0].at[1]: no finding "methods-any" is at "/c"', 'accept[1]: no finding "unused" is in this file'],
      mended: { ...routes(open('/a', 'any')), accept: [{ code: 'methods-any', at: '/a', because: 'a demo' }] },
    },
  ],
}
