/** What the gateway itself answers, as components: problem documents (RFC 9457) and their fields. */
import type { RouteConfig } from '../../config/gateway-config.ts'
import type { Json, JsonObject } from '../../config/openapi/json.ts'
import { ERRORS, type ErrorCode } from '../../errors.ts'

const NAMES: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  413: 'ContentTooLarge',
  415: 'UnsupportedMediaType',
  422: 'UnprocessableContent',
  429: 'TooManyRequests',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'GatewayTimeout',
}

const LIMIT_FIELDS = ['RateLimit-Policy', 'RateLimit']
const FIELDS: Readonly<Record<number, readonly string[]>> = {
  401: ['WWW-Authenticate'],
  403: ['WWW-Authenticate'],
  429: ['Retry-After'],
  503: ['Retry-After'],
}

const text = (description: string): JsonObject => ({ description, schema: { type: 'string' } })

/** Response fields, by name. */
export const HEADERS: JsonObject = {
  'X-Request-Id': text('Identifies the request in the logs.'),
  'WWW-Authenticate': text('The challenge (RFC 6750 section 3), with the address of the resource metadata (RFC 9728).'),
  'RateLimit-Policy': text('The limits that counted the request: name, quota `q`, window `w` in seconds.'),
  RateLimit: text('What is left of them: name, remaining `r`, seconds `t` until more.'),
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
}

/** A problem document as `toProblem` writes it. */
export const PROBLEM: JsonObject = {
  type: 'object',
  description: 'A refusal or failure of the gateway (RFC 9457).',
  required: ['type', 'title', 'status', 'code', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'Why the token or the body was refused.' },
    code: { type: 'string', description: 'Stable name of what happened.', enum: Object.keys(ERRORS) },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      description: 'What is wrong with the body: a JSON Pointer, as a fragment, and what the schema asks for there.',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
      },
    },
    scope: { type: 'string', description: 'The cheapest scopes that would do, separated by spaces.' },
    because: { type: 'array', items: { type: 'string' }, description: 'What the lines that did not fit ask for.' },
    'violated-policies': { type: 'array', items: { type: 'string' }, description: 'Names of the limits exceeded.' },
  },
}

/** `components.responses`, by name. */
export function refusalResponses(): JsonObject {
  return Object.fromEntries(Object.entries(NAMES).map(([status, name]) => [name, toResponse(Number(status))]))
}

function toResponse(status: number): JsonObject {
  const codes = Object.entries(ERRORS).filter(([, entry]) => entry.status === status)
  const properties = { status: { const: status }, code: { enum: codes.map(([code]) => code) } }
  const schema = { allOf: [{ $ref: '#/components/schemas/Problem' }, { type: 'object', properties }] }
  return {
    description: `${codes.map(([code, { title }]) => `\`${code}\`: ${title}`).join('. ')}.`,
    headers: fieldsFor([...(FIELDS[status] ?? []), ...LIMIT_FIELDS]),
    content: { 'application/problem+json': { schema } },
  }
}

/** References to `components.headers`; `X-Request-Id` always. */
function fieldsFor(names: readonly string[]): JsonObject {
  return Object.fromEntries(['X-Request-Id', ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}

/** What the gateway adds to an answer of the service. */
export function answerFields({ rateLimits }: RouteConfig): JsonObject {
  return fieldsFor(rateLimits.length > 0 ? LIMIT_FIELDS : [])
}

const TOKEN_CODES: readonly ErrorCode[] = ['missing_token', 'insufficient_scope']
const BODY_CODES: readonly ErrorCode[] = ['unsupported_media_type', 'body_mismatch']

/** The refusals that a request for a known path and method may get: status → name of the response. */
export function refusalsOf(route: RouteConfig, method: string, isPublic: boolean): ReadonlyMap<string, string> {
  const ofToken: readonly number[] = TOKEN_CODES.map((code) => ERRORS[code].status)
  const ofBody: readonly number[] = BODY_CODES.map((code) => ERRORS[code].status)
  const hasBody = ['POST', 'PUT', 'PATCH', 'DELETE'].includes(method)
  const found = Object.entries(NAMES).filter(([status]) => {
    if (ofToken.includes(Number(status))) return !isPublic
    if (Number(status) === ERRORS.unsupported_media_type.status && countsForms(route)) return hasBody
    if (ofBody.includes(Number(status))) return hasBody && route.body !== undefined
    if (Number(status) === ERRORS.body_too_large.status) return hasBody
    return Number(status) !== ERRORS.rate_limited.status || route.rateLimits.length > 0
  })
  return new Map(found)
}

function countsForms({ rateLimits }: RouteConfig): boolean {
  return rateLimits.some(({ key }) => key.some(({ from }) => from === 'form'))
}

export function refusalReference(name: string): Json {
  return { $ref: `#/components/responses/${name}` }
}
