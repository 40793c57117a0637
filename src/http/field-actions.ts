/** What happens to each request header field on its way to an upstream. */

export type FieldAction =
  | 'pass'
  | 'drop'
  | 'authorization'
  | 'connection'
  | 'cookie'
  | 'content-length'
  | 'content-type'
  | 'transfer-encoding'
  | 'host'
  | 'origin'
  | 'request-method'
  | 'request-headers'
  | 'forwarded-for'
  | 'forwarded-proto'
  | 'request-id'
  | 'traceparent'
  | 'tracestate'
  | 'via'

/** Fields that the gateway reads, here or in a stage. */
const READ: ReadonlyMap<string, FieldAction> = new Map<string, FieldAction>([
  ['authorization', 'authorization'],
  ['connection', 'connection'],
  ['cookie', 'cookie'],
  ['content-length', 'content-length'],
  ['content-type', 'content-type'],
  ['transfer-encoding', 'transfer-encoding'],
  ['host', 'host'],
  ['origin', 'origin'],
  ['access-control-request-method', 'request-method'],
  ['access-control-request-headers', 'request-headers'],
  ['x-forwarded-for', 'forwarded-for'],
  ['x-forwarded-proto', 'forwarded-proto'],
  ['x-request-id', 'request-id'],
  ['traceparent', 'traceparent'],
  ['tracestate', 'tracestate'],
  ['via', 'via'],
])

/** Hop-by-hop (RFC 9110 section 7.6.1), or answered by the gateway itself. */
const HOP_BY_HOP = `keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer upgrade expect http2-settings`

/** Said by the gateway alone: whoever sends them wants an upstream to take the request for another one. */
const SPOOFED = `forwarded x-forwarded x-real-ip x-client-ip true-client-ip x-original-url x-original-uri x-original-host
  x-original-method x-original-forwarded-for x-rewrite-url x-http-method x-http-method-override x-method-override x-host`

const DROPPED: ReadonlySet<string> = new Set(`${HOP_BY_HOP} ${SPOOFED}`.split(/\s+/))

/** As CGI-like servers see a name: everything but letters and digits is the same character. */
export function toFieldKey(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-')
}

/** @param owned keys (see {@link toFieldKey}) of the identity fields that the gateway sets */
export function classifyField(name: string, owned: ReadonlySet<string>): FieldAction {
  const key = toFieldKey(name)
  if (owned.has(key) || DROPPED.has(key)) return 'drop'
  const action = READ.get(key)
  if (action === undefined) return key.startsWith('x-forwarded-') ? 'drop' : 'pass'
  // `X_Forwarded_For` is not the field, but an upstream may take it for the field.
  return name.toLowerCase() === key ? action : 'drop'
}
