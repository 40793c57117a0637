import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { canonicalPath, readRequestTarget } from '../../../src/routing/request-target.ts'
import { holds } from '../../support/cases.ts'

const LIMIT = 8192

function refusalOf(url: string, maxBytes = LIMIT): string {
  try {
    return `accepted as ${JSON.stringify(readRequestTarget(url, maxBytes))}`
  } catch (error) {
    if (error instanceof GatewayError) return `${error.code} ${error.reason}`
    throw error
  }
}

describe('readRequestTarget (RFC 9112 section 3.2, RFC 3986 section 6)', () => {
  it.each([
    ['/', '/'],
    ['/orders', '/orders'],
    ['/orders/', '/orders/'],
    ['/.well-known/x', '/.well-known/x'],
    ['/a/...', '/a/...'],
    ['/a/.b/c..', '/a/.b/c..'],
    ['/a/%2eb', '/a/.b'],
    ['/%61dmin/%7Eme/%2D%5F', '/admin/~me/-_'],
    ['/b%c3%bcro/%e2%82%ac', '/b%C3%BCro/%E2%82%AC'],
    ['/a%20b', '/a%20b'],
    ['/a%21b!', '/a%21b!'],
    ['/x:y@z,$&()*+=', '/x:y@z,$&()*+='],
    ['/"<>^`{|}[]', '/%22%3C%3E%5E%60%7B%7C%7D%5B%5D'],
    ['/%f0%9f%98%80', '/%F0%9F%98%80'],
  ])('reads %s as %s', (url, path) => {
    expect(readRequestTarget(url, LIMIT)).toEqual({ path, query: '' })
  })

  it.each([
    ['/a?', '?'],
    ['/a?b=c', '?b=c'],
    ['/a?b=%2F%2e%zz&c=//../;"<>^`{|}[]\\?', '?b=%2F%2e%zz&c=//../;"<>^`{|}[]\\?'],
  ])('forwards the query of %s exactly as sent', (url, query) => {
    expect(readRequestTarget(url, LIMIT)).toEqual({ path: '/a', query })
  })

  it.each([
    ['CVE-2026-33494', '/public/../admin', 'target_dot_segment'],
    ['CVE-2026-33494', '/public/%2e%2e/admin', 'target_dot_segment'],
    ['CVE-2026-33494', '/public/%2e%2e%2fadmin', 'target_ambiguous_escape'],
    ['CVE-2026-42274', '/user/%2e%2e/admin', 'target_dot_segment'],
    ['CVE-2026-42274', '/user/.%2E/admin', 'target_dot_segment'],
    ['CVE-2026-42274', '/user/%2E./admin', 'target_dot_segment'],
    ['CVE-2021-29492', '/%2Fadmin', 'target_ambiguous_escape'],
    ['CVE-2021-29492', '/%5Cadmin', 'target_ambiguous_escape'],
    ['CVE-2021-31920', '//admin', 'target_empty_segment'],
    ['CVE-2026-73553', '/admin;x=1', 'target_ambiguous_character'],
    ['CVE-2026-73553', '/public/..;/admin', 'target_ambiguous_character'],
    ['CVE-2026-73553', '/admin%3bx=1', 'target_ambiguous_escape'],
    ['CVE-2026-26205', '//admin/x', 'target_empty_segment'],
    ['CVE-2026-85184', 'http://evil.example/admin', 'target_form'],
    ['CVE-2026-112362', 'HTTPS://evil.example:443/admin?x', 'target_form'],
    ['CVE-2026-14198', '/files/a%2Fb', 'target_ambiguous_escape'],
    ['CVE-2026-22031', '/api//admin', 'target_empty_segment'],
    ['CVE-2026-2880', '/api/;/admin', 'target_ambiguous_character'],
    ['CVE-2026-33804', '/api/admin//', 'target_empty_segment'],
    ['CVE-2026-126357', '/%252e%252e/admin', 'target_ambiguous_escape'],
    ['GHSA-5r4p-p66f-jhc7', '/api/%2561dmin', 'target_ambiguous_escape'],
    ['@hono/node-server <1.19.10', '/static%2F..%2Fadmin', 'target_ambiguous_escape'],
    ['GHSA-pxq7-h93f-9jrg', '/public#/../admin', 'target_ambiguous_character'],
    ['GHSA-pxq7-h93f-9jrg', '/public%23/../admin', 'target_ambiguous_escape'],
    ['GHSA-pxq7-h93f-9jrg', '/public?x#/admin', 'target_query'],
    ['CVE-2025-25294', '/a%0a{"level":"info"}', 'target_ambiguous_escape'],
  ])('%s: refuses %s', (_advisory, url, reason) => {
    expect(refusalOf(url)).toBe(`invalid_target ${reason}`)
  })

  it.each([
    ['', 'target_form'],
    ['*', 'target_form'],
    ['?x', 'target_form'],
    ['orders', 'target_form'],
    ['example.com:443', 'target_form'],
    ['/.', 'target_dot_segment'],
    ['/..', 'target_dot_segment'],
    ['/a/.', 'target_dot_segment'],
    ['/a/./b', 'target_dot_segment'],
    ['/a/%2E', 'target_dot_segment'],
    ['/a/%2e/', 'target_dot_segment'],
    ['/a\\b', 'target_ambiguous_character'],
    ['/a%5cb', 'target_ambiguous_escape'],
    ['/a%3fb', 'target_ambiguous_escape'],
    ['/a%00', 'target_ambiguous_escape'],
    ['/a%1F', 'target_ambiguous_escape'],
    ['/a%7f', 'target_ambiguous_escape'],
    ['/a%c2%85', 'target_ambiguous_escape'],
    ['/a%', 'target_escape'],
    ['/a%4', 'target_escape'],
    ['/a%zz', 'target_escape'],
    ['/a%u0041', 'target_escape'],
    ['/a b', 'target_characters'],
    ['/a\tb', 'target_characters'],
    ['/a\0', 'target_characters'],
    ['/büro', 'target_characters'],
    ['/a%C0%AE', 'target_utf8'],
    ['/a%C0%AF', 'target_utf8'],
    ['/a%ED%A0%80', 'target_utf8'],
    ['/a%F4%90%80%80', 'target_utf8'],
    ['/a%C3', 'target_utf8'],
    ['/a%FF', 'target_utf8'],
    ['/a?b c', 'target_query'],
    ['/a?b\r\nX: y', 'target_query'],
    ['/a?b\u007F', 'target_query'],
    ['/a?ü', 'target_query'],
  ])('refuses %j', (url, reason) => {
    expect(refusalOf(url)).toBe(`invalid_target ${reason}`)
  })

  it('CVE-2025-54576: keeps the query out of the path', () => {
    expect(readRequestTarget('/admin?/public/', LIMIT)).toEqual({ path: '/admin', query: '?/public/' })
  })

  it('answers 414 above the limit and not at it', () => {
    expect(refusalOf(`/${'a'.repeat(8)}`, 8)).toBe('uri_too_long target_too_long')
    expect(readRequestTarget('/aaaaaaa', 8).path).toBe('/aaaaaaa')
    expect(refusalOf(`/a?${'b'.repeat(8)}`, 10)).toBe('uri_too_long target_too_long')
  })

  it('reads a target of the greatest length in linear time', () => {
    expect(readRequestTarget(`/${'a/'.repeat(500_000)}`, 2_000_000).path).toHaveLength(1_000_001)
    expect(refusalOf(`/${'a/'.repeat(500_000)};`, 2_000_000)).toBe('invalid_target target_ambiguous_character')
  })
})

const piece = fc.oneof(
  fc.constantFrom(
    '/',
    '//',
    '.',
    '..',
    '%2e',
    '%2E',
    '%2f',
    '%5c',
    '\\',
    ';',
    '%25',
    '%00',
    '#',
    'a',
    'B9',
    '~',
    '{id}',
  ),
  fc.constantFrom('%41', '%7e', '%c3%bc', '%C3', '%ed%a0%80', '%', '%4', '!', '%21', ':', '@', '"', '|', '[', ' ', 'ü'),
  fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`),
  fc.string({ maxLength: 3 }),
)
const anyPath = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`.replaceAll('?', ''))

function accepted(url: string): string | undefined {
  try {
    return readRequestTarget(url, LIMIT).path
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

describe('the canonical path', () => {
  it('is its own canonical form', () => {
    holds(
      fc.property(anyPath, (url) => {
        const path = accepted(url)
        fc.pre(path !== undefined)
        expect(readRequestTarget(path, LIMIT).path).toBe(path)
        expect(canonicalPath(path)).toBe(path)
      }),
      { usual: 2000, nightly: 100_000 },
    )
  })

  it('is the same to a WHATWG URL parser', () => {
    holds(
      fc.property(anyPath, (url) => {
        const path = accepted(url)
        fc.pre(path !== undefined)
        expect(new URL(`http://h${path}`).pathname).toBe(path)
      }),
      { usual: 2000, nightly: 100_000 },
    )
  })

  it('holds no dot segment, slash or control once its segments are decoded, once or twice', () => {
    holds(
      fc.property(anyPath, (url) => {
        const path = accepted(url)
        fc.pre(path !== undefined)
        for (const segment of path.split('/')) {
          const decoded = decodeURIComponent(segment)
          expect(decoded).not.toMatch(/^\.{1,2}$|[/\\;#?%\p{Cc}]/u)
          expect(decodeURIComponent(decoded)).toBe(decoded)
        }
      }),
      { usual: 2000, nightly: 100_000 },
    )
  })

  it('means the same bytes as what was sent', () => {
    holds(
      fc.property(anyPath, (url) => {
        const path = accepted(url)
        fc.pre(path !== undefined)
        expect(decodeURIComponent(path)).toBe(decodeURIComponent(url))
      }),
      { usual: 2000, nightly: 100_000 },
    )
  })
})
