/**
 * The door of this folder: tickets, with which a page opens what cannot send its token (WebSocket, EventSource). A ticket allows
 * nothing by itself: what comes out of it is the access token it was made for, which goes the way of every other one.
 */
import { randomBytes } from 'node:crypto'
import { invalidToken } from '../errors.ts'
import { isTicket, keyOf, openToken, sealToken } from './seal-ticket.ts'
import type { TicketStore } from './ticket-store.ts'

export interface IssuedTicket {
  readonly ticket: string
  readonly lifeMs: number
}

/** Everything rejects with `tickets_unavailable` when the store fails. */
export interface Tickets {
  /** For a token that was verified. A ticket lives no longer than it. @param endsAtMs of the token, ms since the epoch */
  issue(token: string, endsAtMs: number): Promise<IssuedTicket>
  /** The token of a ticket, which is spent then. Rejects with `invalid_token`: unknown, used, over and malformed look the same. */
  redeem(ticket: string): Promise<string>
}

export interface TicketDeps {
  readonly store: TicketStore
  readonly lifeMs: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export function createTickets({ store, lifeMs, now }: TicketDeps): Tickets {
  return {
    async issue(token, endsAtMs) {
      const ticket = randomBytes(32).toString('base64url')
      const livesMs = Math.max(1, Math.min(lifeMs, Math.floor(endsAtMs - now())))
      await store.put(keyOf(ticket), sealToken(ticket, token), livesMs)
      return { ticket, lifeMs: livesMs }
    },
    async redeem(ticket) {
      if (!isTicket(ticket)) throw invalidToken('ticket_invalid')
      const sealed = await store.take(keyOf(ticket))
      const token = sealed === undefined ? undefined : openToken(ticket, sealed)
      if (token === undefined) throw invalidToken('ticket_invalid')
      return token
    },
  }
}
