/** A JSON or YAML file beside the route-scope file, as data, and where each piece of it stands. */
import { isMap, isNode, isPair, isScalar, isSeq, parseDocument, type Scalar, visit } from 'yaml'
import type { Json, JsonPath } from './openapi/json.ts'
import type { Problem } from './problem.ts'
import { createSourceFile } from './source-file.ts'

export interface DataFile {
  readonly data: Json
  /** A problem of what stands at `path`, or of the nearest thing above it. */
  problem(path: JsonPath, message: string): Problem
  /** Line of what stands at a path, from 1. */
  line(path: JsonPath): number
}

type DataFileResult =
  | { readonly found: DataFile; readonly problems?: never }
  | { readonly found?: never; readonly problems: readonly Problem[] }

type Yaml = ReturnType<typeof parseDocument>

/** Throws when the text is nested too deeply or its aliases multiply it. @param file as messages call it */
export function readDataFile(text: string, file: string): DataFileResult {
  const source = createSourceFile(text, file)
  // Without the line itself: the name may be that of any file, also of one that holds a secret.
  const problemAt = (at: number, path: JsonPath, message: string): Problem => ({
    ...source.problem(at, path, message),
    ...{ source: '', caret: 0 },
  })
  const yaml = parseDocument(source.text, { prettyErrors: false, logLevel: 'error', uniqueKeys: false })
  const [error] = yaml.errors
  if (error) return { problems: [problemAt(Math.min(error.pos[0], source.text.length), [], 'not valid YAML or JSON')] }
  const twice = findDuplicateKey(yaml)
  if (twice) return { problems: [problemAt(twice.range?.[0] ?? 0, [], 'this key stands twice in its mapping')] }
  const offset = (path: JsonPath) => offsetOf(yaml, path)
  return {
    found: {
      data: yaml.toJS({ maxAliasCount: 100 }) as Json,
      problem: (path, message) => problemAt(offset(path), path, message),
      line: (path) => source.line(offset(path)),
    },
  }
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
