/** The components of the document: the gateway's own, and those that operations of services lead to. */
import { copy } from '../../config/openapi/copy.ts'
import { isObject, type Json, type JsonObject, lookUp, pointerOf, pointerPart } from '../../config/openapi/json.ts'
import type { ApiDocument } from '../../config/openapi/read-document.ts'
import { freeName } from './path-template.ts'

export interface Components {
  /** Copies a piece of a service's document, and everything it refers to. A name that is taken gets the upstream's before it. */
  take(piece: Json, document: ApiDocument, upstream: string): Json
  /** A schema file of the gateway's own, once; a reference to it. Its `$id` keeps its references inside it. */
  keep(file: string, schema: Json): string
  /** All, by section and name. */
  toJson(): JsonObject
}

/** @param own by section and name; they keep their names */
export function createComponents(own: Readonly<Record<string, JsonObject>>): Components {
  const sections = new Map(Object.entries(own).map(([name, entries]) => [name, new Map(Object.entries(entries))]))
  const known = new Map<ApiDocument, Map<string, string>>()
  const files = new Map<string, string>()
  /** One after the other: what refers to each other in a long chain would be too deep otherwise. */
  const waiting: (() => void)[] = []

  function take(piece: Json, document: ApiDocument, upstream: string): Json {
    const taken = copyOf(piece, document, upstream)
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) next()
    return taken
  }

  function copyOf(piece: Json, document: ApiDocument, upstream: string): Json {
    const refer = (reference: string) => referTo(reference, document, upstream)
    return copy(piece, { refer, isOld: document.isOld })
  }

  function referTo(reference: string, document: ApiDocument, upstream: string): string {
    const [, section = '', name = '', ...rest] = pointerOf(reference) ?? []
    const whole = `#/components/${section}/${pointerPart(name)}`
    const names = known.get(document) ?? new Map<string, string>()
    known.set(document, names)
    const tail = rest.map((part) => `/${pointerPart(part)}`).join('')
    const before = names.get(whole)
    if (before !== undefined) return before + tail
    const entries = sections.get(section) ?? new Map<string, Json>()
    sections.set(section, entries)
    const free = toFreeName(entries, name, upstream)
    const target = `#/components/${section}/${free}`
    names.set(whole, target)
    entries.set(free, null)
    waiting.push(() => entries.set(free, copyOf(lookUp(document.data, whole) ?? {}, document, upstream)))
    return target + tail
  }

  function keep(file: string, schema: Json): string {
    const schemas = sections.get('schemas') ?? new Map<string, Json>()
    sections.set('schemas', schemas)
    const before = files.get(file)
    if (before !== undefined) return before
    const name = toFreeName(schemas, file.replace(/^.*\/|\.\w+$/g, ''), 'body')
    schemas.set(
      name,
      isObject(schema) ? { $id: `urn:scopegate:schema:${encodeURIComponent(name)}`, ...schema } : schema,
    )
    const reference = `#/components/schemas/${pointerPart(name)}`
    files.set(file, reference)
    return reference
  }

  return {
    take,
    keep,
    toJson: () => Object.fromEntries([...sections].map(([name, entries]) => [name, Object.fromEntries(entries)])),
  }
}

function toFreeName(entries: ReadonlyMap<string, Json>, written: string, upstream: string): string {
  const name = written.replace(/[^\w.-]/g, '_')
  return entries.has(name) ? freeName(`${upstream}.${name}`, [...entries.keys()]) : name
}
