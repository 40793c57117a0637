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
    // Behind an `&`, for the parser drops a `?` that it begins with.
    const ticket = new URLSearchParams(`&${pair}`).get('ticket')
    if (ticket === null) others.push(pair)
    else tickets.push(ticket)
  }
  if (tickets.length === 0) return undefined
  return { tickets, query: others.length === 0 ? '' : `?${others.join('&')}` }
}
