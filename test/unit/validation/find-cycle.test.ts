import { describe, expect, it } from 'vitest'
import type { Json } from '../../../src/config/openapi/json.ts'
import { compileBody } from '../../../src/validation/compile-body.ts'
import type { SchemaFault } from '../../../src/validation/schema-faults.ts'

function faultsOf(root: Json, pointer = '', isOpenApi = false): SchemaFault[] {
  const content = new Map([['application/json', pointer]])
  const operations = [{ requiredFor: [], content, line: 1 }]
  return compileBody({ schema: 'a.json', file: 'a.json', root, isOpenApi, operations }).map((fault) => ({
    pointer: fault.pointer,
    message: fault.message,
  }))
}

const list = { type: 'array', items: { $ref: '#/$defs/filter' } }
const filter = {
  oneOf: [
    { properties: { and: list }, required: ['and'] },
    { properties: { or: list }, required: ['or'] },
    { properties: { eq: { type: 'string' } }, required: ['eq'] },
  ],
}

describe('a schema that refers to itself', () => {
  it('is refused, with the place and the reason', () => {
    expect(faultsOf({ $ref: '#/$defs/filter', $defs: { filter } })).toEqual([
      {
        pointer: expect.stringMatching(/\/oneOf\/0\/properties\/and\/items\/\$ref$/),
        message:
          'refers to itself through "#/$defs/filter": its work may double with each level of a body; write the levels out, or let the service check it',
      },
    ])
  })

  it.each<[string, Json]>([
    ['as a whole', { properties: { a: { $ref: '#' } } }],
    ['by an anchor', { $anchor: 'top', items: { $ref: '#top' } }],
    ['by a dynamic anchor', { $dynamicAnchor: 'top', items: { $ref: '#top' } }],
    ['in a member with the name of a word', { properties: { default: { $ref: '#' } } }],
    ['from within a place for data', { items: { $ref: '#/default' }, default: { items: { $ref: '#' } } }],
    ['by a place within', { items: { anyOf: [{ not: { $ref: '#/items/anyOf' } }] } }],
    ['by an escaped pointer', { $defs: { 'a/b': { items: { $ref: '#/%24defs/a~1b' } } } }],
  ])('is refused when it does so %s', (_, schema) => {
    expect(faultsOf(schema)).toEqual([
      expect.objectContaining({ message: expect.stringContaining('refers to itself') }),
    ])
  })

  it('names each reference on the way', () => {
    const root = {
      $ref: '#/$defs/a',
      $defs: { a: { items: { $ref: '#/$defs/b' } }, b: { not: { $ref: '#/$defs/a' } } },
    }
    expect(faultsOf(root)[0]?.message).toContain('through "#/$defs/b", "#/$defs/a":')
  })

  it('is refused in an OpenAPI document where an operation has it, and nowhere else', () => {
    const schemas = { Tree: { items: { $ref: '#/components/schemas/Tree' } }, Note: { type: 'string' } }
    const root = {
      components: { schemas },
      bodies: [{ $ref: '#/components/schemas/Tree' }, { $ref: '#/components/schemas/Note' }],
    }
    expect(faultsOf(root, '/bodies/0', true)).toHaveLength(1)
    expect(faultsOf(root, '/bodies/1', true)).toEqual([])
  })
})

describe('a reference', () => {
  it('may lead to a schema that others lead to', () => {
    const b = { $ref: '#/$defs/text' }
    const a = { properties: { b: { $ref: '#/$defs/b' }, c: { $ref: '#/$defs/b' } } }
    const text = { type: 'string' }
    expect(faultsOf({ anyOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }], $defs: { a, b, text } })).toEqual([])
    expect(faultsOf({ items: { $ref: '#t' }, not: { $ref: '#t' }, $defs: { t: { $anchor: 't' } } }, '', true)).toEqual(
      [],
    )
  })

  it('is none where data stands', () => {
    expect(
      faultsOf({ const: { $ref: '#' }, examples: [{ $id: 'a', $ref: 'b' }], enum: [{ $dynamicRef: '#' }] }),
    ).toEqual([])
  })

  it.each<[string, Json, string]>([
    ['$dynamicRef', { $dynamicAnchor: 'a', items: { $dynamicRef: '#a' } }, '"$dynamicRef" is not understood'],
    ['$recursiveRef', { items: { $recursiveRef: '#' } }, '"$recursiveRef" is not understood'],
    ['an $id below', { items: { $id: 'https://a.example/b' } }, '"$id" is understood at the top only'],
    ['one that leads out', { items: { $ref: 'https://a.example/b' } }, 'leads out of the file'],
    ['an anchor that is none', { items: { $ref: '#b' } }, 'nothing stands at "#b"'],
  ])('cannot be followed: %s', (_, schema, message) => {
    expect(faultsOf(schema)[0]?.message).toContain(message)
  })

  it('does not lead into a schema that has an $id', () => {
    const data = { $id: 'https://a.example/b', items: { $ref: '#' } }
    expect(faultsOf({ items: { $ref: '#/default/items' }, default: data })[0]?.message).toContain('an "$id" of its own')
  })
})
