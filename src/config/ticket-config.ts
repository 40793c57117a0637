/** Tokens of pages that cannot set the Authorization field (WebSocket, EventSource): checked, references resolved, defaults applied. */
import type { RouteConfig } from './gateway-config.ts'

/** `ticket`: the query has a ticket. `subprotocol`: a WebSocket handshake offers the token after `bearer`. */
export type TokenPlace = 'ticket' | 'subprotocol'

/** Present when a route takes tickets. */
export interface TicketConfig {
  readonly lifeMs: number
  /** Where a page gets a ticket, as a route that no upstream serves. */
  readonly page: RouteConfig
}
