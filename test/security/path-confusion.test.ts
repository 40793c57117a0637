import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTarget, type Target } from './target.ts'

let target: Target

beforeAll(async () => {
  target = await startTarget(() => ({
    routes: [
      { path: '/public/**', to: 'app', public: 'product pages are open' },
      { path: '/admin/**', to: 'app', allow: [{ methods: 'any', roles: 'admin' }] },
      { path: '/orders/**', to: 'app', allow: [{ methods: 'any', scopes: 'orders:read' }] },
      { path: '/files/**', to: { upstream: 'app', rewrite: '/internal/files/**' }, public: 'for everybody' },
      {
        path: '/users/{userId}/orders',
        to: { upstream: 'app', rewrite: '/internal/{userId}/orders' },
        allow: [{ methods: 'GET', where: { 'path.userId': 'token.sub' } }],
      },
    ],
  }))
})
afterAll(() => target.close())
beforeEach(() => target.upstream.clear())

describe('a path that can be read in two ways (STANDARDS section 3)', () => {
  it.each([
    ['CVE-2026-33494', '/public/../admin'],
    ['CVE-2026-33494', '/public/%2e%2e/admin'],
    ['CVE-2026-33494', '/public/%2E%2e%2fadmin'],
    ['CVE-2026-33494', '/public/.%2e/admin'],
    ['CVE-2026-33494', '/public/./admin'],
    ['CVE-2026-33494', '/public/..'],
    ['CVE-2026-42274', '/orders/%2e%2e/admin'],
    ['CVE-2026-42274', '/users/%2e%2e/orders'],
    ['CVE-2021-29492', '/public/..%5cadmin'],
    ['CVE-2021-29492', '/public/..\\admin'],
    ['CVE-2021-29492', '/%5Cadmin'],
    ['CVE-2021-31920', '//admin'],
    ['CVE-2021-31920', '/%2Fadmin'],
    ['CVE-2021-31920', '/public//admin'],
    ['CVE-2021-31920', '/public/x//'],
    ['CVE-2026-73553', '/admin;x=1'],
    ['CVE-2026-73553', '/public/..;/admin'],
    ['CVE-2026-73553', '/public/%3b/admin'],
    ['CVE-2026-26205', '//admin/x'],
    ['CVE-2026-26205', '//evil.example/admin'],
    ['CVE-2026-85184', 'http://evil.example/public/x'],
    ['CVE-2026-112362', 'https://evil.example/public/x'],
    ['CVE-2026-14198', '/users/a%2Fb/orders'],
    ['CVE-2026-22031', '/public/a%2f..%2fadmin'],
    ['CVE-2026-2880', '/orders;/7'],
    ['CVE-2026-33804', '/public///admin'],
    ['CVE-2026-126357', '/public/%252e%252e/admin'],
    ['GHSA-5r4p-p66f-jhc7', '/public/%25%32%65'],
    ['GHSA-pxq7-h93f-9jrg', '/public/x#/../admin'],
    ['GHSA-pxq7-h93f-9jrg', '/public/x#y'],
    ['GHSA-pxq7-h93f-9jrg', '/public/x%23'],
    ['GHSA-pxq7-h93f-9jrg', '/public?x#y'],
    ['NUL', '/public/%00/admin'],
    ['encoded line break', '/public/%0d%0aX-User-Id:%20root'],
    ['encoded question mark', '/public/%3f/admin'],
    ['overlong UTF-8', '/public/%c0%ae%c0%ae/admin'],
    ['overlong slash', '/public/%c0%af..'],
    ['surrogate', '/public/%ed%a0%80'],
    ['cut-off UTF-8', '/public/%e2%82'],
    ['bad escape', '/public/%zz'],
    ['IIS escape', '/public/%u002e%u002e/admin'],
    ['lone percent', '/public/%'],
    ['raw UTF-8', '/public/\xc3\xa9'],
    ['C1 control', '/public/%c2%85'],
    ['backslash host', '/\\evil.example/admin'],
  ])('%s: answers 400 to %s, with a token or without, and sends nothing on', async (_, path) => {
    const token = await target.bearer({ realm_access: { roles: ['admin'] } })
    for (const fields of [[], [token]]) {
      const answer = await target.ask(`GET ${path} HTTP/1.1`, ...fields)
      expect(answer.status).toBe(400)
      expect(answer.headers.get('content-type')).toEqual(['application/problem+json'])
    }
    expect(target.upstream.text()).toBe('')
  })
})

describe('what is authorised is what is forwarded', () => {
  it.each([
    ['/public/a', '/public/a'],
    ['/public', '/public'],
    ['/public/', '/public/'],
    ['/public/%61dmin', '/public/admin'],
    ['/public/%7Euser', '/public/~user'],
    ['/public/a%20b', '/public/a%20b'],
    ['/public/%c3%a9', '/public/%C3%A9'],
    ['/public/a...b/.hidden/...', '/public/a...b/.hidden/...'],
    ['/public/a+b=c,d:e@f', '/public/a+b=c,d:e@f'],
    ['/public/<a>"{b}|', '/public/%3Ca%3E%22%7Bb%7D%7C'],
    ['/public/x?next=//evil.example/../%2e%2e&&=', '/public/x?next=//evil.example/../%2e%2e&&='],
    ['/public/x?', '/public/x?'],
    ['/public/x??a', '/public/x??a'],
    ['/%70ublic/x', '/public/x'],
    ['/files/a/b%20c/', '/internal/files/a/b%20c/'],
    ['/files', '/internal/files'],
  ])('forwards %s as exactly %s', async (sent, forwarded) => {
    expect((await target.ask(`GET ${sent} HTTP/1.1`)).status).toBe(200)
    expect(target.upstream.taken.map((request) => request.target)).toEqual([forwarded])
  })

  it.each(['/%61dmin', '/adm%69n/x', '/admin/', '/admin?/public/'])(
    'CVE-2026-48020: judges %s as /admin, whatever its spelling',
    async (path) => {
      expect((await target.ask(`GET ${path} HTTP/1.1`)).status).toBe(401)
      expect((await target.ask(`GET ${path} HTTP/1.1`, await target.bearer())).status).toBe(403)
      expect(target.upstream.text()).toBe('')
    },
  )

  it.each(['/ADMIN/x', '/Public/x', '/publicx', '/public.html'])(
    'takes %s for another path than the ones in the file',
    async (path) => {
      expect((await target.ask(`GET ${path} HTTP/1.1`)).status).toBe(401)
      expect((await target.ask(`GET ${path} HTTP/1.1`, await target.bearer())).status).toBe(404)
    },
  )

  it.each(['/admin?/public/x', '/admin?path=/public/', '/orders/7?/public'])(
    'CVE-2025-54576: lets the query of %s take no part in finding the route',
    async (path) => {
      expect((await target.ask(`GET ${path} HTTP/1.1`)).status).toBe(401)
    },
  )

  it.each([
    ['u1', '/users/u1/orders', 200, '/internal/u1/orders'],
    ['u1', '/users/%751/orders', 200, '/internal/u1/orders'],
    ['a b', '/users/a%20b/orders', 200, '/internal/a%20b/orders'],
    ['u1', '/users/U1/orders', 403, undefined],
    ['u1', '/users/u1%20/orders', 403, undefined],
    ['u1', '/users/u2/orders?userId=u1', 403, undefined],
    ['*', '/users/u2/orders', 403, undefined],
    ['', '/users/u2/orders', 401, undefined],
  ])('lets the owner %j ask for %s: %i', async (sub, path, status, forwarded) => {
    expect((await target.ask(`GET ${path} HTTP/1.1`, await target.bearer({ sub }))).status).toBe(status)
    expect(target.upstream.taken[0]?.target).toBe(forwarded)
  })

  it.each([
    ['CVE-2026-40575', 'X-Forwarded-Uri: /public/x'],
    ['CVE-2026-76835', 'X-Original-URL: /public/x'],
    ['CVE-2026-76835', 'X-Rewrite-URL: /public/x'],
    ['CVE-2026-35051', 'X-Forwarded-Prefix: /public'],
    ['CVE-2026-35051', 'X-Forwarded-Method: OPTIONS'],
    ['GHSA-5hvv-m4w4-gf6v', 'User-Agent: kube-probe/1.30'],
    ['GHSA-5hvv-m4w4-gf6v', 'User-Agent: GoogleHC/1.0'],
    ['CVE-2022-29226', 'Cookie: access_token=eyJ; OauthHMAC=x; BearerToken=x'],
    ['method override', 'X-HTTP-Method-Override: OPTIONS'],
  ])('%s: lets nobody into /admin for the sake of %s', async (_, field) => {
    expect((await target.ask('GET /admin/x HTTP/1.1', field)).status).toBe(401)
    expect(target.upstream.text()).toBe('')
  })
})
