import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BodyPolicy } from '../../../src/config/body-policy.ts'
import type { Json } from '../../../src/config/openapi/json.ts'
import type { BodyFinding } from '../../../src/errors.ts'
import { bodyChecksOf } from '../../../src/validation/body-check.ts'
import { compileBody } from '../../../src/validation/compile-body.ts'
import { indexOfRepeated } from '../../../src/validation/unique-items.ts'
import { holds } from '../../support/cases.ts'
import { route } from '../../support/routes.ts'

const policyOf = (root: Json): BodyPolicy => ({
  schema: 'a.json',
  file: 'a.json',
  root,
  isOpenApi: false,
  operations: [{ requiredFor: [], content: new Map([['application/json', '']]), line: 1 }],
})

function compile(root: Json): (value: unknown) => readonly BodyFinding[] | undefined {
  const body = policyOf(root)
  expect(compileBody(body)).toEqual([])
  const check = bodyChecksOf([route('/a', { body })])
    .get(body)
    ?.find('POST', () => '/a')
  return (value) => check?.content.get('application/json')?.(value)
}

describe('a compiled schema', () => {
  it('does not take what a prototype has for members', () => {
    const check = compile({ required: ['toString'], properties: { constructor: { type: 'string' } } })
    expect(check({})).toEqual([{ pointer: '#', detail: 'must have the member "toString"' }])
    expect(check(JSON.parse('{"toString":1}'))).toBeUndefined()
    expect(compile({ additionalProperties: false })(JSON.parse('{"__proto__":1}'))).toHaveLength(1)
  })

  it('reads 2020-12: prefixItems, unevaluatedProperties, dependentRequired, formats', () => {
    const check = compile({
      allOf: [{ properties: { a: { prefixItems: [{ type: 'string' }], items: false } } }],
      dependentRequired: { a: ['b'] },
      properties: { b: { format: 'date' } },
      unevaluatedProperties: false,
    })
    expect(check({ a: ['x'], b: '2026-11-25' })).toBeUndefined()
    expect(check({ a: ['x', 1], b: '2026-13-25', c: 1 })).toEqual([
      { pointer: '#/a', detail: 'must NOT have more than 1 items' },
      { pointer: '#/b', detail: 'must match format "date"' },
      { pointer: '#/c', detail: 'is not allowed here' },
    ])
    expect(check({ a: [] })).toHaveLength(1)
  })

  it.each([
    ['enum', { enum: ['a', 1, null] }, 'must be one of "a", 1, null'],
    ['a long enum', { enum: Array.from({ length: 12 }, (_, i) => i) }, 'must be one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 …'],
    ['const', { const: { a: 1 } }, 'must be {"a":1}'],
    ['false', false, 'is not allowed here'],
    ['multipleOf', { multipleOf: 0.01 }, undefined],
  ])('says what %s asks for, and no value of the client', (_, schema, detail) => {
    expect(compile(schema)(19.99)).toEqual(detail === undefined ? undefined : [{ pointer: '#', detail }])
  })

  it('points at what a client named, escaped and cut', () => {
    const check = compile({ additionalProperties: false })
    expect(check({ 'a/b~c d%"é': 1 })).toEqual([
      { pointer: '#/a~1b~0c%20d%25%22%C3%A9', detail: 'is not allowed here' },
    ])
    const [finding] = check({ ['x'.repeat(5000)]: 1 }) ?? []
    expect(finding?.pointer.length).toBeLessThan(250)
    expect(compile({ propertyNames: { maxLength: 2 } })({ long: 1 })).toContainEqual({
      pointer: '#/long',
      detail: 'has a name that is not allowed',
    })
  })

  it('reports of very many mistakes the first twenty, and of a very large value the first one', () => {
    const check = compile({ items: { type: 'string' } })
    expect(check(Array.from({ length: 900 }, (_, i) => i))).toHaveLength(20)
    expect(check(Array.from({ length: 200_000 }, (_, i) => i))).toEqual([{ pointer: '#/0', detail: 'must be string' }])
  })

  it('says of each schema once what is wrong with it', () => {
    const policy = policyOf({ type: 'arry' })
    const content = new Map([
      ['application/json', ''],
      ['application/order+json', ''],
    ])
    expect(compileBody({ ...policy, operations: [{ requiredFor: [], content, line: 1 }] })).toHaveLength(1)
    expect(bodyChecksOf([route('/a', { body: policy })]).size).toBe(0)
  })
})

describe('a schema whose members have names of prototypes', () => {
  it('does not take what no alternative has', () => {
    const check = compile({
      anyOf: [
        { properties: { a: {} }, required: ['a'] },
        { properties: { b: {} }, required: ['b'] },
      ],
      unevaluatedProperties: false,
    })
    expect(check({ a: 'x' })).toBeUndefined()
    expect(check(JSON.parse('{"a":"x","__proto__":{"isAdmin":true}}'))).toEqual([
      { pointer: '#/__proto__', detail: 'is not allowed here' },
    ])
    expect(check(JSON.parse('{"a":1,"constructor":1}'))).toHaveLength(1)
  })

  it.each(['{"valueOf":1}', '{"toString":1}'])('does not match %s, which has another method than an object', (body) => {
    expect(compile({ const: { a: 1 } })(JSON.parse(body))).toHaveLength(1)
    expect(compile({ items: { enum: [{ a: 1 }] } })([JSON.parse(body)])).toHaveLength(1)
  })
})

describe('the format url', () => {
  const check = compile({ format: 'url' })

  it.each(['http://a.example', 'https://a.example:8443/b?c=d#e', 'ftp://a.example/b'])('takes %s', (text) => {
    expect(check(text)).toBeUndefined()
  })

  it.each(['a', 'http://', 'javascript:alert(1)', ' http://a.example', 'http://a.example/ b', 'http:a.example'])(
    'refuses "%s"',
    (text) => {
      expect(check(text)).toHaveLength(1)
    },
  )

  it('looks at no more than 2,048 characters', () => {
    expect(check(`http://a.example/${'b'.repeat(2031)}`)).toBeUndefined()
    expect(check(`http://a.example/${'b'.repeat(2032)}`)).toHaveLength(1)
  })
})

describe('indexOfRepeated', () => {
  it('finds an equal item whatever the order of its members', () => {
    expect(indexOfRepeated([1, '1', [1], { a: 1, b: [2] }, null, { b: [2], a: 1 }])).toBe(5)
    expect(indexOfRepeated([{ a: 1 }, { a: '1' }, { 'a"': 1 }, [], {}, 'null', null, false])).toBe(-1)
  })

  it('agrees with a comparison of each with each', () => {
    const isSame = (a: unknown, b: unknown) => {
      try {
        expect(a).toEqual(b)
        return true
      } catch {
        return false
      }
    }
    const json = fc.json({ maxDepth: 2 }).map((text): unknown => JSON.parse(text.replaceAll('-0', '0')))
    holds(
      fc.property(fc.array(json, { maxLength: 8 }), (items) => {
        const repeats = items.some((item, i) => items.slice(0, i).some((other) => isSame(item, other)))
        expect(indexOfRepeated(items) !== -1).toBe(repeats)
      }),
      { nightly: 5_000 },
    )
  })

  it('needs one look at each of many items', () => {
    const items = Array.from({ length: 50_000 }, (_, i) => ({ i }))
    expect(indexOfRepeated([...items, { i: 49_999 }])).toBe(50_000)
  })
})
