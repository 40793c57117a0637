/**
 * Tokens of pages that cannot set the Authorization field, on the path of a request: a ticket in the query, a token among the
 * subprotocols; and where a page gets its ticket.
 */
import { readBearerToken } from './authentication/bearer-token.ts'
import type { TokenPlace } from './config/ticket-config.ts'
import { GatewayError } from './errors.ts'
import type { StreamTerms } from './forwarding/stream-terms.ts'
import type { RequestFields } from './http/request-fields.ts'
import { takeBearerProtocol } from './tickets/bearer-protocol.ts'
import { takeTickets } from './tickets/ticket-query.ts'
import type { Tickets } from './tickets/tickets.ts'
import type { Visit } from './visit.ts'

/**
 * Takes tickets and tokens out of the query and the subprotocols, whatever the method, and puts the one token where a bearer token
 * of the request would stand. Throws `invalid_request` for two ways at once (RFC 6750 section 2).
 * @param places those that the route allows
 * @returns a ticket, which is to be redeemed if the request needs a token
 */
export function takePageToken(visit: Visit, places: ReadonlySet<TokenPlace>): string | undefined {
  const { exchange, method, runtime } = visit
  const fields = visit.fields as RequestFields
  const tickets = places.has('ticket') ? withoutTickets(visit) : []
  const tokens = places.has('subprotocol') ? withoutBearer(visit, fields) : []
  if (tickets.length + tokens.length === 0) return undefined
  if (tickets.length + tokens.length + fields.authorization.length > 1) {
    throw new GatewayError('invalid_request', 'token_twice')
  }
  const [ticket] = tickets
  const [token] = tokens
  if (token !== undefined && exchange.upgrade !== undefined) fields.authorization = [`Bearer ${token}`]
  // A simulation has no tickets.
  return method !== 'GET' || runtime.tickets === undefined ? undefined : ticket
}

/** Puts the token of a ticket where a bearer token would stand. Rejects with `invalid_token` or `tickets_unavailable`. */
export async function redeemTicket({ runtime, fields }: Visit, ticket: string): Promise<void> {
  const redeemed = await (runtime.tickets as Tickets).redeem(ticket)
  ;(fields as RequestFields).authorization = [`Bearer ${redeemed}`]
}

function withoutTickets(visit: Visit): readonly string[] {
  const taken = takeTickets(visit.target.query)
  if (taken === undefined) return []
  visit.target = { path: visit.target.path, query: taken.query }
  return taken.tickets
}

function withoutBearer(visit: Visit, fields: RequestFields): readonly string[] {
  const offered = takeBearerProtocol(fields.endToEnd)
  if (offered === undefined) return []
  fields.endToEnd = offered.fields
  visit.subprotocol = offered.marker
  return offered.tokens
}

/** How long a stream may last on a route where pages open them: as long as its token, wherever that stood. */
export function termsOf({ match, token, runtime, subprotocol }: Visit): StreamTerms | undefined {
  if (match?.route.tokenFrom === undefined || token === undefined || runtime.clock === undefined) return undefined
  return { endsAtMs: token.expiresAtMs, clock: runtime.clock, subprotocol }
}

/** Answers with a ticket for the token of the request. Rejects with `tickets_unavailable`. */
export async function answerTicket(visit: Visit, tickets: Tickets): Promise<void> {
  const presented = readBearerToken(visit.fields?.authorization ?? [], visit.target.query)
  const { ticket, lifeMs } = await tickets.issue(presented, visit.token?.expiresAtMs ?? 0)
  const headers = ['Content-Type', 'application/json', 'Cache-Control', 'no-store']
  visit.addAnswerFields(headers)
  const body = JSON.stringify({ ticket, expires_in: Math.floor(lifeMs / 1000) })
  visit.answer('ticket', { status: 200, headers, body })
}
