import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ownMember, parseStrictJson } from '../../../src/authentication/strict-json.ts'
import { holds } from '../../support/cases.ts'

describe('parseStrictJson (RFC 8259, RFC 7515 section 4)', () => {
  it('agrees with JSON.parse on every document without repeated names', () => {
    holds(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        expect(parseStrictJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('refuses a repeated name wherever it stands in a document', () => {
    holds(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.string(), (before, value, name) => {
        const twice = `{${JSON.stringify(name)}:${JSON.stringify(value)},${JSON.stringify(name)}:1}`
        expect(() => parseStrictJson(`[${JSON.stringify(before)},${twice}]`)).toThrow(SyntaxError)
      }),
    )
  })

  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":3}',
    '{"a":1,"\\u0061":2}',
    '{"\\"":1,"\\u0022":2}',
    '{"x":{"a":1,"a":2}}',
    '{"x":[{"b":0},{"a":1,"a":2}]}',
    '{"a":{"c":1},"b":[],"a":2}',
    '{ "a" : "}" , "a" : 1 }',
    '{"__proto__":1,"__proto__":2}',
    '{"a":"\\\\","a":1}',
    '{"":1,"":2}',
  ])('refuses %s', (text) => {
    expect(() => parseStrictJson(text)).toThrow(SyntaxError)
  })

  it.each([
    '{"a":"a","b":"a"}',
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    '{"a":["a","a"]}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a":"\\\\","b":"\\\\\\""}',
    '{"A":1,"a":2}',
  ])('accepts %s', (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text))
  })

  it.each(['', '{', '{"a":1,}', '{a:1}', 'undefined', '{"a":1}x', '\uFEFF{}', '{"a":01}'])('refuses %j', (text) => {
    expect(() => parseStrictJson(text)).toThrow(SyntaxError)
  })

  it('refuses nesting that would exhaust the stack of who walks it', () => {
    expect(parseStrictJson('['.repeat(64) + ']'.repeat(64))).toBeDefined()
    expect(() => parseStrictJson('['.repeat(65) + ']'.repeat(65))).toThrow(SyntaxError)
    expect(() => parseStrictJson('{"a":'.repeat(5000) + 1 + '}'.repeat(5000))).toThrow(SyntaxError)
  })
})

describe('ownMember', () => {
  it.each([
    [{}, 'constructor'],
    [{}, '__proto__'],
    ['text', 'length'],
    [['a'], '0'],
    [null, 'a'],
    [undefined, 'a'],
  ])('reads nothing from %j at %s', (value, name) => {
    expect(ownMember(value, name)).toBeUndefined()
  })

  it('reads an own member called __proto__', () => {
    expect(ownMember(JSON.parse('{"__proto__":7}'), '__proto__')).toBe(7)
  })
})
