import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createKnownPieces, readPieces } from '../../../src/config/read-pieces.ts'
import { fileSchema } from '../../../src/config/schema.ts'
import { holds } from '../../support/cases.ts'

const FIXTURES = new URL('../../fixtures/config/', import.meta.url)
const DATA: unknown[] = [
  new URL('../../../scopegate.yaml', import.meta.url),
  ...readdirSync(FIXTURES)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => new URL(name, FIXTURES)),
].map((file) => parse(readFileSync(file, 'utf8')))

/** What stands in routes, good and bad: the schema says which. */
const VALUES = {
  path: fc.constantFrom('/a', '/a/{id}', 'a', '', null, 3, ['/a']),
  to: fc.constantFrom(
    'orders',
    { upstream: 'orders' },
    { upstream: 'orders', rewrite: '/b' },
    'no name',
    { up: 'a' },
    null,
    [],
  ),
  allow: fc.oneof(
    { weight: 4, arbitrary: fc.array(line(), { maxLength: 3 }) },
    fc.constantFrom<unknown>(null, {}, 'any', [null], [[]]),
  ),
  candidate: fc.array(line(), { maxLength: 2 }),
  mode: fc.constantFrom('enforce', 'report', 'other'),
  public: fc.constantFrom('open', '', 1),
  methods: fc.constantFrom<unknown>('any', ['GET'], 'GET', ['get'], []),
  session: fc.constantFrom<unknown>(true, 'yes'),
  until: fc.constantFrom('2027-03-31', 'tomorrow'),
  more: fc.constant(1),
}

function line() {
  const values = {
    methods: fc.constantFrom<unknown>('any', ['GET'], ['GET', 'PUT'], 'GET', ['get']),
    scopes: fc.constantFrom<unknown>('a', { any: ['a', 'b'] }, { all: ['a'], any: ['b'] }, ['a'], 'a b'),
    roles: fc.constantFrom<unknown>('r', { all: ['r'] }, null),
    claims: fc.constantFrom<unknown>({ tier: 1 }, { tier: '1' }, { tier: true }, { tier: null }, { '': 1 }),
    mode: fc.constantFrom('enforce', 'report', 'other'),
    token: fc.constantFrom('any', 'some'),
  }
  return fc.record(values, { requiredKeys: [] })
}

const route = fc.record(VALUES, { requiredKeys: ['path', 'to'] })
const good = fc.record(
  { path: fc.constantFrom('/a', '/b'), to: fc.constant('orders'), allow: fc.array(line(), { minLength: 1 }) },
  { requiredKeys: ['path', 'to'] },
)
const head = { version: 1, upstreams: { orders: 'http://orders:8080' } }
const file = fc.record({ routes: fc.array(fc.oneof(route, good), { maxLength: 3 }) }).map((it) => ({ ...head, ...it }))

function expectSame(data: unknown, known = createKnownPieces()): void {
  const whole = fileSchema.safeParse(data)
  expect(readPieces(data, known)).toEqual(whole.success ? whole.data : undefined)
}

describe('readPieces', () => {
  it.each(DATA)('makes the same of a file as the schema as a whole: %#', (data) => {
    expectSame(data)
  })

  it('makes the same of any routes, and nothing of those that the schema refuses', () => {
    const known = createKnownPieces()
    holds(fc.property(file, (data) => expectSame(data, known)))
  })

  it.each([
    ...[null, 'text', [], {}, { ...head, routes: [] }, { ...head, routes: {} }, { ...head, routes: null }],
    ...[{ ...head, routes: [null] }, { ...head, routes: [[]] }, { routes: [{ path: '/a', to: 'orders' }] }],
    { ...head, more: 1, routes: [{ path: '/a', to: 'orders' }] },
  ])('leaves what is no good file to the schema: %j', (data) => {
    expect(readPieces(data, createKnownPieces())).toBeUndefined()
  })

  it('keeps apart what JSON tells apart by type alone', () => {
    const values = [1, '1', true, 'true']
    const routes = values.map((tier, index) => ({
      path: `/${index}`,
      to: 'orders',
      allow: [{ methods: 'any', claims: { tier } }],
    }))
    const read = readPieces({ ...head, routes }, createKnownPieces())
    expect(read?.routes.map(({ allow }) => allow?.[0]?.claims?.tier?.values[0])).toEqual(values)
  })

  it('reads what many routes say alike once, also in another file', () => {
    const known = createKnownPieces()
    const allow = [
      { methods: ['GET'], scopes: 'a' },
      { methods: ['PUT'], scopes: 'b' },
    ]
    const routes = Array.from({ length: 500 }, (_, index) => ({ path: `/a${index}`, to: 'orders', allow }))
    const first = readPieces({ ...head, routes }, known)
    const second = readPieces({ ...head, routes: routes.toReversed() }, known)
    expect([known.to.size, known.line.size, known.rest.size]).toEqual([1, 2, 1])
    expect(second?.routes[0]?.allow?.[0]).toBe(first?.routes[0]?.allow?.[0])
  })
})
