/** Tickets in a query, whose names are read decoded, as an upstream would read them. */

/** What an opted-in route's query comes to without its tickets. */
export interface TakenTickets {
  /** Decoded; whatever stood there. */
  readonly tickets: readonly string[]
  /** Without them, and else byte for byte as it was: empty, or with its `?`. */
  readonly query: string
}

/** @param query empty, or with its `?`. Undefined: it holds no ticket. */
export function takeTickets(query: string): TakenTickets | undefined {
  if (!query.includes('ticket') && !query.includes('%')) return undefined
  const tickets: string[] = []
  const others: string[] = []
  for (const pair of query.slice(1).split('&')) {
    const ticket = ticketIn(pair)
    if (ticket === null) others.push(pair)
    else tickets.push(ticket)
  }
  if (tickets.length === 0) return undefined
  return { tickets, query: others.length === 0 ? '' : `?${others.join('&')}` }
}

/** `ticket`, each letter of which may be written as three. To decode is dear, and others choose how many pairs there are. */
const NAME_LENGTHS = [6, 18] as const

function ticketIn(pair: string): string | null {
  const end = pair.indexOf('=')
  const length = end === -1 ? pair.length : end
  if (length < NAME_LENGTHS[0] || length > NAME_LENGTHS[1]) return null
  // Behind an `&`, for the parser drops a `?` that it begins with.
  return new URLSearchParams(`&${pair}`).get('ticket')
}
