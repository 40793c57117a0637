import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { lintPage } from '../../../src/authoring/lint/lint-page.ts'
import { referencePage, settingsTable } from '../../../src/authoring/reference-page.ts'
import { editorJsonSchema, fieldsAt, type JsonSchema } from '../../../src/config/json-schema.ts'

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

describe('scopegate.schema.json', () => {
  it('is what the schema makes (npm run docs)', () => {
    expect(read('scopegate.schema.json')).toBe(`${JSON.stringify(editorJsonSchema(), null, 2)}\n`)
  })

  it('describes every field, and marks secrets as write-only', () => {
    const undescribed: string[] = []
    const visit = (schema: JsonSchema, path: string): void => {
      for (const [name, property] of Object.entries(schema.properties ?? {})) {
        const isPlain = /\.(all|any|file|name|nodes)$/.test(`.${name}`)
        if (!property.description && !isPlain) undescribed.push(`${path}.${name}`)
        visit(property, `${path}.${name}`)
      }
      const inner = [...(schema.anyOf ?? []), schema.items, schema.additionalProperties]
      for (const one of inner) if (typeof one === 'object') visit(one, path)
    }
    visit(editorJsonSchema(), '')
    expect(undescribed).toEqual([])
    const redis = editorJsonSchema().properties?.redis?.properties
    expect(redis?.password?.writeOnly).toBe(true)
    expect(redis?.url?.writeOnly).toBe(true)
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
    const example = read('test/fixtures/config/full.yaml').replace(/^#.*\n/, '')
    expect(read('docs/route-scope-file.md')).toBe(referencePage(example))
  })

  it('names every section of the file that its example uses', () => {
    const page = read('docs/route-scope-file.md')
    const example: object = parse(/```yaml\n(.*?)```/s.exec(page)?.[1] ?? '')
    for (const section of Object.keys(example)) expect(page).toContain(`\n## ${section}\n`)
  })
})

describe('docs/lint.md', () => {
  it('is what the rules make (npm run docs)', () => {
    expect(read('docs/lint.md')).toBe(lintPage())
  })
})

describe('settingsTable', () => {
  it('has a row for each setting with a default', () => {
    expect(settingsTable()).toContain('| `limits.body` | size | `1MiB` | Largest request body (413) |')
    expect(settingsTable()).not.toContain('required')
  })
})
