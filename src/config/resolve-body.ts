/** `body` of a route → the schemas that its requests are put to. */
import type { BodyOperation, BodyPolicy } from './body-policy.ts'
import { type DataFile, readDataFile } from './data-file.ts'
import { isObject, type Json, type JsonPath, lookUp } from './openapi/json.ts'
import { type Path, quoteText } from './problem.ts'
import type { ReadSibling } from './read-secret.ts'
import type { Report } from './report.ts'
import type { BodyFile } from './schema-body.ts'
import { fileProblem } from './source-file.ts'

const WITH_BODY = ['POST', 'PUT', 'PATCH']
const DIALECT = 'https://json-schema.org/draft/2020-12/schema'
const JSON_TYPE = 'application/json'
/** Their content is data: nothing in it is a schema. */
const DATA = new Set(['const', 'enum', 'default', 'examples'])
const REFERENCES = ['$ref', '$dynamicRef']

/** @param path where `body` stands. @returns undefined: there is something wrong with it, and the report has it */
export function resolveBody(body: BodyFile, path: Path, read: ReadSibling, report: Report): BodyPolicy | undefined {
  const { schema: file, contentTypes = [JSON_TYPE] } = body
  const schema = readSchema(file, [...path, 'schema'], read, report)
  if (schema === undefined) return undefined
  const operation: BodyOperation = {
    requiredFor: WITH_BODY,
    content: new Map(contentTypes.map((type) => [type, ''])),
    line: 1,
  }
  return { schema: file, file, root: schema, isOpenApi: false, operations: [operation] }
}

function readSchema(file: string, path: Path, read: ReadSibling, report: Report): Json | undefined {
  try {
    const { found, problems = [] } = readDataFile(read(file), file)
    for (const problem of problems) report.add(problem)
    if (found === undefined) return undefined
    const faults = findFaults(found)
    for (const fault of faults) report.add(found.problem(fault.path, fault.message))
    return faults.length === 0 ? found.data : undefined
  } catch (error) {
    if (error instanceof RangeError || error instanceof ReferenceError) {
      report.add(fileProblem(file, 'the schema is nested too deeply, or its aliases multiply it'))
    } else {
      report.error(path, `the file ${report.quote(path)} ${error instanceof Error ? error.message : 'cannot be read'}`)
    }
    return undefined
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
      else if (!DATA.has(name)) visit(member, [...path, name])
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
