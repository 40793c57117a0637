/** References of a schema that lead back to where they stand, or that cannot be followed beforehand. */
import { atPointer, isObject, type Json, lookUp, memberOf, pointerOf, pointerPart } from '../config/openapi/json.ts'
import { quoteText } from '../config/problem.ts'
import { DATA_WORDS } from '../config/schema-words.ts'
import type { SchemaFault } from './schema-faults.ts'

/** The names of their members are of the schema's author, and no words. */
const MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies'])
const ANCHORS = ['$anchor', '$dynamicAnchor']
const DYNAMIC = new Set(['$dynamicRef', '$recursiveRef'])

/** What is being looked at: a schema, or a map whose members are schemas. */
type Kind = 'schema' | 'map'

interface Step {
  readonly value: object
  readonly kind: Kind
  /** The reference that led here; none: it stands in the one before. */
  readonly reference: string | undefined
}

/**
 * A validator of alternatives that refer back may do its work twice with each level of a body, so that a few hundred bytes
 * keep a process busy.
 */
export function findCycle(root: Json, pointer: string): SchemaFault | undefined {
  const start = atPointer(root, pointer)
  return start === undefined ? undefined : createSearch(root)(start, 'schema', pointer)
}

type Visit = (value: Json, kind: Kind, pointer: string, reference?: string) => SchemaFault | undefined

function createSearch(root: Json): Visit {
  const done = { schema: new Set<object>(), map: new Set<object>() }
  const open: Step[] = []
  const anchors = findAnchors(root)

  const visit: Visit = (value, kind, pointer, reference) => {
    if (typeof value !== 'object' || value === null || done[kind].has(value)) return undefined
    const since = open.findIndex((step) => step.value === value && step.kind === kind)
    if (since !== -1) return { pointer, message: cycleMessage([...open.slice(since + 1), { reference }]) }
    open.push({ value, kind, reference })
    for (const [name, member] of Object.entries(value) as [string, Json][]) {
      const fault = visitMember(value as Json, kind, name, member, `${pointer}/${pointerPart(name)}`)
      if (fault !== undefined) return fault
    }
    open.pop()
    done[kind].add(value)
    return undefined
  }

  function visitMember(holder: Json, kind: Kind, name: string, member: Json, at: string): SchemaFault | undefined {
    if (kind === 'map' || Array.isArray(holder)) return visit(member, 'schema', at)
    if (DATA_WORDS.has(name)) return undefined
    if (typeof member !== 'string') return visit(member, MAPS.has(name) ? 'map' : 'schema', at)
    if (name === '$ref') return visitReference(member, at)
    const message = refusalOf(name, holder === root)
    return message === undefined ? undefined : { pointer: at, message }
  }

  function visitReference(reference: string, at: string): SchemaFault | undefined {
    if (!reference.startsWith('#')) return { pointer: at, message: `${quoteText(reference)} leads out of the file` }
    if (crossesId(root, reference)) {
      return { pointer: at, message: `${quoteText(reference)} leads into a schema with an "$id" of its own` }
    }
    const targets = targetsOf(reference)
    if (targets.length === 0) return { pointer: at, message: `nothing stands at ${quoteText(reference)}` }
    for (const target of targets) {
      const fault = visit(target, 'schema', at, reference)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  function targetsOf(reference: string): readonly Json[] {
    if (reference === '#') return [root]
    if (!reference.startsWith('#/')) return anchors.get(reference.slice(1)) ?? []
    const target = lookUp(root, reference)
    return target === undefined ? [] : [target]
  }

  return visit
}

function refusalOf(name: string, isTop: boolean): string | undefined {
  if (DYNAMIC.has(name)) return `"${name}" is not understood: use $ref`
  return name === '$id' && !isTop ? '"$id" is understood at the top only' : undefined
}

function cycleMessage(steps: readonly { readonly reference: string | undefined }[]): string {
  const references = steps.flatMap(({ reference }) => reference ?? [])
  const way = references.map((reference) => quoteText(reference)).join(', ')
  return `refers to itself through ${way}: its work may double with each level of a body; write the levels out, or let the service check it`
}

/** Below an `$id`, references are relative to it. */
function crossesId(root: Json, reference: string): boolean {
  let holder: Json | undefined = root
  for (const part of pointerOf(reference) ?? []) {
    holder = memberOf(holder, part)
    if (isObject(holder) && typeof holder.$id === 'string') return true
  }
  return false
}

/** Wherever they stand: one more is one more way to follow. */
function findAnchors(root: Json): Map<string, Json[]> {
  const anchors = new Map<string, Json[]>()
  const collect = (value: Json): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, member] of Object.entries(value) as [string, Json][]) {
      if (ANCHORS.includes(name) && typeof member === 'string') {
        anchors.set(member, [...(anchors.get(member) ?? []), value])
      } else collect(member)
    }
  }
  collect(root)
  return anchors
}
