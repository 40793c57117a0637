import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { toUpstreamPath } from '../../../src/forwarding/rewrite.ts'
import { readRequestTarget } from '../../../src/routing/request-target.ts'
import { createRouteTable } from '../../../src/routing/route-table.ts'
import { holds } from '../../support/cases.ts'
import { route } from '../../support/routes.ts'

const LIMIT = 8192
const piece = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('/', 'admin', 'public', 'a', '.', '..', '%2e', '%2E%2e', '%2f', '%5c', '%61dmin'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('//', '\\', ';', ';x=1', '%25', '%252e', '%00', '#', '?', '%c0%ae', '%u002e', '..;'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('%c3%bc', '%7e', '%', ' ', '+', '%20', '&', '=', ':', '@', '%e3%80%82', '%ef%bc%8f'),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`) },
  { weight: 1, arbitrary: fc.string({ maxLength: 2, unit: 'binary' }) },
)
const target = fc.array(piece, { maxLength: 10 }).map((pieces) => `/${pieces.join('')}`)

function read(url: string) {
  try {
    return readRequestTarget(url, LIMIT)
  } catch (error) {
    if (error instanceof GatewayError && ['invalid_target', 'uri_too_long'].includes(error.code)) return undefined
    throw error
  }
}

/** Escapes decoded as a careless server does it, byte by byte. */
const decodeBytes = (text: string) =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** RFC 3986 section 5.2.4, with a backslash for a slash and without path parameters, as some servers have it. */
function removeDots(path: string): string {
  const kept: string[] = []
  const segments = path.replaceAll('\\', '/').split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    const name = segment.split(';')[0] as string
    if (name === '..') kept.pop()
    if ((name === '.' || name === '..') && index === segments.length - 1) kept.push('')
    if (name !== '.' && name !== '..') kept.push(name)
  }
  return `/${kept.join('/')}`
}

describe('the canonical path: properties', () => {
  it('is the same path to every reader: decoded once or twice, before or after dots are resolved', () => {
    holds(
      fc.property(target, (url) => {
        const path = read(url)?.path
        if (path === undefined) return
        const once = decodeBytes(path)
        const readers = [
          removeDots(path) === path,
          removeDots(once) === once,
          decodeBytes(once) === once,
          once.replaceAll(/\/+/g, '/') === once,
          once.split('/').length === path.split('/').length,
          new URL(`http://h${path}`).pathname === path,
          new URL(path, 'http://h/a/b').pathname === path,
          Buffer.from(once, 'latin1').toString('utf8') === decodeURIComponent(path),
        ]
        if (readers.includes(false)) expect([url, path, readers]).toEqual([])
      }),
      { usual: 2000, nightly: 400_000 },
    )
  })

  it('is refused for nothing that a plain path could be', () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9._~!$&'()*+,=:@-]{0,8}$/)
    holds(
      fc.property(
        fc.array(segment, { maxLength: 5 }),
        fc.constantFrom('', '/'),
        fc.webQueryParameters(),
        (parts, end, query) => {
          const path = parts.length === 0 ? '/' : `/${parts.join('/')}${end}`
          expect(read(`${path}?${query}`)).toEqual({ path, query: `?${query}` })
        },
      ),
      { usual: 500, nightly: 100_000 },
    )
  })

  it('leads to the same route as the path that is forwarded, read again by anyone', () => {
    const routes = createRouteTable(
      ['/', '/admin/**', '/public/**', '/admin/a', '/{one}', '/{one}/admin', '/a/{two}/**'].map((path) => route(path)),
    )
    holds(
      fc.property(target, (url) => {
        const found = read(url)
        const match = found && routes.match(found.path)
        if (found === undefined || match === undefined) return
        const sent = toUpstreamPath(match, found)
        expect(sent).toBe(found.path + found.query)
        const again = new URL(`http://upstream${sent}`)
        for (const path of [found.path, again.pathname]) expect(routes.match(path)?.route).toBe(match.route)
        // An upstream that decodes and resolves before it looks must not see /admin where another route was found.
        const seen = removeDots(decodeBytes(again.pathname))
        if (/^\/admin(?:\/|$)/.test(seen)) expect(match.route.path).toMatch(/^\/admin\//)
      }),
      { usual: 2000, nightly: 300_000 },
    )
  })
})
