/** Documents as plain data. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}
/** Names and indexes from the top of a document. */
export type JsonPath = readonly (string | number)[]

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An object without members for everything that is none. */
export function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {}
}

export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

export function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A member whose name the document chose; nothing is inherited. */
export function memberOf(value: Json | undefined, name: string): Json | undefined {
  if (Array.isArray(value)) return /^\d+$/.test(name) ? value[Number(name)] : undefined
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** What a JSON Pointer in a fragment (RFC 6901 section 6) leads to. */
export function pointerOf(reference: string): readonly string[] | undefined {
  if (!reference.startsWith('#/')) return undefined
  const parts = reference.slice(2).split('/')
  return parts.map((part) => decoded(part).replaceAll('~1', '/').replaceAll('~0', '~'))
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** A name as a part of a JSON Pointer (RFC 6901 section 3). */
export function pointerPart(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** What a JSON Pointer leads to; of an empty one, the whole. */
export function atPointer(data: Json, pointer: string): Json | undefined {
  return pointer === '' ? data : lookUp(data, `#${encodeURI(pointer)}`)
}

export function lookUp(data: Json, reference: string): Json | undefined {
  return pointerOf(reference)?.reduce<Json | undefined>(memberOf, data)
}
