import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CorsPolicy } from '../../../src/config/gateway-config.ts'
import { corsHeaders, isPreflight, preflightHeaders } from '../../../src/http/cors.ts'
import { holds } from '../../support/cases.ts'

const SHOP = 'https://shop.example.com'
const EXPOSED = 'WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id'
const PREFLIGHT_VARY = ['Vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers']

function policy(rest: Partial<CorsPolicy> = {}): CorsPolicy {
  return { name: 'spa', origins: new Set([SHOP]), credentials: false, maxAgeSeconds: 600, expose: [], ...rest }
}

const toObject = (headers: string[]) =>
  Object.fromEntries(headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]]] : [])))

describe('isPreflight (Fetch, "CORS-preflight request")', () => {
  it.each([
    ['OPTIONS', SHOP, 'POST', true],
    ['OPTIONS', 'null', 'POST', true],
    ['OPTIONS', undefined, 'POST', false],
    ['OPTIONS', SHOP, undefined, false],
    ['GET', SHOP, 'POST', false],
    ['options', SHOP, 'POST', false],
  ])('%s from %s for %s: %s', (method, origin, accessControlRequestMethod, expected) => {
    expect(isPreflight(method, { origin, accessControlRequestMethod })).toBe(expected)
  })
})

describe('preflightHeaders', () => {
  it('grants a configured origin the methods and the fields it asks for', () => {
    expect(preflightHeaders(policy(), SHOP, 'authorization,Content-Type , x-a')).toEqual([
      ...PREFLIGHT_VARY,
      ...['Access-Control-Allow-Origin', SHOP],
      ...['Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE'],
      ...['Access-Control-Allow-Headers', 'authorization, Content-Type, x-a'],
      ...['Access-Control-Max-Age', '600'],
    ])
  })

  it('grants only the fields of the policy when it names them', () => {
    const headers = toObject(preflightHeaders(policy({ headers: ['Authorization', 'X-A'] }), SHOP, 'x-b'))
    expect(headers['Access-Control-Allow-Headers']).toBe('Authorization, X-A')
    expect(toObject(preflightHeaders(policy({ headers: [] }), SHOP, 'x-b'))).not.toHaveProperty(
      'Access-Control-Allow-Headers',
    )
  })

  it.each([undefined, '', ',', 'a,', 'a b', 'a\r\nSet-Cookie: x', 'ü', 'a:b', 'a'.repeat(1025)])(
    'repeats nothing of the field names %j',
    (requested) => {
      const headers = toObject(preflightHeaders(policy(), SHOP, requested))
      expect(headers).not.toHaveProperty('Access-Control-Allow-Headers')
      expect(headers['Access-Control-Allow-Origin']).toBe(SHOP)
    },
  )

  it('says so when pages may send cookies', () => {
    const headers = toObject(preflightHeaders(policy({ credentials: true }), SHOP, undefined))
    expect(headers['Access-Control-Allow-Credentials']).toBe('true')
  })

  it('gives nothing but Vary without a policy, without an origin, or to another origin', () => {
    expect(preflightHeaders(undefined, SHOP, 'x-a')).toEqual(PREFLIGHT_VARY)
    expect(preflightHeaders(policy(), undefined, 'x-a')).toEqual(PREFLIGHT_VARY)
    expect(preflightHeaders(policy(), 'https://evil.example', 'x-a')).toEqual(PREFLIGHT_VARY)
  })
})

describe('corsHeaders', () => {
  it('exposes the challenge, the limits and what the policy adds', () => {
    expect(corsHeaders(policy({ expose: ['ETag'] }), SHOP)).toEqual([
      ...['Vary', 'Origin'],
      ...['Access-Control-Allow-Origin', SHOP],
      ...['Access-Control-Expose-Headers', `${EXPOSED}, ETag`],
    ])
  })

  it('gives each policy its own fields', () => {
    const [first, second] = [policy({ expose: ['A'] }), policy({ expose: ['B'] })]
    for (const [it, name] of [
      [first, 'A'],
      [second, 'B'],
      [first, 'A'],
    ] as const) {
      expect(corsHeaders(it, SHOP).at(-1)).toBe(`${EXPOSED}, ${name}`)
    }
  })

  it('adds nothing without a policy, and Vary to what another origin or none gets', () => {
    expect(corsHeaders(undefined, SHOP)).toEqual([])
    expect(corsHeaders(policy(), undefined)).toEqual(['Vary', 'Origin'])
    expect(corsHeaders(policy(), 'https://evil.example')).toEqual(['Vary', 'Origin'])
  })

  it.each([
    'null',
    '*',
    '',
    'https://shop.example.com.evil.example',
    'https://evil-shop.example.com',
    'https://shop.example.com:444',
    'https://shop.example.com/',
    'https://SHOP.example.com',
    'http://shop.example.com',
    'https://shop.example.com, https://evil.example',
    'https://evil.example?https://shop.example.com',
  ])('does not take %j for a configured origin', (origin) => {
    const careless = policy({ origins: new Set([SHOP, 'null']) })
    expect(corsHeaders(careless, origin)).toEqual(['Vary', 'Origin'])
    expect(preflightHeaders(careless, origin, 'x-a')).toEqual(PREFLIGHT_VARY)
  })

  it('answers * for any origin but null, without credentials', () => {
    const open = policy({ origins: new Set(['*']) })
    expect(toObject(corsHeaders(open, 'https://any.example'))).toMatchObject({
      'Access-Control-Allow-Origin': '*',
      Vary: 'Origin',
    })
    expect(corsHeaders(open, 'https://any.example')).not.toContain('Access-Control-Allow-Credentials')
    expect(corsHeaders(open, 'null')).toEqual(['Vary', 'Origin'])
  })

  it('never combines * with credentials', () => {
    const careless = policy({ origins: new Set(['*', SHOP]), credentials: true })
    expect(corsHeaders(careless, 'https://any.example')).toEqual(['Vary', 'Origin'])
    expect(toObject(corsHeaders(careless, SHOP))).toMatchObject({
      'Access-Control-Allow-Origin': SHOP,
      'Access-Control-Allow-Credentials': 'true',
    })
  })

  it('never repeats an origin that is not configured', () => {
    holds(
      fc.property(fc.string({ minLength: 1 }), fc.boolean(), (origin, credentials) => {
        fc.pre(origin !== SHOP)
        const some = policy({ credentials })
        expect([...corsHeaders(some, origin), ...preflightHeaders(some, origin, undefined)]).toEqual([
          ...['Vary', 'Origin'],
          ...PREFLIGHT_VARY,
        ])
      }),
    )
  })
})
