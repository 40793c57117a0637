import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readReturnTo } from '../../../src/sessions/return-to.ts'
import { holds } from '../../support/cases.ts'

describe('where a login leads back to (RFC 9700 section 4.11)', () => {
  it.each([
    ['/', '/'],
    ['/app', '/app'],
    ['/app/orders?page=2&q=a%20b', '/app/orders?page=2&q=a%20b'],
    ['/%7Ealice', '/~alice'],
    ['/a@evil.example', '/a@evil.example'],
    ['/authors', '/authors'],
    ['/?return_to=//evil', '/?return_to=//evil'],
  ])('is the path %j', (text, path) => {
    expect(readReturnTo(text, '/auth')).toBe(path)
  })

  it.each([
    '',
    'app',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\/evil.example',
    '/%5cevil.example',
    '/%2fevil.example',
    '/./evil',
    '/../evil',
    '/%2e%2e//evil',
    '/app//x',
    '/\tevil',
    '/\n/evil',
    '/a\r\nLocation: https://evil.example',
    '/%0d%0aLocation:%20x',
    '/%00',
    '\t//evil',
    ' //evil',
    'https://evil.example',
    'https:evil.example',
    'HTTPS://evil.example/',
    'javascript:alert(1)',
    'data:text/html,x',
    '@evil.example',
    'user@evil.example',
    ':80@evil.example',
    '.evil.example',
    '?x',
    '#x',
    '/#x',
    '/ä',
    '/app;x',
    `/${'a'.repeat(512)}`,
    '/auth/login',
    '/auth/login?return_to=/auth/login',
    '/auth',
    '/%61uth/login',
  ])('is nothing for %j', (text) => {
    expect(readReturnTo(text, '/auth')).toBeUndefined()
  })

  it('never leaves the origin, whatever is asked for', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '//',
      '%2f',
      '%5c',
      'evil.example',
      '@',
      ':',
      '?',
      '#',
      '\t',
      '\n',
      '%0d',
      '.',
      '..',
      'a',
    )
    holds(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const path = readReturnTo(pieces.join(''), '/auth')
        if (path === undefined) return
        for (const base of ['https://shop.example', 'http://shop.example/auth/callback']) {
          expect(new URL(path, base).origin).toBe(new URL(base).origin)
          expect(new URL(new URL(base).origin + path).origin).toBe(new URL(base).origin)
        }
      }),
      { usual: 2000 },
    )
  })
})
