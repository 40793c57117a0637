/** An operation as a client of the gateway sees it: what its service says of it, within what the gateway lets through. */
import type { BodyPolicy } from '../../config/body-policy.ts'
import type { RouteConfig } from '../../config/gateway-config.ts'
import { isObject, type Json, type JsonObject, objectOf, textOf } from '../../config/openapi/json.ts'
import { follow } from '../../config/openapi/operations.ts'
import { contentTypesOf } from '../words.ts'
import type { Components } from './components.ts'
import type { Meeting } from './meetings.ts'
import { type PathTemplate, paramsOf } from './path-template.ts'
import { answerFields, refusalReference, refusalResponses, refusalsOf } from './refusals.ts'

/** Taken as they are. Servers, security, callbacks and extensions are the service's own affair. */
const TAKEN = ['tags', 'summary', 'externalDocs', 'deprecated', 'requestBody'] as const

/** OpenAPI has parameters of these names ignored (section 4.8.12.2); the first is the gateway's. */
const NOT_SENT = ['authorization', 'accept', 'content-type']

/** What the gateway knows of an operation: its path, and that it may have a body. */
export function bareOperation(
  method: string,
  { segments, rest }: PathTemplate,
  { body: policy, bodyBytes }: RouteConfig,
  components: Components,
): JsonObject {
  const parameters = pathParameters(segments, new Map(), rest)
  const description = `At most ${bodyBytes} bytes.`
  const body =
    policy === undefined || policy.isOpenApi
      ? { description, content: { '*/*': {} } }
      : { description, required: true, content: checkedContent(policy, components) }
  return {
    ...(parameters.length > 0 && { parameters }),
    ...(['POST', 'PUT', 'PATCH'].includes(method) && { requestBody: body }),
  }
}

/** Of a schema file: the gateway checks it. */
function checkedContent(policy: BodyPolicy, components: Components): JsonObject {
  const schema = { $ref: components.keep(policy.file, policy.root) }
  return Object.fromEntries(contentTypesOf(policy.operations).map((type) => [type, { schema }]))
}

/** Without security. */
export function takeOperation(meeting: Meeting, components: Components, upstream: string): JsonObject {
  const { service, route, segments, names } = meeting
  const take = (piece: Json) => components.take(piece, service.document, upstream)
  const described = new Map<string, JsonObject>()
  const others: Json[] = []
  for (const parameter of service.parameters) {
    const name = textOf(parameter.name) ?? ''
    const own = parameter.in === 'path' ? names.get(name) : undefined
    if (own !== undefined) described.set(own, { ...objectOf(take(parameter)), name: own })
    else if (parameter.in !== 'path' && !isGateways(route, parameter)) others.push(take(parameter))
  }
  const parameters = [...pathParameters(segments, described), ...others]
  const taken = TAKEN.flatMap((key): [string, Json][] => {
    const value = service.operation[key]
    return value === undefined ? [] : [[key, take(value)]]
  })
  return { ...Object.fromEntries(taken), ...(parameters.length > 0 && { parameters }) }
}

function isGateways({ identity, tokenFrom }: RouteConfig, { in: place, name }: JsonObject): boolean {
  const field = String(name).toLowerCase()
  if (place === 'query') return name === 'ticket' && tokenFrom?.has('ticket') === true
  if (place !== 'header') return false
  return NOT_SENT.includes(field) || [...identity.headers.keys()].some((own) => own.toLowerCase() === field)
}

/** Each must be there (OpenAPI 3.1 section 4.8.12.1). */
function pathParameters(
  segments: readonly string[],
  described: ReadonlyMap<string, JsonObject>,
  rest?: string,
): JsonObject[] {
  return paramsOf(segments).map((name) => {
    const own = described.get(name)
    if (own !== undefined) return { ...own, name, in: 'path', required: true }
    const isRest = name === rest
    return {
      ...{ name, in: 'path', required: true, schema: { type: 'string' } },
      ...(isRest && { 'x-scopegate-rest': true, description: 'All further segments, with their slashes.' }),
    }
  })
}

/** The service's answers, and where the gateway may refuse the request, its own. */
export function responsesOf(
  route: RouteConfig,
  method: string,
  isPublic: boolean,
  taken: Readonly<Record<string, JsonObject>> = {},
): JsonObject {
  const fields = answerFields(route)
  const own = refusalsOf(route, method, isPublic)
  const services = Object.entries(taken).map(([status, response]): [string, JsonObject] => {
    return [status, { ...response, headers: { ...objectOf(response.headers), ...fields } }]
  })
  const answers = new Map<string, Json>(
    services.length > 0 ? services : [['default', { description: 'The answer of the service.', headers: fields }]],
  )
  for (const [status, name] of own) {
    const service = answers.get(status)
    answers.set(
      status,
      isObject(service) ? eitherOf(service, objectOf(refusalResponses()[name])) : refusalReference(name),
    )
  }
  return Object.fromEntries([...answers].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** No references at the top, so that the gateway can add its own fields. */
export function takeResponses(
  { service }: Meeting,
  components: Components,
  upstream: string,
): Record<string, JsonObject> {
  const entries = Object.entries(objectOf(service.operation.responses)).flatMap(([status, written]) => {
    const response = follow(service.document, written)
    if (status.startsWith('x-') || !isObject(response)) return []
    const copied = objectOf(components.take(response, service.document, upstream))
    return [[status, { description: '', ...copied }] as const]
  })
  return Object.fromEntries(entries)
}

/** The client cannot tell beforehand who answers with this status. */
function eitherOf(service: JsonObject, gateway: JsonObject): JsonObject {
  const content: Record<string, Json> = { ...objectOf(service.content) }
  for (const [type, media] of Object.entries(objectOf(gateway.content))) {
    const theirs = objectOf(content[type]).schema
    const ours = objectOf(media).schema ?? {}
    content[type] = theirs === undefined ? media : { schema: { anyOf: [theirs, ours] } }
  }
  return {
    description: `${textOf(service.description) ?? ''} From the gateway: ${textOf(gateway.description) ?? ''}`.trim(),
    headers: { ...objectOf(service.headers), ...objectOf(gateway.headers) },
    content,
  }
}
