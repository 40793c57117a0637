import { describe, expect, it } from 'vitest'
import { assertAllowed, type Decision, decide, isPublic, needsToken } from '../../../src/authorization/decide.ts'
import type { Method, RoutePolicy } from '../../../src/config/gateway-config.ts'
import { GatewayError } from '../../../src/errors.ts'
import { all, grants, line, routeWith } from '../../support/routes.ts'

const READ: Method[] = ['GET', 'HEAD']

describe('decide', () => {
  const policy: RoutePolicy = {
    public: { methods: new Set(READ), reason: 'open' },
    allow: [
      line(['DELETE'], { roles: all('admin') }),
      line(['POST'], { scopes: all('orders:write') }),
      line(['POST'], { roles: all('admin') }),
    ],
  }
  const admin = grants({ roles: ['admin'] })

  it('names the first line that fits', () => {
    expect(decide(routeWith(policy), 'POST', {}, admin)).toEqual({ allowed: true, line: 2 })
    expect(decide(routeWith(policy), 'POST', {}, grants({ scopes: ['orders:write'], roles: ['admin'] }))).toEqual({
      allowed: true,
      line: 1,
    })
  })

  it('needs no token for a public method', () => {
    expect(decide(routeWith(policy), 'HEAD', {}, undefined)).toEqual({ allowed: true, line: 'public' })
    expect(decide(routeWith(policy), 'GET', {}, grants())).toEqual({ allowed: true, line: 'public' })
  })

  it.each(['PUT', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'get', 'delete', '', '__proto__', 'constructor'])(
    'has %j in no line, and lists the methods of all lines and of public',
    (method) => {
      const expected = { allowed: false, code: 'method_not_allowed', allow: ['GET', 'HEAD', 'POST', 'DELETE'] }
      expect(decide(routeWith(policy), method, {}, admin)).toEqual(expected)
      expect(isPublic(policy, method)).toBe(false)
    },
  )

  it.each(['POST', 'DELETE', 'PUT', 'OPTIONS'])(
    'denies %s without a token and says nothing about the route',
    (method) => {
      expect(decide(routeWith(policy), method, {}, undefined)).toEqual({
        allowed: false,
        code: 'insufficient_scope',
        because: [],
      })
    },
  )

  it('lists the methods also without a token when the whole route is public', () => {
    const open = routeWith({ public: { methods: new Set(READ), reason: 'open' }, allow: [] })
    expect(decide(open, 'POST', {}, undefined)).toMatchObject({ code: 'method_not_allowed', allow: ['GET', 'HEAD'] })
  })

  it('allows nobody on a route that says nothing', () => {
    expect(decide(routeWith({ allow: [] }), 'GET', {}, undefined).allowed).toBe(false)
    expect(decide(routeWith({ allow: [] }), 'GET', {}, admin)).toMatchObject({ code: 'method_not_allowed', allow: [] })
    expect(isPublic({ allow: [] }, 'GET')).toBe(false)
  })
})

describe('assertAllowed', () => {
  const thrownBy = (decision: Decision) => {
    try {
      assertAllowed(decision)
    } catch (error) {
      if (error instanceof GatewayError) return { code: error.code, reason: error.reason, details: error.details }
      throw error
    }
    return 'nothing'
  }

  it('lets an allowed request pass', () => {
    expect(thrownBy({ allowed: true, line: 0 })).toBe('nothing')
  })

  it('throws 405 with the methods', () => {
    expect(thrownBy({ allowed: false, code: 'method_not_allowed', allow: ['GET'] })).toEqual({
      code: 'method_not_allowed',
      reason: 'method_in_no_line',
      details: { allow: ['GET'] },
    })
  })

  it('throws 403 with scope and texts', () => {
    const because = ['needs a step-up']
    expect(thrownBy({ allowed: false, code: 'insufficient_scope', scope: 'a', because })).toEqual({
      code: 'insufficient_scope',
      reason: 'no_line_fits',
      details: { scope: 'a', because },
    })
    expect(thrownBy({ allowed: false, code: 'insufficient_scope', because: [] })).toMatchObject({
      details: { because: [] },
    })
  })
})

describe('needsToken', () => {
  const open = { methods: new Set(READ), reason: 'open' }
  const admin = line(['DELETE'], { roles: all('admin') })

  it.each<[string, RoutePolicy, string, boolean]>([
    ['a public method', { public: open, allow: [admin] }, 'GET', false],
    ['a method beside the public ones', { public: open, allow: [admin] }, 'DELETE', true],
    ['a method in no line, beside the public ones', { public: open, allow: [admin] }, 'POST', true],
    ['any method where all is public: the answer is 405 for everybody', { public: open, allow: [] }, 'POST', false],
    ['a route with lines alone', { allow: [admin] }, 'GET', true],
    ['a route that says nothing', { allow: [] }, 'GET', true],
  ])('knows about %s', (_, policy, method, needed) => {
    expect(needsToken(policy, method)).toBe(needed)
  })
})
