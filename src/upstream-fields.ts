import { GatewayError } from './errors.ts'
import { addForwardingFields, addIdentityFields } from './forwarding/request-headers.ts'
import type { RequestFields } from './http/request-fields.ts'
import type { RouteMatch } from './routing/route-table.ts'
import type { Visit } from './visit.ts'

/** What an upstream gets: the client's end-to-end fields, then what the gateway says itself. Throws `invalid_request`. */
export function toUpstreamFields({ forwarded, token }: Visit, fields: RequestFields, { route }: RouteMatch): string[] {
  const headers = fields.endToEnd
  if (forwarded !== undefined) addForwardingFields(headers, forwarded)
  if (token !== undefined) addIdentityFields(headers, route.identity, token)
  if (route.identity.authorization === 'forward') {
    // On a public route nobody has looked at it yet. Which of two an upstream reads cannot be known.
    if (fields.authorization.length > 1) throw new GatewayError('invalid_request', 'token_twice')
    for (const value of fields.authorization) headers.push('Authorization', value)
  }
  if (fields.contentLength !== undefined) headers.push('Content-Length', String(fields.contentLength))
  return headers
}
