import { describe, expect, it } from 'vitest'
import { FILE, fileWith, good, OPENAPI, run } from './body-files.ts'

describe('scopegate validate: schemas of bodies', () => {
  it('takes a file and an OpenAPI document', async () => {
    expect(await run(FILE, good, 'validate')).toMatchObject({ code: 0 })
    expect(await run(fileWith('{ schema: openapi, maxSize: 10KiB }'), good, 'validate')).toMatchObject({ code: 0 })
  })

  it.each([
    [
      'is not there',
      'a.yaml:7:21: routes[0].body.schema: the file "schemas/none.json" does not exist',
      'none.json',
      '',
    ],
    ['is no JSON', 'schemas/bad.json:1:2: not valid YAML or JSON', 'bad.json', '{'],
    [
      'says a thing twice',
      'schemas/bad.json:2:2: this key stands twice',
      'bad.json',
      '{"type":"object",\n "type":"string"}',
    ],
    ['is no schema', 'schemas/bad.json:1:1: expected a JSON Schema: an object', 'bad.json', '[]'],
    [
      'is of another dialect',
      'schemas/bad.json:2:1: ["$schema"]: expected https://json-schema.org/draft/2020-12/schema',
      'bad.json',
      '{\n"$schema": "http://json-schema.org/draft-07/schema#"}',
    ],
    [
      'has a reference to nothing',
      'schemas/bad.json:2:17: properties.a["$ref"]: nothing stands at "#/$defs/b"',
      'bad.json',
      '{"properties": {\n  "a": {        "$ref": "#/$defs/b" } } }',
    ],
    ['has a reference to elsewhere', '"other.json#/a" leads out of the file', 'bad.json', '{"$ref": "other.json#/a"}'],
    [
      'has a misspelt word',
      'schemas/bad.json:2:2: requried: JSON Schema has no such word',
      'bad.json',
      '{"type":"object",\n "requried":["a"]}',
    ],
    [
      'has a word of the wrong kind',
      'schemas/bad.json:2:8: properties.a.minLength: must be integer',
      'bad.json',
      '{"properties":{\n "a": {"minLength":"5"}}}',
    ],
    [
      'has an unknown type',
      'properties.a.type: must be equal to one of the allowed values (array, ',
      'bad.json',
      '{"properties":{\n "a": {"type":"strnig"}}}',
    ],
    [
      'has a pattern that is none',
      'schemas/bad.json:1:2: pattern: this is no regular expression',
      'bad.json',
      '{"pattern":"("}',
    ],
    [
      'has an unknown format',
      'schemas/bad.json:2:4: properties.a: unknown format "emial"',
      'bad.json',
      '{"properties":{\n   "a":{"format":"emial"}}}',
    ],
    [
      'would answer later',
      'schemas/bad.json:1:2: ["$async"]: "$async" is not JSON Schema',
      'bad.json',
      '{"$async": true}',
    ],
    [
      'refers to itself',
      'schemas/bad.json:1:2: ["$ref"]: refers to itself through "#": its work may double with each level of a body',
      'bad.json',
      '{"$ref":"#"}',
    ],
  ])('refuses a schema that %s, and shows where', async (_, message, name, content) => {
    const { code, err } = await run(
      fileWith(`{ schema: schemas/${name} }`),
      content === '' ? {} : { [`schemas/${name}`]: content },
      'validate',
    )
    expect(err).toContain(message)
    expect(code).toBe(1)
  })

  it.each([
    ['{ schema: schemas/order.json, contentTypes: [text/plain] }', 'nothing else can be checked'],
    ['{ schema: schemas/order.json, maxSize: 17MiB }', 'expected at most 16777216 bytes'],
    ['{ schema: schemas/order.json, maxSize: 1KiB }\n    limits: { body: 2KiB }', 'body.maxSize says this already'],
  ])('refuses %s', async (body, message) => {
    const { code, err } = await run(fileWith(body), good, 'validate')
    expect(err).toContain(message)
    expect(code).toBe(1)
  })

  it.each([
    [
      'names none',
      fileWith('{ schema: openapi }').replace(', openapi: orders.yaml', ''),
      'upstreams.orders names no document',
    ],
    [
      'is a URL',
      fileWith('{ schema: openapi }').replace('orders.yaml', 'https://orders.example/api'),
      'is a URL: a start must not wait for it',
    ],
    [
      'is not there',
      fileWith('{ schema: openapi }').replace('orders.yaml', 'none.yaml'),
      'the document of upstreams.orders does not exist',
    ],
    [
      'has nothing for the route',
      fileWith('{ schema: openapi }').replace('/v1/orders/**', '/v2/**'),
      'orders.yaml has no operation that this route leads to',
    ],
  ])('refuses an upstream whose document %s', async (_, text, message) => {
    const { code, err } = await run(text, good, 'validate')
    expect(err).toContain(message)
    expect(code).toBe(1)
  })

  it('shows the operation whose schema is wrong', async () => {
    const files = { ...good, 'orders.yaml': OPENAPI.replace('type: array', 'type: arry') }
    const { code, err } = await run(fileWith('{ schema: openapi }'), files, 'validate')
    expect(err).toContain(
      'orders.yaml:19:1: PUT /v1/orders/import: the schema of the request body: must be equal to one of',
    )
    expect(code).toBe(1)
  })
})
