/** Tokens of pages that cannot set the Authorization field: tickets, subprotocols. */
import { inFile, type Mutant } from './mutant.ts'

const TICKETS = ['security/tickets.test.ts']
const PROTOCOL = ['security/bearer-subprotocol.test.ts']
const SEAL = ['unit/tickets/seal-ticket.test.ts']
const MISTAKES = ['unit/config/mistakes.test.ts']

const stage = inFile('page-token-stage.ts', TICKETS, [
  {
    id: 'page-token-two-ways',
    find: 'if (tickets.length + tokens.length + fields.authorization.length > 1) {',
    replace: 'if (tickets.length + tokens.length > 1) {',
    removes: 'a ticket beside an Authorization field is refused',
    guards: ['RFC 6750 2'],
  },
  {
    id: 'ticket-forwarded',
    find: 'visit.target = { path: visit.target.path, query: taken.query }',
    replace: '',
    removes: 'no upstream gets a ticket',
  },
  {
    id: 'ticket-any-method',
    find: "method !== 'GET' ||",
    replace: '',
    removes: 'a ticket counts for GET alone',
  },
  {
    id: 'ticket-any-route',
    find: "places.has('ticket') ? withoutTickets(visit) : []",
    replace: 'withoutTickets(visit)',
    removes: 'a ticket counts only where the route says so',
    also: [
      {
        file: 'src/pipeline.ts',
        find: 'route?.tokenFrom === undefined ? undefined : takePageToken(visit, route.tokenFrom)',
        replace: 'takePageToken(visit, route?.tokenFrom ?? new Set())',
      },
    ],
  },
  {
    id: 'protocol-any-route',
    find: "places.has('subprotocol') ? withoutBearer(visit, fields) : []",
    replace: 'withoutBearer(visit, fields)',
    removes: 'a token among the subprotocols counts only where the route says so',
    tests: PROTOCOL,
  },
  {
    id: 'protocol-forwarded',
    find: 'fields.endToEnd = offered.fields',
    replace: '',
    removes: 'no upstream gets a token among the subprotocols',
    tests: PROTOCOL,
  },
  {
    id: 'protocol-of-requests',
    find: 'if (token !== undefined && exchange.upgrade !== undefined)',
    replace: 'if (token !== undefined)',
    removes: 'only a handshake has a token among its subprotocols',
    tests: PROTOCOL,
  },
])

const texts = [
  ...inFile('tickets/ticket-query.ts', TICKETS, [
    {
      id: 'ticket-spelling',
      find: "if (!query.includes('ticket') && !query.includes('%')) return undefined",
      replace: "if (!query.includes('ticket')) return undefined",
      removes: 'an encoded name of the parameter is the same name',
    },
    {
      id: 'ticket-long-spelling',
      find: 'length > NAME_LENGTHS[1]',
      replace: 'length > 16',
      removes: 'a name of which every letter is encoded is the same name',
      tests: ['unit/tickets/ticket-query.test.ts'],
    },
    {
      id: 'ticket-question-mark',
      find: 'new URLSearchParams(`&${pair}`)',
      replace: 'new URLSearchParams(pair)',
      removes: 'a parameter that begins with a question mark stays',
    },
  ]),
  ...inFile('tickets/bearer-protocol.ts', PROTOCOL, [
    {
      id: 'protocol-case',
      find: 'protocol.toLowerCase() === MARKER',
      replace: 'protocol === MARKER',
      removes: 'a token behind Bearer reaches no upstream either',
    },
    {
      id: 'protocol-field-case',
      find: 'name.toLowerCase() === FIELD',
      replace: "name === 'Sec-WebSocket-Protocol'",
      removes: 'a token is found in whatever spelling of the field',
    },
  ]),
]

const store = [
  ...inFile('tickets/seal-ticket.ts', SEAL, [
    {
      id: 'ticket-name-is-key',
      find: "createCipheriv(CIPHER, derive(ticket, 'key'), NONCE)",
      replace: "createCipheriv(CIPHER, derive(ticket, 'name'), NONCE)",
      removes: 'whoever reads the store cannot decrypt what is in it',
      also: [
        {
          file: 'src/tickets/seal-ticket.ts',
          find: "createDecipheriv(CIPHER, derive(ticket, 'key'), NONCE,",
          replace: "createDecipheriv(CIPHER, derive(ticket, 'name'), NONCE,",
        },
      ],
    },
    {
      id: 'ticket-tag',
      find: "decipher.update(bytes.subarray(0, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')",
      replace: "decipher.update(bytes.subarray(0, -TAG_BYTES), undefined, 'utf8')",
      removes: 'a changed entry of the store does not open',
    },
  ]),
  ...inFile(
    'tickets/ticket-store.ts',
    ['unit/tickets/tickets.test.ts'],
    [
      {
        id: 'ticket-twice',
        find: '      kept.delete(key)\n      return known',
        replace: '      return known',
        removes: 'a ticket is good once',
      },
      {
        id: 'ticket-life',
        find: 'known !== undefined && now() < known.untilMs ? known.value : undefined',
        replace: 'known?.value',
        removes: 'a ticket is over after its life',
      },
      {
        id: 'ticket-bound',
        find: "if (kept.size >= maxTickets) throw new GatewayError('tickets_unavailable', 'ticket_store_full')",
        replace: '',
        removes: 'tickets take a bounded memory',
      },
    ],
  ),
  ...inFile(
    'tickets/redis-ticket-store.ts',
    ['integration/process/shared-tickets.test.ts'],
    [
      {
        id: 'ticket-twice-in-redis',
        find: 'client.getdel(keyOf(key))',
        replace: 'client.get(keyOf(key))',
        removes: 'of several gateways one takes a ticket',
      },
      {
        id: 'ticket-stays-in-redis',
        find: "client.set(keyOf(key), value, 'PX', ttlMs)",
        replace: 'client.set(keyOf(key), `${value}${ttlMs}`.slice(0, value.length))',
        removes: 'Redis forgets a ticket after its life',
      },
    ],
  ),
  ...inFile(
    'tickets/tickets.ts',
    ['unit/tickets/tickets.test.ts'],
    [
      {
        id: 'ticket-outlives-token',
        find: 'Math.min(lifeMs, Math.floor(endsAtMs - now()))',
        replace: 'lifeMs',
        removes: 'a ticket lives no longer than its token',
      },
    ],
  ),
]

const file = inFile('config/resolve-tickets.ts', MISTAKES, [
  {
    id: 'tickets-where-get-is-public',
    find: 'if (open !== undefined && (!allow || opensGet))',
    replace: 'if (opensGet === null)',
    removes: 'a ticket is never left in the query of a public request',
  },
  {
    id: 'tickets-of-other-issuers',
    find: "routes.filter(({ tokenFrom }) => tokenFrom?.has('ticket'))",
    replace: 'routes',
    removes: 'tickets are made for issuers of routes with tickets alone',
    tests: TICKETS,
  },
  {
    id: 'tickets-of-other-workers',
    find: 'if (workers !== 1 && !redis) {',
    replace: 'if (workers === null && !redis) {',
    removes: 'several workers know the tickets of each other',
  },
])

export const PAGE_TOKENS: readonly Mutant[] = [...stage, ...texts, ...store, ...file]
