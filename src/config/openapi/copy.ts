/** Copies pieces of a service's document into one of OpenAPI 3.1. */
import { isObject, type Json, type JsonObject, type JsonPath } from './json.ts'

export interface CopyOptions {
  /** What stands in place of a reference; `path` is where it stands in what is copied. */
  readonly refer: (reference: string, path: JsonPath) => string
  /** The piece is of OpenAPI 3.0, whose schemas say some things in another way. */
  readonly isOld: boolean
}

/** Their content is data, or none of our business: nothing in it is a reference. */
const DATA = new Set(['example', 'default', 'enum', 'const', 'value'])
/** Maps whose keys are names, and no words of OpenAPI. */
const NAMES = new Set([
  ...['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'encoding', 'variables', 'scopes'],
  ...['schemas', 'responses', 'parameters', 'examples', 'requestBodies', 'headers', 'securitySchemes', 'links'],
  ...['callbacks', 'pathItems', 'paths', 'content'],
])

/** Links name operations and servers that the document may not have. */
const LEFT_OUT = new Set(['links'])

/** A deep copy, in which each reference is replaced. */
export function copy(value: Json, options: CopyOptions, path: JsonPath = [], areNames = false): Json {
  if (Array.isArray(value)) return value.map((item, index) => copy(item, options, [...path, index]))
  if (!isObject(value)) return value
  const members = Object.entries(value).flatMap(([key, inner]): [string, Json][] => {
    const at = [...path, key]
    if (areNames) return [[key, copy(inner, options, at)]]
    return LEFT_OUT.has(key) ? [] : [[key, copyMember(key, inner, options, at)]]
  })
  const copied: JsonObject = Object.fromEntries(members)
  return options.isOld && !areNames ? modernise(copied) : copied
}

function copyMember(key: string, value: Json, options: CopyOptions, path: JsonPath): Json {
  if (key === '$ref' && typeof value === 'string') return options.refer(value, path)
  if (key === 'mapping' && isObject(value)) return copyMapping(value, options, path)
  const isData = DATA.has(key) || key.startsWith('x-') || (key === 'examples' && Array.isArray(value))
  return isData ? value : copy(value, options, path, NAMES.has(key))
}

/** A `discriminator` names schemas as references, or by their names alone. */
function copyMapping(mapping: JsonObject, { refer }: CopyOptions, path: JsonPath): JsonObject {
  const entries = Object.entries(mapping).map(([value, target]): [string, Json] => {
    if (typeof target !== 'string') return [value, target]
    const reference = /^[\w.-]+$/.test(target) ? `#/components/schemas/${target}` : target
    return [value, refer(reference, [...path, value])]
  })
  return Object.fromEntries(entries)
}

/** `nullable` and the boolean bounds became JSON Schema's own words in OpenAPI 3.1. */
function modernise(schema: JsonObject): JsonObject {
  const { nullable, exclusiveMinimum, exclusiveMaximum, ...rest } = schema
  const modern: Record<string, Json> = rest
  if (typeof nullable !== 'boolean') keep(modern, 'nullable', nullable)
  else if (nullable && typeof rest.type === 'string') {
    modern.type = [rest.type, 'null']
    if (Array.isArray(rest.enum) && !rest.enum.includes(null)) modern.enum = [...rest.enum, null]
  }
  setBound(modern, 'minimum', 'exclusiveMinimum', exclusiveMinimum)
  setBound(modern, 'maximum', 'exclusiveMaximum', exclusiveMaximum)
  return modern
}

function setBound(schema: Record<string, Json>, bound: string, name: string, value: Json | undefined): void {
  const limit = schema[bound]
  if (typeof value !== 'boolean') keep(schema, name, value)
  else if (value && limit !== undefined) {
    schema[name] = limit
    delete schema[bound]
  }
}

function keep(schema: Record<string, Json>, name: string, value: Json | undefined): void {
  if (value !== undefined) schema[name] = value
}
