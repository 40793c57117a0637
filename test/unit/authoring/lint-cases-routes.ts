/** Routes and their lines that lint finds. */
import { type LintCase, line, open, r, route, routes, w } from './lint-cases.ts'

const login = (publicUrl: string): LintCase['bad'] => ({
  login: {
    publicUrl,
    client: { id: 'web', secret: 'x' },
    keys: [{ id: 'k', secret: Buffer.alloc(32).toString('base64') }],
  },
  routes: [{ ...route('/a', r), session: true }],
})

export const ROUTE_CASES: Readonly<Record<string, readonly LintCase[]>> = {
  'login-without-tls': [
    {
      what: 'sessions that last on this machine only',
      bad: login('http://localhost:8080'),
      found: ['login.publicUrl: without TLS browsers keep these cookies on this machine only'],
      mended: login('https://shop.example'),
    },
  ],
  'route-unreachable': [
    {
      what: 'a route of which others take every path',
      bad: routes(route('/a/**', r), route('/a', r), route('/a/{x}/**', w)),
      found: [
        'routes[0].path: more specific routes take every path of this one, such as "/a/2", which goes to "/a/{x}/**" (line 20)',
      ],
      mended: routes(route('/a/**', r), route('/a/{x}/**', w)),
    },
  ],
  'routes-cross': [
    {
      what: 'two routes of which each is the more specific one somewhere',
      bad: routes(route('/users/{id}/orders', r), route('/users/me/{what}', r)),
      found: ['routes[0].path: "/users/me/orders" matches this route, and goes to "/users/me/{what}" (line 16)'],
      mended: routes(route('/users/{id}/orders', r), route('/users/me', r)),
    },
    {
      what: 'a literal behind a parameter, beside everything below another literal',
      bad: routes(route('/admin/**', r), route('/{tenant}/health', r)),
      found: ['routes[1].path: "/admin/health" matches this route, and goes to "/admin/**" (line 9)'],
      mended: routes(route('/admin/**', r), route('/{tenant}', r), route('/{tenant}/**', r), route('/b/{x}/y', r)),
    },
  ],
  'methods-hidden': [
    {
      what: 'a method that the route around names and the more specific one lacks',
      bad: routes(route('/orders/**', r, w), route('/orders/{id}', line('d', ['DELETE']))),
      found: [
        'routes[1].path: GET, HEAD, POST "/orders/2" is refused here, though "/orders/**" (line 9) names these methods',
      ],
      mended: routes(route('/orders/**', r, w), route('/orders/{id}', r, w, line('d', ['DELETE']))),
    },
    {
      what: 'the same service alone, and no methods that are only part of any',
      bad: routes(route('/orders/**', r, { ...line('x', 'any'), roles: 'a' }), route('/orders/{id}', w)),
      found: [
        'routes[1].path: GET, HEAD "/orders/2" is refused here, though "/orders/**" (line 9) names these methods',
      ],
      mended: {
        ...routes(route('/orders/**', r), { ...route('/orders/{id}', w), to: 'other' }),
        upstreams: { orders: 'http://a', other: 'http://b' },
      },
    },
  ],
  'public-below-protected': [
    {
      what: 'a public route within a protected one',
      bad: routes(route('/orders/**', r), open('/orders/status')),
      found: ['routes[1].public: GET "/orders/status" needs no token, while "/orders/**" (line 9) around it needs one'],
      mended: routes(route('/orders/**', r), open('/status')),
    },
    {
      what: 'within the nearest one, whatever is around that',
      bad: routes(open('/a/**'), route('/a/b/**', r), open('/a/b/c')),
      found: ['routes[2].public: GET "/a/b/c" needs no token, while "/a/b/**" (line 14) around it needs one'],
      mended: routes(route('/**', r), open('/a/b/**'), open('/a/b/c')),
    },
    {
      what: 'the methods that need a token around it, and no others',
      bad: routes({ ...open('/a/**', ['POST']), allow: [r] }, open('/a/b', ['POST', 'GET'])),
      found: ['routes[1].public: GET "/a/b" needs no token, while "/a/**" (line 9) around it needs one'],
      mended: routes({ ...open('/a/**'), allow: [w] }, open('/a/b')),
    },
  ],
  'line-redundant': [
    {
      what: 'a line that asks for more than another one',
      bad: routes(route('/a', { ...r, roles: 'x' }, r)),
      found: ['routes[0].allow[0]: line 16 (scope r) lets through all that this line does'],
      mended: routes(route('/a', { ...r, roles: 'x' }, line('s'))),
    },
    {
      what: 'the later one of two equal lines',
      bad: routes(route('/a', line({ all: ['r', 's'] }), line({ all: ['s', 'r'] }))),
      found: ['routes[0].allow[1]: line 12 (scopes r and s) lets through all that this line does'],
      mended: routes(route('/a', line({ all: ['r', 's'] }), line({ any: ['s', 'r'] }, ['POST']))),
    },
    {
      what: 'a line beside one for any valid token',
      bad: routes(route('/a', { methods: ['GET'], token: 'any' }, r)),
      found: ['routes[0].allow[1]: line 12 (any valid token) lets through all that this line does'],
      mended: routes(route('/a', { methods: ['GET'], token: 'any' }, w)),
    },
    {
      what: 'what two other lines let through together',
      bad: routes(route('/a', line({ any: ['r', 's'] }), r, line('s'))),
      found: [
        'routes[0].allow[1]: line 12 (scopes r or s) lets through all that this line does',
        'routes[0].allow[2]: line 12 (scopes r or s) lets through all that this line does',
      ],
      mended: routes(route('/a', line({ any: ['r', 's'] }), line('t'))),
    },
    {
      what: 'a choice of which each has a line',
      bad: routes(route('/a', line('r', 'any'), line('s'), line({ any: ['r', 's'] }))),
      found: ['routes[0].allow[2]: the other lines together let through all that this line does'],
      mended: routes(route('/a', line('r', 'any'), line('s'), line({ any: ['r', 't'] }))),
    },
    {
      what: 'ownership beside the same scope without it',
      bad: routes(route('/a/{id}', { ...r, where: { 'path.id': 'token.sub' } }, r)),
      found: ['routes[0].allow[0]: line 17 (scope r) lets through all that this line does'],
      mended: routes(route('/a/{id}', { ...r, where: { 'path.id': 'token.sub' } }, { ...r, roles: 'support' })),
    },
  ],
  'line-unreachable': [
    {
      what: 'one claim with two texts',
      bad: routes(route('/a', { methods: ['GET'], claims: { azp: { all: ['a', 'b'] } } })),
      found: ['routes[0].allow[0]: no token can meet this line: azp = a and b'],
      mended: routes(
        route('/a', { methods: ['GET'], claims: { azp: { any: ['a', 'b'] }, groups: { all: ['a', 'b'] } } }),
      ),
    },
    {
      what: 'two levels of login at once',
      bad: routes(route('/a', { methods: ['GET'], claims: { acr: { all: ['silver', 'gold'] } } })),
      found: ['routes[0].allow[0]: no token can meet this line: acr = silver and gold'],
      mended: routes(route('/a', { methods: ['GET'], claims: { acr: { any: ['silver', 'gold'] } } })),
    },
    {
      what: 'a text that is a number',
      bad: routes(route('/a', { methods: ['GET'], claims: { sub: 7 } })),
      found: ['routes[0].allow[0]: no token can meet this line: sub = 7'],
      mended: routes(route('/a', { methods: ['GET'], claims: { sub: '7', level: 7 } })),
    },
    {
      what: 'an owner that no path can name',
      bad: routes(route('/a/{id}', { methods: ['GET'], claims: { sub: '..' }, where: { 'path.id': 'token.sub' } })),
      found: ['routes[0].allow[0]: no token can meet this line: sub = ..; path.id = token.sub'],
      mended: routes(route('/a/{id}', { methods: ['GET'], claims: { sub: 'x' }, where: { 'path.id': 'token.sub' } })),
    },
  ],
}
