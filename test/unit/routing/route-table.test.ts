import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRouteTable } from '../../../src/routing/route-table.ts'
import { holds } from '../../support/cases.ts'
import { route } from '../../support/routes.ts'

function table(...paths: string[]) {
  const routes = createRouteTable(paths.map((path) => route(path)))
  return (path: string) => {
    const match = routes.match(path)
    return match && { path: match.route.path, params: { ...match.params }, rest: match.rest }
  }
}

describe('createRouteTable', () => {
  const match = table(
    '/',
    '/orders/**',
    '/orders/new',
    '/orders/{id}',
    '/orders/{id}/lines',
    '/orders/new/{part}',
    '/users/{userId}/orders',
    '/users/me/profile',
    '/catalog/**',
    '/admin',
  )

  it.each([
    ['/', '/'],
    ['/orders', '/orders/**'],
    ['/orders/', '/orders/**'],
    ['/orders/new', '/orders/new'],
    ['/orders/new/', '/orders/new'],
    ['/orders/7', '/orders/{id}'],
    ['/orders/7/lines', '/orders/{id}/lines'],
    ['/orders/new/lines', '/orders/new/{part}'],
    ['/orders/7/lines/1', '/orders/**'],
    ['/orders/new/a/b', '/orders/**'],
    ['/users/u1/orders', '/users/{userId}/orders'],
    ['/users/me/orders', '/users/{userId}/orders'],
    ['/users/me/profile', '/users/me/profile'],
    ['/catalog/a/b/c', '/catalog/**'],
    ['/admin/', '/admin'],
  ])('finds for %s the route %s', (path, expected) => {
    expect(match(path)?.path).toBe(expected)
  })

  it.each(['/Orders', '/users', '/users/u1', '/users/u1/profile', '/admin/x', '/catalogue', '/order', '/x'])(
    'finds nothing for %s',
    (path) => {
      expect(match(path)).toBeUndefined()
    },
  )

  it('gives decoded parameters and the canonical rest', () => {
    const find = table('/t/{tenant}/files/{id}/**')
    expect(find('/t/b%C3%BCro/files/a%20b/x/y%C3%BC/')).toEqual({
      path: '/t/{tenant}/files/{id}/**',
      params: { tenant: 'büro', id: 'a b' },
      rest: 'x/y%C3%BC/',
    })
    expect(find('/t/a/files/1')).toMatchObject({ params: { tenant: 'a', id: '1' }, rest: '' })
    expect(find('/t/a/files/1/')).toMatchObject({ params: { tenant: 'a', id: '1' }, rest: '' })
  })

  it('matches everything with /**', () => {
    const find = table('/**')
    expect(find('/')?.rest).toBe('')
    expect(find('/a')?.rest).toBe('a')
    expect(find('/a/b/')?.rest).toBe('a/b/')
  })

  it('never fills a parameter with nothing', () => {
    const find = table('/users/{id}')
    expect(find('/users/')).toBeUndefined()
    expect(find('/users//')).toBeUndefined()
    expect(find('/users')).toBeUndefined()
  })

  it('CVE-2026-14198: does not let a trailing slash fall through to a broader route', () => {
    expect(table('/**', '/admin')('/admin/')?.path).toBe('/admin')
  })

  it('CVE-2026-22031: does not let another spelling of a literal fall through to a broader route', () => {
    const find = table('/**', '/a!b', '/x:y', '/.well-known')
    expect(find('/a%21b')?.path).toBe('/a!b')
    expect(find('/x%3Ay')?.path).toBe('/x:y')
    expect(find('/.well-known')?.path).toBe('/.well-known')
  })

  it('reads names of Object.prototype as any other name', () => {
    const find = table('/{__proto__}/{constructor}', '/toString')
    const { params } = createRouteTable([route('/{__proto__}/{constructor}')]).match('/a/b') ?? { params: {} }
    expect('toString' in params).toBe(false)
    expect(Object.entries(params)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
    expect(find('/constructor')).toBeUndefined()
    expect(find('/hasOwnProperty')).toBeUndefined()
    expect(find('/toString')?.path).toBe('/toString')
    expect(find('/__proto__/__proto__')?.path).toBe('/{__proto__}/{constructor}')
  })

  it('shares one frozen answer for a route without parameters', () => {
    const routes = createRouteTable([route('/a'), route('/b/**')])
    expect(routes.match('/a')).toBe(routes.match('/a/'))
    expect(Object.isFrozen(routes.match('/a'))).toBe(true)
    expect(routes.match('/b/1')?.params).toBe(routes.match('/a')?.params)
    expect(Object.isFrozen(routes.match('/b/1')?.params)).toBe(true)
  })

  it.each([
    ['/a', '/a'],
    ['/a', '/a/'],
    ['/{x}', '/{y}'],
    ['/a/**', '/a/**'],
    ['/a!b', '/a%21b'],
  ])('refuses %s beside %s', (first, second) => {
    expect(() => table(first, second)).toThrow('Two routes have the same path')
  })

  it.each(['a', '/a//b', '/**/a', '/{a', '/a{b}', '/{a}/{a}', '/a**', '/{}', '/a;b', '/a%2Fb', '/..', '/a b', '//'])(
    'refuses the path %s',
    (path) => {
      expect(() => table(path)).toThrow()
    },
  )
})

const segment = fc.constantFrom('a', 'b', 'c')
const pattern = fc
  .tuple(fc.array(fc.oneof(segment, fc.constant('{}')), { maxLength: 4 }), fc.boolean())
  .map(([segments, below]) => {
    const named = segments.map((text, index) => (text === '{}' ? `{p${index}}` : text))
    return `/${[...named, ...(below ? ['**'] : [])].join('/')}`
  })

/** The rule itself, without a trie: of all routes that match, the one whose segments come first from left to right. */
function model(patterns: readonly string[], path: string): string | undefined {
  const parts = path === '/' ? [] : path.slice(1).split('/')
  const ranked = patterns.flatMap((text) => {
    const segments = text === '/' ? [] : text.slice(1).split('/')
    const below = segments.at(-1) === '**'
    const fixed = below ? segments.slice(0, -1) : segments
    if (below ? parts.length < fixed.length : parts.length !== fixed.length) return []
    if (fixed.some((it, index) => !it.startsWith('{') && it !== parts[index])) return []
    return [{ text, rank: `${fixed.map((it) => (it.startsWith('{') ? '1' : '0')).join('')}${below ? '2' : ''}` }]
  })
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1))[0]?.text
}

describe('precedence', () => {
  it('is that of the rule, whatever the order of the routes', () => {
    const patterns = fc.uniqueArray(pattern, { maxLength: 12 })
    const path = fc.array(segment, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`)
    holds(
      fc.property(patterns, path, (paths, request) => {
        expect(table(...paths)(request)?.path).toBe(model(paths, request))
        expect(table(...paths.toReversed())(request)?.path).toBe(model(paths, request))
      }),
      { usual: 2000, nightly: 100_000 },
    )
  })
})
