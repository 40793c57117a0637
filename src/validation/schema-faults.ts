/** Where in a schema its mistakes are, as far as can be told. */
import type { ErrorObject } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { BodyPolicy } from '../config/body-policy.ts'
import { atPointer, isObject, type Json, pointerPart } from '../config/openapi/json.ts'
import { DIALECT } from '../config/schema-words.ts'

export interface SchemaFault {
  /** JSON Pointer in the policy's root. */
  readonly pointer: string
  readonly message: string
}

let metaSchema: Ajv2020 | undefined

/** What the meta-schema has against the schema at `pointer`. */
export function findSchemaFaults({ root }: BodyPolicy, pointer: string): SchemaFault[] {
  metaSchema ??= createMetaSchema()
  const schema = atPointer(root, pointer)
  if (metaSchema.validate(DIALECT, schema) === true) return []
  return deepest(metaSchema.errors ?? []).map(({ instancePath, message = 'is not valid', params }) => {
    const { allowedValues } = params
    const values = Array.isArray(allowedValues) ? ` (${allowedValues.join(', ')})` : ''
    return { pointer: pointer + instancePath, message: message + values }
  })
}

function createMetaSchema(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, logger: false })
  formats.default(ajv)
  return ajv
}

/** The others say that what holds them is wrong as well. */
function deepest(errors: readonly ErrorObject[]): ErrorObject[] {
  const depth = Math.max(...errors.map(({ instancePath }) => instancePath.length))
  return errors.filter(({ instancePath }) => instancePath.length === depth).slice(0, 1)
}

/** What the compiler threw; it names the word or the place in its message, if anything. */
export function toSchemaFault(error: unknown, { root }: BodyPolicy, pointer: string): SchemaFault {
  if (error instanceof RangeError) return { pointer, message: 'the schema is nested too deeply' }
  const message = (error instanceof Error ? error.message : 'does not compile').replace(/^strict mode: /, '')
  const word = /^unknown keyword: "(.*)"$/.exec(message)?.[1]
  const place = /^(.*) ignored in schema at path "[^"#]*#([^"]*)"$/.exec(message)
  if (word !== undefined) return { pointer: findWord(root, word) ?? pointer, message: 'JSON Schema has no such word' }
  if (place !== null) return { pointer: decodeURI(place[2] ?? ''), message: place[1] ?? '' }
  return { pointer, message }
}

function findWord(value: Json, word: string, pointer = ''): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const entries = Object.entries(value) as [string, Json][]
  for (const [name, inner] of entries) {
    const at = `${pointer}/${pointerPart(name)}`
    if (name === word && isObject(value)) return at
    const below = findWord(inner, word, at)
    if (below !== undefined) return below
  }
  return undefined
}
