import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { findRedTests, runTests } from '../../../src/authoring/run-tests.ts'
import { createExamples, toTestEntry } from '../../../src/authoring/suggest-test.ts'
import { policy } from '../../support/policy-file.ts'

const NOW = Date.parse('2026-11-24T12:00:00Z')
const SHOP = {
  rateLimits: { 'per-user': { limit: 5, window: '1m', key: 'token.sub' } },
  cors: { spa: { origins: ['https://shop.example.com'] } },
  defaults: { cors: 'spa', rateLimits: ['per-user'] },
  routes: [
    {
      path: '/orders/**',
      to: 'orders',
      allow: [
        { methods: ['GET'], scopes: 'orders:read' },
        { methods: ['POST'], scopes: 'orders:write' },
        { methods: 'any', roles: 'admin' },
      ],
    },
    {
      path: '/users/{userId}/orders',
      to: { upstream: 'orders', rewrite: '/internal/{userId}' },
      allow: [
        {
          methods: ['GET'],
          scopes: { all: ['orders:read', 'profile'] },
          where: { 'path.userId': 'token.sub' },
        },
      ],
    },
    { path: '/catalog/**', to: 'orders', methods: ['GET'], public: 'open' },
  ],
}

function results(...tests: Record<string, unknown>[]) {
  return runTests(policy({ ...SHOP, tests }), NOW).results.map(({ failures }) => failures)
}

describe('runTests', () => {
  it('finds a test green that expects what the gateway does', () => {
    const read = { scope: 'orders:read profile', sub: 'u1' }
    const rewritten = { route: '/users/{userId}/orders', line: 1, upstream: 'orders', path: '/internal/u1?a=b' }
    const green = [
      { request: 'GET /orders/7', token: read, expect: 200 },
      { request: 'POST /orders', token: { scope: 'orders:write' }, expect: 201 },
      { request: 'GET /orders', expect: 401 },
      { request: 'GET /nowhere', token: {}, expect: 404 },
      { request: 'GET /a//b', expect: 400 },
      { request: 'PATCH /catalog/1', expect: 405 },
      { request: 'GET /catalog/1', expect: { status: 200, line: 'public' } },
      { request: 'POST /orders', token: read, expect: { status: 403, missing: 'orders:write' } },
      { request: 'GET /orders', token: { ...read, exp: NOW / 1000 - 31 }, expect: 401 },
      { request: 'GET /orders', token: { ...read, aud: 'another-api' }, expect: 401 },
      {
        request: 'GET /users/u1/orders?a=b',
        token: { ...read, azp: 'spa' },
        expect: { status: 200, ...rewritten, fields: { 'x-user-id': 'u1', 'X-Client-Id': 'spa' } },
      },
      {
        request: 'GET /orders',
        token: { scope: 'orders:read' },
        expect: { status: 200, fields: { 'X-User-Id': null } },
      },
      {
        request: 'OPTIONS /orders',
        headers: { Origin: 'https://shop.example.com', 'Access-Control-Request-Method': 'POST' },
        expect: 204,
      },
    ]
    expect(results(...green)).toEqual(green.map(() => []))
  })

  it.each([
    [{ request: 'GET /orders', token: {}, expect: 200 }, 'expected status 200, got 403'],
    [{ request: 'GET /catalog/1', expect: 401 }, 'expected status 401, got 200'],
    [
      { request: 'POST /orders', token: {}, expect: { status: 403, missing: 'profile' } },
      'expected missing scopes profile, got orders:write',
    ],
    [
      { request: 'GET /orders', token: { scope: 'orders:read' }, expect: { status: 200, line: 3 } },
      'expected line 3, got 1',
    ],
    [
      { request: 'GET /catalog/1', expect: { status: 200, route: '/orders/**' } },
      'expected route /orders/**, got /catalog/**',
    ],
    [{ request: 'GET /catalog/1', expect: { status: 200, path: '/2' } }, 'expected path /2, got /catalog/1'],
    [
      { request: 'GET /catalog/1', expect: { status: 200, fields: { 'X-User-Id': 'u1' } } },
      'expected X-User-Id u1, got none',
    ],
    [
      {
        request: 'GET /orders',
        token: { sub: 'u1', scope: 'orders:read' },
        expect: { status: 200, fields: { 'X-User-Id': null } },
      },
      'expected X-User-Id none, got u1',
    ],
  ])('says what is red: %j', (test, failure) => {
    expect(results(test)).toEqual([[failure]])
  })

  it('lets no test count in the windows of another', () => {
    const test = { request: 'GET /orders', token: { sub: 'u1', scope: 'orders:read' }, expect: 200 }
    expect(results(...Array.from({ length: 6 }, () => test)).flat()).toEqual([])
  })

  it('makes a red test a problem of the file, with its place and the first reason', () => {
    const config = policy({
      ...SHOP,
      tests: [{ name: 'clerks write', request: 'POST /orders', token: {}, expect: 200 }],
    })
    expect(findRedTests(config, 'shop.yaml', NOW)).toMatchObject([
      {
        file: 'shop.yaml',
        path: 'tests[0]',
        column: 5,
        message: 'clerks write: expected status 200, got 403 (line 2 of /orders/** lacks scope orders:write)',
      },
    ])
  })
})

describe('the coverage of allow lines', () => {
  it('counts the tests that each line lets through, and those alone', () => {
    const tests = [
      { request: 'GET /orders', token: { scope: 'orders:read' }, expect: 200 },
      { request: 'POST /orders', token: {}, expect: 403 },
      { request: 'GET /catalog/1', expect: 200 },
    ]
    const { coverage } = runTests(policy({ ...SHOP, tests }), NOW)
    expect(coverage.map(({ route, line, tests: count }) => [route.path, line, count])).toEqual([
      ['/orders/**', 0, 1],
      ['/orders/**', 1, 0],
      ['/orders/**', 2, 0],
      ['/users/{userId}/orders', 0, 0],
      ['/catalog/**', 'public', 1],
    ])
  })

  it('has for every line that can be reached a test that is green and touches it', () => {
    const config = policy(SHOP)
    const find = createExamples(config, NOW)
    const entries = runTests(config, NOW).coverage.map((line) =>
      toTestEntry(find(line) ?? { method: 'GET', path: '?' }),
    )
    expect(entries).toEqual([
      '- { request: GET /orders/2, token: { scope: orders:read }, expect: 200 }',
      '- { request: POST /orders/2, token: { scope: orders:write }, expect: 200 }',
      '- { request: GET /orders/2, token: { realm_access: { roles: [ admin ] } }, expect: 200 }',
      '- { request: GET /users/2/orders, token: { scope: orders:read profile, sub: "2" }, expect: 200 }',
      '- { request: GET /catalog/2, expect: 200 }',
    ])
  })

  it('has a suggestion that takes nothing from the environment', () => {
    const roles = { any: ['a$${HOME}, b'] }
    const allow = [{ methods: ['GET'], scopes: '$${HOME}', roles }]
    const config = policy({ routes: [{ path: '/a', to: 'orders', allow }] })
    const example = createExamples(config, NOW)({ route: config.routes[0] as never, line: 0 })
    const entry = toTestEntry(example ?? { method: 'GET', path: '?' })
    const [test] = parse(entry)
    expect(test.token).toEqual({ scope: '$${HOME}', realm_access: { roles: ['a$${HOME}, b'] } })
    const { results, coverage } = runTests(
      policy({ routes: [{ path: '/a', to: 'orders', allow }], tests: [test] }),
      NOW,
    )
    expect([results[0]?.failures, coverage[0]?.tests]).toEqual([[], 1])
  })

  it('has no suggestion for a line that nothing reaches', () => {
    const allow = [
      { methods: ['GET'], token: 'any' },
      { methods: ['GET'], scopes: 'a' },
    ]
    const config = policy({ routes: [{ path: '/a', to: 'orders', allow }] })
    expect(createExamples(config, NOW)({ route: config.routes[0] as never, line: 1 })).toBeUndefined()
  })
})
