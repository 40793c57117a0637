import { z } from 'zod'
import { fileSchema } from './schema.ts'
import { EXAMPLES } from './schema-examples.ts'
import { DESCRIPTIONS, VALUES } from './schema-notes.ts'

/** As far as the schema of our file uses it (draft 2020-12). */
export interface JsonSchema {
  $schema?: string
  $id?: string
  $ref?: string
  $defs?: Record<string, JsonSchema>
  title?: string
  description?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  /** What each value of `enum` means; editors know it, JSON Schema does not. */
  enumDescriptions?: string[]
  examples?: readonly unknown[]
  default?: unknown
  pattern?: string
  /** What to say of a value that is none of these, in place of the pattern; editors know it, JSON Schema does not. */
  errorMessage?: string
  minimum?: number
  maximum?: number
  minItems?: number
  maxProperties?: number
  writeOnly?: boolean
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: JsonSchema | boolean
  propertyNames?: JsonSchema
  items?: JsonSchema
  anyOf?: JsonSchema[]
}

/** The file as people write it: field names, defaults and descriptions, and no `${NAME}`. */
export function fileJsonSchema(): JsonSchema {
  return withNotes(z.toJSONSchema(fileSchema, { io: 'input' }) as JsonSchema, '')
}

/** What `scopegate schema` prints and editors use: like `fileJsonSchema`, and `${NAME}` may stand for any single value. */
export function editorJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(fileSchema, {
    io: 'input',
    override({ zodSchema, jsonSchema, path }) {
      const own = jsonSchema as JsonSchema
      const message = own.pattern === undefined ? undefined : messageOf(zodSchema)
      if (message !== undefined) own.errorMessage = message
      if (!path.includes('propertyNames') && isNarrow(own)) allowReference(own)
    },
  }) as JsonSchema
  const { $schema, ...rest } = withNotes(schema, '')
  return {
    $schema: $schema as string,
    $id: 'scopegate.schema.json',
    title: 'Scopegate route-scope file',
    ...rest,
    $defs: {
      ...rest.$defs,
      environment: { type: 'string', pattern: '\\$\\{[A-Za-z_]\\w*(:-[^}]*)?\\}' },
    },
  }
}

/** The schema of a place and all below, with examples and with descriptions where the schema has none. */
function withNotes(schema: JsonSchema, place: string): JsonSchema {
  const { properties, additionalProperties: open } = schema
  return {
    ...withValues(schema, VALUES[place]),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, field]) => [
          name,
          asField(field, place === '' ? name : `${place}.${name}`),
        ]),
      ),
    }),
    ...(typeof open === 'object' && { additionalProperties: asField(open, `${place}.*`) }),
    ...(schema.items && { items: withNotes(schema.items, `${place}[]`) }),
    ...(schema.anyOf && { anyOf: schema.anyOf.map((one) => withNotes(one, place)) }),
  }
}

function asField(schema: JsonSchema, place: string): JsonSchema {
  const description = schema.description ?? DESCRIPTIONS[place]
  const examples = EXAMPLES[place]
  return { ...(description && { description }), ...(examples && { examples }), ...withNotes(schema, place) }
}

function withValues(schema: JsonSchema, meanings: Readonly<Record<string, string>> = {}): JsonSchema {
  const enumDescriptions = schema.enum?.map((value) => meanings[String(value)] ?? '')
  return enumDescriptions?.some((text) => text !== '') ? { ...schema, enumDescriptions } : schema
}

/** What the schema itself says of a text that does not match its pattern. */
function messageOf({ _zod: { def } }: z.core.$ZodTypes): string | undefined {
  const [own] = (def.checks ?? []).flatMap(({ _zod: check }) => check.def.error ?? [])
  const message = own?.({ code: 'invalid_format', format: 'regex', path: [], input: '' } as never)
  return typeof message === 'string' ? message : message?.message
}

function isNarrow({ type, pattern, enum: values }: JsonSchema): boolean {
  if (type === 'string') return pattern !== undefined || values !== undefined
  return type === 'integer' || type === 'number' || type === 'boolean'
}

function allowReference(schema: JsonSchema): void {
  const { description, default: preset, title, writeOnly, ...narrow } = schema
  for (const key of Object.keys(narrow)) delete schema[key as keyof JsonSchema]
  schema.anyOf = [narrow, { $ref: '#/$defs/environment' }]
}

let known: JsonSchema | undefined

/** Names of the fields that may stand at `path`; empty when nothing or anything may. */
export function fieldsAt(path: readonly (string | number)[]): string[] {
  known ??= fileJsonSchema()
  let schemas = alternatives(known)
  for (const part of path) {
    schemas = schemas.flatMap((schema) => {
      const open = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
      const next = typeof part === 'number' ? schema.items : (own(schema.properties, part) ?? open)
      return next ? alternatives(next) : []
    })
  }
  return [...new Set(schemas.flatMap((schema) => Object.keys(schema.properties ?? {})))]
}

/** Keys of the file may be called `constructor`. */
function own(properties: JsonSchema['properties'], name: string): JsonSchema | undefined {
  return properties && Object.hasOwn(properties, name) ? properties[name] : undefined
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  return schema.anyOf ? schema.anyOf.flatMap(alternatives) : [schema]
}
