/** `body: { schema: openapi }` → the request bodies of the operations that a route leads to. */
import type { BodyOperation, BodyPolicy } from './body-policy.ts'
import type { UpstreamConfig } from './gateway-config.ts'
import { copy } from './openapi/copy.ts'
import { isObject, type Json, type JsonObject, lookUp, memberOf, objectOf, textOf } from './openapi/json.ts'
import { follow, operationsOf, type ServiceOperation } from './openapi/operations.ts'
import { type ApiDocument, type ReadResult, readDocument } from './openapi/read-document.ts'
import type { Path } from './problem.ts'
import type { ReadSibling } from './read-secret.ts'
import type { Report } from './report.ts'
import type { BodyFile } from './schema-body.ts'

/** What is made of a document for all routes of its upstream. */
export interface ServiceBodies {
  readonly root: Json
  readonly operations: readonly { readonly service: ServiceOperation; readonly body: ServiceBody }[]
}

interface ServiceBody {
  readonly isRequired: boolean
  /** Media type or range as written → JSON Pointer in the root. */
  readonly content: ReadonlyMap<string, string>
}

export type ReadServiceBodies = (file: string) => ServiceBodies | NonNullable<ReadResult['problems']>

/** Reads each document once for a whole file. It throws the Error of a file that cannot be read. */
export function createServiceBodiesReader(read: ReadSibling): ReadServiceBodies {
  const known = new Map<string, ReturnType<ReadServiceBodies>>()
  return (file) => {
    const bodies = known.get(file) ?? toBodies(readDocument(read(file), file))
    known.set(file, bodies)
    return bodies
  }
}

function toBodies({ document, problems = [] }: ReadResult): ReturnType<ReadServiceBodies> {
  return document === undefined ? problems : toServiceBodies(document)
}

export interface OpenApiRoute {
  readonly upstream: UpstreamConfig
  /** What the upstream gets: `rewrite`, or the path itself. */
  readonly upstreamPath: string
}

/** @param path where `body` stands. @returns undefined: there is something wrong with it, and the report has it */
export function resolveOpenApiBody(
  { contentTypes }: BodyFile,
  { upstream, upstreamPath }: OpenApiRoute,
  path: Path,
  readBodies: ReadServiceBodies,
  report: Report,
): BodyPolicy | undefined {
  const at = [...path, 'schema']
  const { openapi: file } = upstream
  if (file === undefined) {
    report.error(at, `upstreams.${upstream.name} names no document: say where it is with openapi`)
    return undefined
  }
  if (/^https?:/i.test(file)) {
    report.error(
      at,
      `the document of upstreams.${upstream.name} is a URL: a start must not wait for it, so save it as a file`,
    )
    return undefined
  }
  try {
    const bodies = readBodies(file)
    if (!('operations' in bodies)) {
      for (const problem of bodies) report.add(problem)
      return undefined
    }
    const led = bodies.operations.filter(({ service }) => leadsTo(upstreamPath, service.segments))
    if (led.length === 0) report.error(at, `${file} has no operation that this route leads to`)
    const operations = led.map((one) => toOperation(one.service, one.body, contentTypes))
    return {
      schema: 'openapi',
      file,
      root: bodies.root,
      isOpenApi: true,
      operations: operations.toSorted(bySpecificity),
    }
  } catch (error) {
    report.error(
      at,
      `the document of upstreams.${upstream.name} ${error instanceof Error ? error.message : 'cannot be read'}`,
    )
    return undefined
  }
}

/** Whether some request of the route may get this path at the upstream. */
function leadsTo(upstreamPath: string, segments: readonly string[]): boolean {
  const sent = upstreamPath.split('/').filter((segment) => segment !== '')
  const takesRest = sent.at(-1) === '**'
  const fixed = takesRest ? sent.slice(0, -1) : sent
  const wanted = segments.at(-1) === '' ? segments.slice(0, -1) : segments
  if (takesRest ? wanted.length < fixed.length : wanted.length !== fixed.length) return false
  return fixed.every((segment, index) => {
    const theirs = wanted[index] as string
    return segment === theirs || segment.startsWith('{') || theirs.includes('{')
  })
}

function toOperation(
  { method, segments, line }: ServiceOperation,
  { isRequired, content }: ServiceBody,
  contentTypes: readonly string[] | undefined,
): BodyOperation {
  const types = contentTypes ?? [...content.keys()].flatMap(toJsonTypes)
  const found = types.flatMap((type) => {
    const pointer = content.get(type) ?? content.get('application/*') ?? content.get('*/*')
    return pointer === undefined ? [] : [[type, pointer] as const]
  })
  return { at: { method, segments }, requiredFor: isRequired ? [method] : [], content: new Map(found), line }
}

function toJsonTypes(written: string): string[] {
  if (written === '*/*' || written === 'application/*') return ['application/json']
  return /^application\/(?:.+\+)?json$/.test(written) ? [written] : []
}

/** A text wins over a parameter, from left to right. */
function bySpecificity({ at: a }: BodyOperation, { at: b }: BodyOperation): number {
  const rank = (segments: readonly string[] = []) => segments.map((one) => (one.includes('{') ? '1' : '0')).join('')
  return rank(a?.segments).localeCompare(rank(b?.segments))
}

function toServiceBodies(document: ApiDocument): ServiceBodies {
  const refer = (reference: string) => reference
  const copied = copy({ components: document.data.components ?? {} }, { refer, isOld: document.isOld })
  const components = objectOf(memberOf(copied, 'components'))
  const bodies: Json[] = []
  const keep = (schema: Json): string => `/bodies/${bodies.push(copy(schema, { refer, isOld: document.isOld })) - 1}`
  const operations = operationsOf(document).map((service) => {
    const written = objectOf(follow(document, service.operation.requestBody))
    const content = Object.entries(objectOf(written.content)).map(([type, media]): [string, string] => {
      return [type.replace(/;.*/s, '').trim().toLowerCase(), keep(objectOf(media).schema ?? true)]
    })
    return { service, body: { isRequired: written.required === true, content: new Map(content) } }
  })
  const root: JsonObject = { components, bodies }
  return { root: forRequests(root, root), operations }
}

/** What only answers hold is not asked of a request, even if it is `required` (OpenAPI 3.0 section 4.7.24.2). */
function forRequests(value: Json, root: JsonObject): Json {
  if (Array.isArray(value)) return value.map((item) => forRequests(item, root))
  if (!isObject(value)) return value
  const { required, properties } = value
  const copied = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, forRequests(inner, root)]))
  if (!Array.isArray(required) || !isObject(properties)) return copied
  return { ...copied, required: required.filter((name) => !isReadOnly(memberOf(properties, String(name)), root)) }
}

function isReadOnly(schema: Json | undefined, root: JsonObject): boolean {
  const reference = textOf(objectOf(schema).$ref)
  const target = reference === undefined ? schema : lookUp(root, reference)
  return objectOf(schema).readOnly === true || objectOf(target).readOnly === true
}
