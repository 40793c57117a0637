/** Redis: what is taken from it for a verdict, and what happens while it is away. */
import { inFile, type Mutant } from './mutant.ts'

const FAULTS = ['integration/rate-limiting/faults.test.ts']
const GUARDED = ['unit/rate-limiting/guarded-rate-limiter.test.ts', 'unit/rate-limiting/batch.test.ts']

const store = inFile('rate-limiting/redis-window-store.ts', FAULTS, [
  {
    id: 'answer-checked',
    find: 'isIntegerWithin(remaining, limit - 1) &&\n    isIntegerWithin(resetMs, windowMs) &&',
    replace: 'isIntegerWithin(0, windowMs + limit) &&',
    removes: 'an answer that is none is no verdict',
    tests: ['integration/rate-limiting/strange-stores.test.ts'],
    guards: ['flaw 13', 'pitfall 23'],
  },
  {
    id: 'answer-counted',
    find: 'Array.isArray(reply) && reply.length === ANSWERS * orders.length ? reply : []',
    replace: '(Array.isArray(reply) ? reply : [reply])',
    removes: 'an answer has one verdict for each order',
    tests: ['integration/rate-limiting/strange-stores.test.ts'],
    guards: ['flaw 13'],
  },
  {
    id: 'allowed-is-0-or-1',
    find: '(allowed === 0 || allowed === 1) &&',
    replace: 'allowed !== undefined &&',
    removes: 'allowed is 0 or 1',
    tests: ['integration/rate-limiting/strange-stores.test.ts'],
    guards: ['flaw 13'],
  },
  {
    id: 'redis-error-word',
    find: 'return /^[A-Z]{2,20}(?= )/.exec(message)?.[0] ?? error.name',
    replace: 'return message',
    removes: 'only a word of an error of Redis is told',
    guards: ['pitfall 22'],
  },
  {
    id: 'redis-error-listener',
    find: "client.on('error', (error: unknown) => change('lost', toReason(error)))\n",
    replace: '',
    removes: 'an error of the connection is told once, and printed by nobody',
    guards: ['pitfall 23'],
  },
])

const client = inFile(
  'rate-limiting/redis-client.ts',
  ['integration/rate-limiting/redis-client.test.ts', ...FAULTS],
  [
    {
      id: 'no-retries',
      find: 'maxRetriesPerRequest: 0,',
      replace: 'maxRetriesPerRequest: 20,',
      removes: 'nothing is sent twice',
      guards: ['pitfall 23'],
    },
    {
      id: 'no-offline-queue',
      find: '...account, enableOfflineQueue: false, retryStrategy }',
      replace: '...account, enableOfflineQueue: true, retryStrategy }',
      removes: 'nothing waits for Redis to come back',
      guards: ['pitfall 23'],
    },
    {
      id: 'no-resend',
      find: 'autoResendUnfulfilledCommands: false,',
      replace: 'autoResendUnfulfilledCommands: true,',
      removes: 'what was sent is not sent again',
      guards: ['pitfall 23'],
    },
    {
      id: 'tls-of-the-url',
      find: "((tls || url.protocol === 'rediss:') && { tls: {} })",
      replace: '(tls && { tls: {} })',
      removes: 'rediss:// means TLS',
      guards: ['CVE-2026-22750'],
    },
  ],
)

const guarded = inFile(
  'rate-limiting/guarded-rate-limiter.ts',
  [...GUARDED, ...FAULTS],
  [
    {
      id: 'deadline',
      find: 'if (batch.undecided > 0) batch.startDeadline(clock, deadlineMs)',
      replace: 'void deadlineMs',
      removes: 'every check is decided in time',
      guards: ['pitfall 23'],
    },
    {
      id: 'breaker',
      find: 'if (!breaker.admitProbe()) return Promise.reject(CIRCUIT_OPEN)',
      replace: 'breaker.admitProbe(); void CIRCUIT_OPEN',
      removes: 'a store that is down is not waited for',
      guards: ['pitfall 23'],
    },
  ],
)

export const STORE: readonly Mutant[] = [...store, ...client, ...guarded]
