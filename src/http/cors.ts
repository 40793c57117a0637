/** CORS answer fields (Fetch standard, section "HTTP extensions"). An origin that is not configured is never repeated. */
import type { CorsPolicy } from '../config/gateway-config.ts'
import type { RequestFields } from './request-fields.ts'

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE'
const EXPOSED = ['WWW-Authenticate', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'X-Request-Id'] as const
const PREFLIGHT_VARY = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const MAX_REQUESTED_HEADERS_LENGTH = 1024

/** Joined once per policy: every answer to a page carries it. */
const exposedFields = new WeakMap<CorsPolicy, string>()

/** A preflight never needs a token. A plain OPTIONS request is none. */
export function isPreflight(
  method: string,
  fields: Pick<RequestFields, 'origin' | 'accessControlRequestMethod'>,
): boolean {
  return method === 'OPTIONS' && fields.origin !== undefined && fields.accessControlRequestMethod !== undefined
}

/**
 * Fields of the 204 answer to a preflight, a flat list of names and values. Without a policy, or for an origin that it
 * does not name, nothing but `Vary`. All methods are granted: the policy of the route decides about the request itself.
 */
export function preflightHeaders(
  policy: CorsPolicy | undefined,
  origin: string | undefined,
  requestedHeaders: string | undefined,
): string[] {
  const headers = ['Vary', PREFLIGHT_VARY]
  if (policy === undefined || !addOrigin(headers, policy, origin)) return headers
  headers.push('Access-Control-Allow-Methods', METHODS)
  const allowed = policy.headers?.join(', ') ?? readFieldNames(requestedHeaders)
  if (allowed !== '') headers.push('Access-Control-Allow-Headers', allowed)
  headers.push('Access-Control-Max-Age', String(policy.maxAgeSeconds))
  return headers
}

/** Fields of any other answer on a route with this policy, denials included; a flat list. None without a policy. */
export function corsHeaders(policy: CorsPolicy | undefined, origin: string | undefined): string[] {
  if (policy === undefined) return []
  const headers = ['Vary', 'Origin']
  if (addOrigin(headers, policy, origin)) headers.push('Access-Control-Expose-Headers', exposed(policy))
  return headers
}

/** Compared character by character with the ASCII serialisation (RFC 6454 section 6.2). `null` is nobody's origin. */
function addOrigin(headers: string[], policy: CorsPolicy, origin: string | undefined): boolean {
  if (origin === undefined || origin === 'null' || origin === '*') return false
  if (policy.origins.has(origin)) headers.push('Access-Control-Allow-Origin', origin)
  else if (policy.origins.has('*') && !policy.credentials) headers.push('Access-Control-Allow-Origin', '*')
  else return false
  if (policy.credentials) headers.push('Access-Control-Allow-Credentials', 'true')
  return true
}

function exposed(policy: CorsPolicy): string {
  let text = exposedFields.get(policy)
  if (text === undefined) {
    text = [...EXPOSED, ...policy.expose].join(', ')
    exposedFields.set(policy, text)
  }
  return text
}

/** The requested names, or nothing when one is no field name or the list is too long to repeat. */
function readFieldNames(requestedHeaders = ''): string {
  if (requestedHeaders.length > MAX_REQUESTED_HEADERS_LENGTH) return ''
  const names = requestedHeaders.split(',').map((name) => name.trim())
  return names.every((name) => TOKEN.test(name)) ? names.join(', ') : ''
}
