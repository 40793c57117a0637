/** For how long keys serve, and what may make the gateway fetch them. */
import { inFile, type Mutant } from './mutant.ts'

const LIFE = ['security/jwks-life.test.ts']
const SOURCE = ['integration/authentication/key-source.test.ts']
const UNKNOWN = ['integration/authentication/unknown-kid.test.ts']

const life = inFile('authentication/jwks.ts', UNKNOWN, [
  {
    id: 'stale-keys-serve',
    find: 'return this.#clock.now() - this.#fetchedAtMs < this.#options.staleForMs ? this.#keySet : undefined',
    replace: 'return this.#clock.now() - this.#fetchedAtMs < this.#options.freshForMs ? this.#keySet : undefined',
    removes: 'keys serve while the issuer is down',
    tests: SOURCE,
    guards: ['pitfall 1'],
  },
  {
    id: 'stale-keys-end',
    find: 'return this.#clock.now() - this.#fetchedAtMs < this.#options.staleForMs ? this.#keySet : undefined',
    replace: 'return this.#keySet',
    removes: 'keys do not serve for ever',
    tests: SOURCE,
    guards: ['pitfall 1'],
  },
  {
    id: 'one-fetch-for-all',
    find: 'if (this.#flight !== undefined) return this.#flight.done\n',
    replace: '',
    removes: 'those who wait share one fetch',
    tests: SOURCE,
    guards: ['pitfall 1', 'pitfall 2'],
  },
  {
    id: 'cold-retry',
    find: 'if (this.#retryInMs() > 0) throw this.#unavailable(this.#retryInMs())',
    replace: '',
    removes: 'requests cause no fetch while the issuer is down',
    tests: SOURCE,
    guards: ['pitfall 1', 'pitfall 2'],
  },
  {
    id: 'unknown-kid-allowance',
    find: 'if (waitMs === 0 && retryInMs === 0) return',
    replace: 'if (waitMs >= 0 && retryInMs === 0) return',
    removes: 'a stream of invented kids causes no stream of fetches',
    tests: [...LIFE, ...UNKNOWN],
    guards: ['flaw 2', 'pitfall 2'],
  },
  {
    id: 'unknown-kid-fetches',
    find: 'if (waitMs === 0 && retryInMs === 0) return this.#start({ allowance, wanted: [wanted] })',
    replace: '',
    removes: 'a new key is good with its first token',
    tests: [...LIFE, ...UNKNOWN],
    guards: ['pitfall 3'],
  },
  {
    id: 'productive-fetch-is-free',
    find: 'if (flight.search?.wanted.every((wanted) => !this.#has(wanted))) flight',
    replace: 'if (flight.search !== undefined) flight',
    removes: 'rotations in a row are all found',
    guards: ['pitfall 3'],
  },
  {
    id: 'unknown-kid-while-down',
    find: "throw this.#failure === undefined ? invalidToken('token_key') : this.#unavailable(retryInMs || waitMs)",
    replace: "throw invalidToken('token_key')",
    removes: 'an outage of the issuer is not the client’s fault: 503, not 401',
    guards: ['flaw 7', 'pitfall 1'],
  },
  {
    id: 'outage-is-503',
    find: "return new GatewayError('keys_unavailable', `keys_${this.#failure ?? 'stale'}`, { retryAfterSeconds })",
    replace: "return Object.assign(invalidToken('token_key'), { retryAfterSeconds })",
    removes: 'without keys the answer is 503 and not 401',
    tests: ['security/jwks-life.test.ts', 'integration/authentication/authenticate.test.ts'],
    guards: ['flaw 7', 'pitfall 1'],
  },
  {
    id: 'foreign-errors',
    find: "failure = error instanceof KeyFetchError ? error : new KeyFetchError('malformed', error)",
    replace: 'if (!(error instanceof KeyFetchError)) throw error\n      failure = error',
    removes: 'whatever goes wrong in a fetch is a failed fetch',
    tests: ['integration/authentication/key-source.test.ts', 'integration/authentication/key-sources.test.ts'],
    guards: ['pitfall 1', 'pitfall 5'],
    survives: 'load throws nothing else by contract; the line is there for what nobody thought of',
  },
  {
    id: 'fetch-deadline',
    find: '      abort.abort(failure)\n      deadline.reject(failure)\n',
    replace: '      void abort\n      void failure\n',
    removes: 'a fetch ends in time',
    tests: SOURCE,
    guards: ['pitfall 4'],
  },
  {
    id: 'same-keys-same-object',
    find: 'if (keySet.fingerprint !== this.#keySet?.fingerprint) this.#keySet = keySet',
    replace: 'this.#keySet ??= keySet',
    removes: 'a removed key is forgotten',
    tests: LIFE,
    guards: ['RFC 7517 5'],
  },
])

const allowance = inFile('authentication/refetch-allowance.ts', UNKNOWN, [
  {
    id: 'clock-set-back',
    find: 'return elapsedMs < 0 ? 0 : Math.max(0, spanMs - elapsedMs)',
    replace: 'return Math.max(0, spanMs - elapsedMs)',
    removes: 'a clock that is set back does not stop fetches for hours',
    guards: ['pitfall 2'],
  },
  {
    id: 'allowance-is-spent',
    find: 'spentAtMs = clock.now()',
    replace: 'spentAtMs ??= undefined',
    removes: 'a fetch that brought nothing closes the door for a while',
    tests: [...LIFE, ...UNKNOWN],
    guards: ['flaw 2', 'pitfall 2'],
  },
])

const sessions = inFile(
  'authentication/known-sessions.ts',
  ['unit/authentication/known-sessions.test.ts'],
  [
    {
      id: 'sessions-bounded',
      find: 'young.size >= entries && !young.has(session)',
      replace: 'young.size < 0 && !young.has(session)',
      removes: 'the sessions that are known are bounded',
      guards: ['flaw 2'],
    },
    {
      id: 'session-has-a-name',
      find: "return own.some((value) => typeof value === 'string') ? digest(",
      replace: 'return own.length > 0 ? digest(',
      removes: 'the name of a client alone makes no session known',
      guards: ['flaw 2'],
    },
  ],
)

const knowing = inFile(
  'authentication/authenticate.ts',
  ['security/key-floods.test.ts'],
  [
    {
      id: 'strangers-are-strangers',
      find: "const caller = sessions.has(session) ? 'known' : 'stranger'",
      replace: "const caller = sessions.has(session) || session !== '' ? 'known' : 'stranger'",
      removes: 'a flood of forged tokens does not use up what known sessions have',
      guards: ['flaw 2', 'pitfall 3'],
    },
    {
      id: 'known-after-verification',
      find: '        sessions.add(session)\n',
      replace: '',
      removes: 'a session is known once a token of it was verified',
      guards: ['pitfall 3'],
    },
  ],
)

export const KEY_LIFE: readonly Mutant[] = [...life, ...allowance, ...sessions, ...knowing]
