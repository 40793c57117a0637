import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { toUpstreamPath } from '../../../src/forwarding/rewrite.ts'
import { readRequestTarget } from '../../../src/routing/request-target.ts'
import { createRouteTable } from '../../../src/routing/route-table.ts'
import { holds } from '../../support/cases.ts'
import { route } from '../../support/routes.ts'

function upstreamPath(path: string, rewrite: string | undefined, url: string): string {
  const target = readRequestTarget(url, 8192)
  const match = createRouteTable([route(path, rewrite === undefined ? {} : { rewrite })]).match(target.path)
  if (match === undefined) throw new Error(`no route for ${url}`)
  return toUpstreamPath(match, target)
}

function refusalOf(params: Record<string, string>, rewrite = '/v/{id}'): string {
  try {
    return toUpstreamPath({ route: route('/x/{id}', { rewrite }), params, rest: '' }, { path: '/x/1', query: '' })
  } catch (error) {
    return error instanceof GatewayError ? `${error.code} ${error.reason}` : String(error)
  }
}

describe('toUpstreamPath', () => {
  it.each([
    ['/orders/**', undefined, '/orders/%61/?b=%2F', '/orders/a/?b=%2F'],
    ['/orders', undefined, '/orders/?', '/orders/?'],
    ['/users/{userId}/orders', '/internal/{userId}/orders', '/users/u1/orders?x=1', '/internal/u1/orders?x=1'],
    ['/users/{userId}/orders', '/internal/{userId}/orders', '/users/u1/orders/', '/internal/u1/orders'],
    ['/u/{a}/{b}', '/{b}/{a}/{b}', '/u/1/2', '/2/1/2'],
    ['/u/{a}', '/{a}', '/u/b%C3%BCro%20x', '/b%C3%BCro%20x'],
    ['/u/{a}', '/{a}', "/u/~-._!$&'()*+,=:@", "/~-._!$&'()*+,=:@"],
    ['/u/{a}', '/{a}', '/u/%21%3A%22%5B', '/!:%22%5B'],
    ['/api/**', '/v2/**', '/api/a/b/', '/v2/a/b/'],
    ['/api/**', '/v2/**', '/api/%c3%bc', '/v2/%C3%BC'],
    ['/api/**', '/v2/**', '/api', '/v2'],
    ['/api/**', '/v2/**', '/api/', '/v2/'],
    ['/api/**', '/**', '/api', '/'],
    ['/api/**', '/**', '/api/', '/'],
    ['/api/**', '/**', '/api/a?q', '/a?q'],
    ['/**', '/base/**', '/', '/base/'],
    ['/api/**', '/fixed', '/api/a/b', '/fixed'],
    ['/t/{id}/**', '/{id}/x/**', '/t/7/a', '/7/x/a'],
    ['/a', '/b ü', '/a', '/b%20%C3%BC'],
  ])('%s rewritten as %s sends %s as %s', (path, rewrite, url, expected) => {
    expect(upstreamPath(path, rewrite, url)).toBe(expected)
  })

  it('fills the template of a route anew for each request', () => {
    const routes = createRouteTable([route('/u/{id}', { rewrite: '/v/{id}' })])
    for (const id of ['1', '2', '1']) {
      const target = readRequestTarget(`/u/${id}`, 8192)
      const match = routes.match(target.path)
      expect(match && toUpstreamPath(match, target)).toBe(`/v/${id}`)
    }
  })

  it.each([
    ['.', 'invalid_target rewrite_ambiguous'],
    ['..', 'invalid_target rewrite_ambiguous'],
    ['../admin', '/v/..%2Fadmin'],
    ['a/b', '/v/a%2Fb'],
    ['a?b#c', '/v/a%3Fb%23c'],
    ['a;b', '/v/a%3Bb'],
    ['%2e', '/v/%252e'],
    ['', 'internal_error rewrite_parameter'],
  ])('CVE-2026-48020: with the parameter %j it gives %s', (id, expected) => {
    expect(refusalOf({ id })).toBe(expected)
  })

  it('GHSA-6jwx-7vp4-9847: a template cannot make a dot segment or an empty one of good parameters', () => {
    expect(refusalOf({ id: 'x' }, '/a//{id}')).toBe('invalid_target rewrite_ambiguous')
    expect(refusalOf({ id: 'x' }, '/../{id}')).toBe('invalid_target rewrite_ambiguous')
    expect(refusalOf({ id: '.' }, '/a/.{id}')).toBe('invalid_target rewrite_ambiguous')
    expect(refusalOf({ id: '.' }, '/a/{id}/b')).toBe('invalid_target rewrite_ambiguous')
  })

  it('fails when the template names a parameter that there is not', () => {
    expect(refusalOf({ id: 'x' }, '/{other}')).toBe('internal_error rewrite_parameter')
    expect(refusalOf({ id: 'x' }, '/{constructor}')).toBe('internal_error rewrite_parameter')
  })

  it('gives a canonical path for every accepted request', () => {
    const segment = fc.oneof(fc.string({ minLength: 1 }), fc.string({ minLength: 1, unit: 'grapheme' }))
    holds(
      fc.property(segment, fc.array(segment, { maxLength: 3 }), fc.boolean(), (id, below, slash) => {
        const url = `/t/${[id, ...below].map(encodeURIComponent).join('/')}${slash ? '/' : ''}`
        let expected: string
        try {
          expected = readRequestTarget(url, 8192).path
        } catch {
          return
        }
        const path = upstreamPath('/t/{id}/**', '/x/{id}/y/**', url)
        expect(readRequestTarget(path, 8192).path).toBe(path)
        expect(decodeURIComponent(path)).toBe(decodeURIComponent(expected).replace(/^\/t\/([^/]+)/, '/x/$1/y'))
      }),
      { usual: 1000, nightly: 100_000 },
    )
  })
})
