import { describe, expect, it } from 'vitest'
import type { AccessToken } from '../../../src/authentication/access-token.ts'
import { addForwardingFields, addIdentityFields } from '../../../src/forwarding/request-headers.ts'

function identity(claims: Record<string, unknown>, path: string[], scopes: string[] = []): string | undefined {
  const token = { claims, scopes: new Set(scopes) } as unknown as AccessToken
  const headers: string[] = []
  addIdentityFields(headers, { headers: new Map([['X-It', path]]), authorization: 'strip' }, token)
  return headers[1]
}

describe('identity fields', () => {
  it.each([
    ['a string', 'u-1', 'u-1'],
    ['a number', 7, '7'],
    ['a boolean', false, 'false'],
    ['a list', ['a', 'b,c', 3], 'a,b%2Cc,3'],
    ['inner blanks', 'Ann Lee', 'Ann Lee'],
    ['outer blanks', ' a ', '%20a%20'],
    ['a line break', 'a\r\nX-Admin: 1', 'a%0D%0AX-Admin: 1'],
    ['another script', '用户', '%E7%94%A8%E6%88%B7'],
    ['the escaped form of another script', '%E7%94%A8', '%25E7%2594%25A8'],
    ['NUL', 'a\0b', 'a%00b'],
    ['a lone surrogate', '\ud800', '%EF%BF%BD'],
  ])('sends %s', (_, claim, value) => {
    expect(identity({ it: claim }, ['it'])).toBe(value)
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an object', {}],
    ['an empty string', ''],
    ['a list of objects', [{}]],
  ])('sends no field for %s', (_, claim) => {
    expect(identity({ it: claim }, ['it'])).toBeUndefined()
  })

  it('finds no claim in a prototype', () => {
    expect(identity({}, ['constructor', 'name'])).toBeUndefined()
    expect(identity({ a: 'text' }, ['a', 'length'])).toBeUndefined()
  })

  it('gives the union of the scopes for `scope`', () => {
    expect(identity({ scope: 'a' }, ['scope'], ['a', 'b'])).toBe('a b')
  })
})

describe('forwarding fields (RFC 7239, RFC 9110 section 7.6.3)', () => {
  it('brackets and quotes an IPv6 address in Forwarded', () => {
    const headers: string[] = []
    const via = {
      chain: '2001:db8::1',
      scheme: 'https',
      host: 'api:8443',
      requestId: 'r1',
      pseudonym: 'scopegate-x',
    } as const
    addForwardingFields(headers, { ...via, clientAddress: '2001:db8::1' })
    expect(headers).toEqual([
      ...['X-Forwarded-For', '2001:db8::1', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'api:8443'],
      ...['Forwarded', 'for="[2001:db8::1]";proto=https;host="api:8443"'],
      ...['Via', '1.1 scopegate-x', 'X-Request-Id', 'r1'],
    ])
  })
})
