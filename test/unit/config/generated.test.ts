import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { lintPage } from '../../../src/authoring/lint/lint-page.ts'
import { referencePage, settingsTable } from '../../../src/authoring/reference-page.ts'
import { editorJsonSchema, fieldsAt, type JsonSchema } from '../../../src/config/json-schema.ts'
import { fileSchema } from '../../../src/config/schema.ts'
import { EXAMPLES } from '../../../src/config/schema-examples.ts'
import { DESCRIPTIONS, VALUES } from '../../../src/config/schema-notes.ts'
import { readProjectFile } from '../../support/documents.ts'

/** Each field below, and each entry of a mapping, with its place. */
function fieldsOf(schema: JsonSchema, place: string): [place: string, field: JsonSchema][] {
  const { properties = {}, additionalProperties: open, items, anyOf = [] } = schema
  const own = Object.entries(properties).map(
    ([name, field]) => [place === '' ? name : `${place}.${name}`, field] as const,
  )
  const named = typeof open === 'object' ? [...own, [`${place}.*`, open] as const] : own
  return [
    ...named.flatMap(([at, field]) => [[at, field] as [string, JsonSchema], ...fieldsOf(field, at)]),
    ...anyOf.flatMap((one) => fieldsOf(one, place)),
    ...(items ? fieldsOf(items, `${place}[]`) : []),
  ]
}

/** The schemas that a value at `place` may follow, as the gateway itself uses them. */
function schemasAt(root: z.ZodType, place: string): z.ZodType[] {
  const steps = place.replaceAll('[]', '.[]').split('.')
  return steps
    .reduce<z.ZodType[]>((at, step) => at.flatMap(alternatives).flatMap((one) => below(one, step)), [root])
    .flatMap(alternatives)
}

function below(schema: z.ZodType, step: string): z.ZodType[] {
  if (step === '[]') return schema instanceof z.ZodArray ? [schema.element as z.ZodType] : []
  if (step === '*') return schema instanceof z.ZodRecord ? [schema.valueType as z.ZodType] : []
  const field = schema instanceof z.ZodObject ? (schema.shape[step] as z.ZodType | undefined) : undefined
  return field ? [field] : []
}

/** Without what makes it optional, or reads it as something else. */
function alternatives(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodUnion) return (schema.options as z.ZodType[]).flatMap(alternatives)
  if (schema instanceof z.ZodPipe) return [schema, ...alternatives(schema.in as z.ZodType)]
  const isWrapped = schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault
  return isWrapped ? alternatives(schema.unwrap() as z.ZodType) : [schema]
}

const fields = fieldsOf(editorJsonSchema(), '')

describe('scopegate.schema.json', () => {
  it('is what the schema makes (npm run docs)', () => {
    expect(readProjectFile('scopegate.schema.json')).toBe(`${JSON.stringify(editorJsonSchema(), null, 2)}\n`)
  })

  it('describes every field, and marks secrets as write-only', () => {
    expect(fields.filter(([, { description }]) => !description).map(([place]) => place)).toEqual([])
    const redis = editorJsonSchema().properties?.redis?.properties
    expect(redis?.password?.writeOnly).toBe(true)
    expect(redis?.url?.writeOnly).toBe(true)
  })

  it('has an example for every field (src/config/schema-examples.ts), and none for another', () => {
    expect(fields.filter(([, { examples = [] }]) => examples.length === 0).map(([place]) => place)).toEqual([])
    const places = fields.map(([place]) => place)
    expect(Object.keys(EXAMPLES).filter((place) => !places.includes(place))).toEqual([])
    expect(Object.keys(DESCRIPTIONS).filter((place) => !places.includes(place))).toEqual([])
  })

  it.each(Object.entries(EXAMPLES))('has examples that the schema takes: %s', (place, examples) => {
    const schemas = schemasAt(fileSchema, place)
    const bad = examples.filter((example) => !schemas.some((schema) => schema.safeParse(example).success))
    expect(schemas).not.toEqual([])
    expect(bad).toEqual([])
  })

  it.each(Object.entries(VALUES))('says what each value means: %s', (place, meanings) => {
    const values = schemasAt(fileSchema, place).flatMap((schema) => (schema instanceof z.ZodEnum ? schema.options : []))
    expect(Object.keys(meanings)).toEqual(values)
    expect(readProjectFile('scopegate.schema.json')).toContain(JSON.stringify(Object.values(meanings)[0]))
  })

  it('says what the schema says of a text that does not fit', () => {
    const window = editorJsonSchema().properties?.rateLimits?.additionalProperties
    expect(JSON.stringify(window)).toContain('"errorMessage":"expected a duration with a unit, such as 250ms,')
  })

  it('lets a reference to the environment stand for a number', () => {
    const port = editorJsonSchema().properties?.listen?.properties?.port
    expect(port?.anyOf).toContainEqual({ $ref: '#/$defs/environment' })
    expect(port?.default).toBe(8080)
  })
})

describe('fieldsAt', () => {
  it('names the fields of a place, through lists, names and alternatives', () => {
    expect(fieldsAt(['upstreams', 'orders'])).toEqual(['urls', 'timeouts', 'connections', 'openapi'])
    expect(fieldsAt(['routes', 3, 'to'])).toEqual(['upstream', 'rewrite'])
    expect(fieldsAt(['routes', 3, 'allow', 0, 'scopes'])).toEqual(['all', 'any'])
    expect(fieldsAt(['tests', 0, 'token', 'x'])).toEqual([])
  })
})

describe('docs/route-scope-file.md', () => {
  it('is what the schema makes (npm run docs)', () => {
    const example = readProjectFile('test/fixtures/config/full.yaml').replace(/^#.*\n/, '')
    expect(readProjectFile('docs/route-scope-file.md')).toBe(referencePage(example))
  })

  it('names every section of the file that its example uses', () => {
    const page = readProjectFile('docs/route-scope-file.md')
    const example: object = parse(/```yaml\n(.*?)```/s.exec(page)?.[1] ?? '')
    for (const section of Object.keys(example)) expect(page).toContain(`\n## ${section}\n`)
  })
})

describe('docs/lint.md', () => {
  it('is what the rules make (npm run docs)', () => {
    expect(readProjectFile('docs/lint.md')).toBe(lintPage())
  })
})

describe('settingsTable', () => {
  it('has a row for each setting with a default', () => {
    expect(settingsTable()).toContain('| `limits.body` | size | `1MiB` | Largest request body (413) |')
    expect(settingsTable()).not.toContain('required')
  })
})
