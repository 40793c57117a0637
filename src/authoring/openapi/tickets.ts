/** Tickets in the document: where a request may have one, and where a page gets it. */
import type { GatewayConfig, RouteConfig } from '../../config/gateway-config.ts'
import type { JsonObject } from '../../config/openapi/json.ts'

const PARAMETER: JsonObject = {
  name: 'ticket',
  in: 'query',
  schema: { type: 'string' },
  description: 'In place of the access token, once. For pages that cannot set Authorization (WebSocket, EventSource).',
}

/** The operation with its parameter for a ticket, where it takes one. */
export function withTicket(operation: JsonObject, { tokenFrom }: RouteConfig, method: string): JsonObject {
  if (method !== 'GET' || tokenFrom?.has('ticket') !== true) return operation
  const { parameters } = operation
  return { ...operation, parameters: [...(Array.isArray(parameters) ? parameters : []), PARAMETER] }
}

/** What `POST /.gateway/ticket` answers, as `responses` has it. */
export function ticketResponses({ lifeMs }: NonNullable<GatewayConfig['tickets']>): Record<string, JsonObject> {
  const properties = { ticket: { type: 'string' }, expires_in: { type: 'integer', description: 'Seconds.' } }
  const schema = { type: 'object', required: Object.keys(properties), properties }
  const description = `A ticket in place of the access token, to be used once, within ${lifeMs / 1000} seconds.`
  return { 200: { description, content: { 'application/json': { schema } } } }
}
