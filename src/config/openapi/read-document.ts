/** A service's OpenAPI document: read, and refused when it holds what cannot be followed from here. */

import { readDataFile } from '../data-file.ts'
import { type Problem, quoteText } from '../problem.ts'
import { fileProblem } from '../source-file.ts'
import { copy } from './copy.ts'
import { isObject, type JsonObject, type JsonPath, lookUp } from './json.ts'

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

/** JSON or YAML of OpenAPI 3.0 or 3.1, all in one file. Never throws for what the text says. */
export function readDocument(text: string, file: string): ReadResult {
  try {
    return read(text, file)
  } catch {
    return { problems: [fileProblem(file, 'the document is nested too deeply, or its aliases multiply it')] }
  }
}

function read(text: string, file: string): ReadResult {
  const { found, problems: unread } = readDataFile(text, file)
  if (found === undefined) return { problems: unread }
  const { data, line } = found
  const version = isObject(data) ? data.openapi : undefined
  if (!isObject(data) || typeof version !== 'string' || !/^3\.[01]\.\d/.test(version)) {
    return { problems: [fileProblem(file, 'expected a document of OpenAPI 3.0 or 3.1 ("openapi: 3.1.0")')] }
  }
  if (!isObject(data.paths)) return { problems: [fileProblem(file, 'the document has no paths')] }
  const problems = findBadReferences(data).map(({ path, message }) => found.problem(path, message))
  if (problems.length > 0) return { problems }
  return { document: { file, data, isOld: version.startsWith('3.0.'), line } }
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
