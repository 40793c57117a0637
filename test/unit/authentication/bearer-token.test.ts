import { describe, expect, it } from 'vitest'
import { readBearerToken } from '../../../src/authentication/bearer-token.ts'

const denial = (code: string, reason: string) => expect.objectContaining({ name: 'GatewayError', code, reason })

describe('readBearerToken (RFC 6750 section 2)', () => {
  it.each([
    ['Bearer a.b.c', 'a.b.c'],
    ['bearer a.b.c', 'a.b.c'],
    ['BEARER a.b.c', 'a.b.c'],
    ['Bearer   a.b.c', 'a.b.c'],
    ['Bearer a-b_c~d+e/f==', 'a-b_c~d+e/f=='],
  ])('reads %j', (value, token) => {
    expect(readBearerToken([value], '')).toBe(token)
  })

  it.each([[[]], [['']], [['Basic YWxpY2U6c2VjcmV0']], [['DPoP a.b.c']], [['Digest username="alice", realm="shop"']]])(
    'finds no token in %j',
    (authorization) => {
      expect(() => readBearerToken(authorization, '')).toThrow(
        expect.objectContaining({ name: 'GatewayError', code: 'missing_token' }),
      )
    },
  )

  it('does not take a token from the query', () => {
    expect(() => readBearerToken([], 'access_token=a.b.c')).toThrow(denial('missing_token', 'token_missing'))
  })

  it.each([
    'Bearer',
    'Bearer ',
    'Basic',
    'a.b.c',
    'Bearer a b',
    'Bearer a.b.c ',
    'Bearer\ta.b.c',
    'Bearer=a.b.c',
    'Bearer a=b',
    'Bearer =',
    'Bearer "a.b.c"',
    'Bearer a.b.c\u0000',
    'Bearer a.b.ç',
    'Bearer a.b.c, Bearer d.e.f',
    'Bearer a.b.c,d.e.f',
    'Basic YWxpY2U6c2VjcmV0, Bearer a.b.c',
    'Bearer Bearer a.b.c',
  ])('refuses the malformed %j', (value) => {
    expect(() => readBearerToken([value], '')).toThrow(denial('invalid_request', 'authorization_malformed'))
  })

  it.each([[['Bearer a.b.c', 'Bearer a.b.c']], [['Basic YWxpY2U6c2VjcmV0', 'Bearer a.b.c']], [['Bearer a.b.c', '']]])(
    'refuses two fields: %j',
    (authorization) => {
      expect(() => readBearerToken(authorization, '')).toThrow(denial('invalid_request', 'token_twice'))
    },
  )

  it.each([
    'access_token=x',
    '?access_token=x',
    'a=1&access_token=x',
    'access_token=',
    'access_token',
    'access%5Ftoken=x',
    '%61ccess_token=x',
  ])('refuses a field together with the query %j', (query) => {
    expect(() => readBearerToken(['Bearer a.b.c'], query)).toThrow(denial('invalid_request', 'token_twice'))
  })

  it.each(['', '?', 'q=access_token', 'my_access_token=x', 'access_token_hint=x', 'a=%', 'a=%ff'])(
    'minds no other query: %j',
    (query) => {
      expect(readBearerToken(['Bearer a.b.c'], query)).toBe('a.b.c')
    },
  )
})
