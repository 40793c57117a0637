/** A service's OpenAPI document: read, and refused when it holds what cannot be followed from here. */
import { isMap, isNode, isPair, isScalar, isSeq, parseDocument, type Scalar, visit } from 'yaml'
import { type Problem, quoteText } from '../../config/problem.ts'
import { createSourceFile, fileProblem, type SourceFile } from '../../config/source-file.ts'
import { copy } from './copy.ts'
import { isObject, type Json, type JsonObject, type JsonPath, lookUp } from './json.ts'

/** Largest document that is read. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024

export interface ApiDocument {
  /** As messages call it. */
  readonly file: string
  readonly data: JsonObject
  /** OpenAPI 3.0. */
  readonly isOld: boolean
  /** Line of what stands at a path, from 1. */
  readonly line: (path: JsonPath) => number
}

export type ReadResult =
  | { readonly document: ApiDocument; readonly problems?: never }
  | { readonly document?: never; readonly problems: readonly Problem[] }

type Yaml = ReturnType<typeof parseDocument>

/** JSON or YAML of OpenAPI 3.0 or 3.1, all in one file. Never throws for what the text says. */
export function readDocument(text: string, file: string): ReadResult {
  const source = createSourceFile(text, file)
  try {
    return read(source, file)
  } catch {
    return { problems: [fileProblem(file, 'the document is nested too deeply, or its aliases multiply it')] }
  }
}

function read(source: SourceFile, file: string): ReadResult {
  const yaml = parseDocument(source.text, { prettyErrors: false, logLevel: 'error', uniqueKeys: false })
  const [error] = yaml.errors
  if (error)
    return { problems: [source.problem(Math.min(error.pos[0], source.text.length), [], 'not valid YAML or JSON')] }
  const twice = findDuplicateKey(yaml)
  if (twice) return { problems: [source.problem(twice.range?.[0] ?? 0, [], 'this key stands twice in its mapping')] }
  const data = yaml.toJS({ maxAliasCount: 100 }) as Json
  const version = isObject(data) ? data.openapi : undefined
  if (!isObject(data) || typeof version !== 'string' || !/^3\.[01]\.\d/.test(version)) {
    return { problems: [fileProblem(file, 'expected a document of OpenAPI 3.0 or 3.1 ("openapi: 3.1.0")')] }
  }
  if (!isObject(data.paths)) return { problems: [fileProblem(file, 'the document has no paths')] }
  const offset = (path: JsonPath) => offsetOf(yaml, path)
  const problems = findBadReferences(data).map(({ path, message }) => source.problem(offset(path), path, message))
  if (problems.length > 0) return { problems }
  const line = (path: JsonPath) => source.line(offset(path))
  return { document: { file, data, isOld: version.startsWith('3.0.'), line } }
}

/** The library's own check takes a minute for a mapping of 20,000 keys. */
function findDuplicateKey(yaml: Yaml): Scalar | undefined {
  let found: Scalar | undefined
  visit(yaml, {
    Map(_, { items }) {
      const names = new Set<string>()
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : ''
        if (isScalar(key) && names.has(name)) found ??= key
        names.add(name)
      }
      return found === undefined ? undefined : visit.BREAK
    },
  })
  return found
}

/** Where the key of a value stands, or the item of a list; of what is not there, the nearest that is. */
function offsetOf(yaml: Yaml, path: JsonPath): number {
  let node: unknown = yaml.contents
  let offset = 0
  for (const part of path) {
    const found: unknown = isMap<Scalar>(node)
      ? node.items.find(({ key }) => String(key.value) === String(part))
      : isSeq(node) && node.items[Number(part)]
    const place = isPair<Scalar>(found) ? found.key : found
    if (!isNode(place)) break
    offset = place.range?.[0] ?? offset
    node = isPair(found) ? found.value : found
  }
  return offset
}

interface BadReference {
  readonly path: JsonPath
  readonly message: string
}

function findBadReferences(data: JsonObject): BadReference[] {
  const bad: BadReference[] = []
  const refer = (reference: string, path: JsonPath) => {
    const message = faultOf(data, reference)
    if (message !== undefined) bad.push({ path, message })
    return reference
  }
  const { paths = {}, components = {} } = data
  copy({ paths, components }, { refer, isOld: false })
  return bad
}

function faultOf(data: JsonObject, reference: string): string | undefined {
  if (!reference.startsWith('#/')) return `${quoteText(reference)} leads out of the document: bundle it into one file`
  if (!/^#\/components\/\w+\/[^/]/.test(reference)) return 'a reference must lead into #/components'
  return lookUp(data, reference) === undefined ? `nothing stands at ${quoteText(reference)}` : undefined
}
