/** The operations of a service's document, with the path that the service sees. */
import { isObject, type Json, type JsonObject, listOf, lookUp, objectOf, textOf } from './json.ts'
import type { ApiDocument } from './read-document.ts'

export interface ServiceOperation {
  readonly document: ApiDocument
  /** Upper case; also OPTIONS and TRACE. */
  readonly method: string
  /** As the document has it: without the path of its server. */
  readonly path: string
  /** Of the whole path; a parameter is `{name}`, or a part of a segment. After a slash at the end the last is empty. */
  readonly segments: readonly string[]
  /** Line of the operation. */
  readonly line: number
  readonly operation: JsonObject
  /** Of the operation and of its path, no references; those of the operation win. */
  readonly parameters: readonly JsonObject[]
}

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'trace'] as const

/** In the order of the document. */
export function operationsOf(document: ApiDocument): ServiceOperation[] {
  return Object.entries(objectOf(document.data.paths)).flatMap(([path, written]) => {
    const item = follow(document, written)
    if (!path.startsWith('/') || !isObject(item)) return []
    return METHODS.flatMap((method) => {
      const operation = item[method]
      return isObject(operation) ? [toOperation(document, path, item, method, operation)] : []
    })
  })
}

/** What a reference leads to, through several if need be. */
export function follow(document: ApiDocument, value: Json | undefined): Json | undefined {
  let found = value
  for (let step = 0; step < 10; step += 1) {
    const reference = isObject(found) ? textOf(found.$ref) : undefined
    if (reference === undefined) return found
    found = lookUp(document.data, reference)
  }
  return undefined
}

function toOperation(
  document: ApiDocument,
  path: string,
  item: JsonObject,
  method: string,
  operation: JsonObject,
): ServiceOperation {
  const servers = operation.servers ?? item.servers ?? document.data.servers
  const whole = basePathOf(objectOf(listOf(servers)[0])) + path
  return {
    document,
    method: method.toUpperCase(),
    path,
    segments: whole === '/' ? [] : whole.slice(1).split('/'),
    line: document.line(['paths', path, method]),
    operation,
    parameters: mergeParameters(document, item, operation),
  }
}

/** The path of a server's URL, which stands before all paths; without its last slash. */
function basePathOf(server: JsonObject): string {
  const variables = objectOf(server.variables)
  const url = (textOf(server.url) ?? '/').replace(/\{([^{}]+)\}/g, (_, name: string) => {
    return String(objectOf(variables[name]).default ?? '')
  })
  return (URL.parse(url, 'http://service.invalid/')?.pathname ?? '/').replace(/\/$/, '')
}

function mergeParameters(document: ApiDocument, item: JsonObject, operation: JsonObject): JsonObject[] {
  const merged = new Map<string, JsonObject>()
  for (const written of [...listOf(item.parameters), ...listOf(operation.parameters)]) {
    const parameter = objectOf(follow(document, written))
    merged.set(`${String(parameter.in)} ${String(parameter.name)}`, parameter)
  }
  return [...merged.values()]
}
