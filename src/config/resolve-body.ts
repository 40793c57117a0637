/** `body` of a route → the schemas that its requests are put to. */
import type { BodyOperation, BodyPolicy } from './body-policy.ts'
import { type DataFile, readDataFile } from './data-file.ts'
import { isObject, type Json, type JsonPath, lookUp } from './openapi/json.ts'
import { type Path, type Problem, quoteText } from './problem.ts'
import { type ReadSibling, readOr } from './read-secret.ts'
import type { Report } from './report.ts'
import type { BodyFile } from './schema-body.ts'
import { DATA_WORDS, DIALECT } from './schema-words.ts'
import { fileProblem } from './source-file.ts'

const WITH_BODY = ['POST', 'PUT', 'PATCH']
const JSON_TYPE = 'application/json'
const REFERENCES = ['$ref', '$dynamicRef']

/** What all routes that name a file have in common. */
type SchemaFile =
  | { readonly root: Json; readonly problems?: never }
  | { readonly root?: never; readonly problems: readonly Problem[] }

export type ReadSchemaFile = (file: string) => SchemaFile

/** Reads each file once for a whole configuration. It throws the Error of a file that cannot be read. */
export function createSchemaFileReader(read: ReadSibling): ReadSchemaFile {
  const known = new Map<string, SchemaFile>()
  return (file) => {
    const schema = known.get(file) ?? toSchemaFile(read(file), file)
    known.set(file, schema)
    return schema
  }
}

/** @param path where `body` stands. @returns undefined: there is something wrong with it, and the report has it */
export function resolveBody(body: BodyFile, path: Path, read: ReadSchemaFile, report: Report): BodyPolicy | undefined {
  const { schema: file, contentTypes = [JSON_TYPE] } = body
  const { root, problems = [] } = readOr([...path, 'schema'], file, report, read) ?? {}
  for (const problem of problems) report.add(problem)
  if (root === undefined) return undefined
  const operation: BodyOperation = {
    requiredFor: WITH_BODY,
    content: new Map(contentTypes.map((type) => [type, ''])),
    line: 1,
  }
  return { schema: file, file, root, isOpenApi: false, operations: [operation] }
}

function toSchemaFile(text: string, file: string): SchemaFile {
  try {
    const { found, problems } = readDataFile(text, file)
    if (found === undefined) return { problems }
    const faults = findFaults(found)
    if (faults.length === 0) return { root: found.data }
    return { problems: faults.map((fault) => found.problem(fault.path, fault.message)) }
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof ReferenceError)) throw error
    return { problems: [fileProblem(file, 'the schema is nested too deeply, or its aliases multiply it')] }
  }
}

interface Fault {
  readonly path: JsonPath
  readonly message: string
}

/** What the compiler of schemas would say without a place, or in words of its own. */
function findFaults({ data }: DataFile): Fault[] {
  if (typeof data !== 'boolean' && !isObject(data)) return [{ path: [], message: 'expected a JSON Schema: an object' }]
  const faults: Fault[] = []
  const visit = (value: Json, path: JsonPath): void => {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) visit(item, [...path, index])
    if (!isObject(value)) return
    for (const [name, member] of Object.entries(value)) {
      const message = faultOf(name, member, data)
      if (message !== undefined) faults.push({ path: [...path, name], message })
      else if (!DATA_WORDS.has(name)) visit(member, [...path, name])
    }
  }
  visit(data, [])
  return faults
}

function faultOf(name: string, value: Json, root: Json): string | undefined {
  if (name === '$schema' && typeof value === 'string' && value !== DIALECT && value !== `${DIALECT}#`) {
    return `expected ${DIALECT}: other dialects are not understood`
  }
  if (name === '$async' && typeof value === 'boolean') return '"$async" is not JSON Schema'
  if (name === 'pattern' && typeof value === 'string' && !isPattern(value)) return 'this is no regular expression'
  if (!REFERENCES.includes(name) || typeof value !== 'string') return undefined
  if (!value.startsWith('#')) return `${quoteText(value)} leads out of the file: bundle it into one, with $defs`
  if (value.startsWith('#/') && lookUp(root, value) === undefined) return `nothing stands at ${quoteText(value)}`
  return undefined
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u')
    return true
  } catch {
    return false
  }
}
