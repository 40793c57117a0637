/** Sessions of browsers: their cookies, who may use them, and one renewal for all. */
import { inFile, type Mutant } from './mutant.ts'

const LOGIN = ['integration/sessions/login.test.ts']
const RENEWAL = ['unit/sessions/renewal.test.ts']
const OVER_SOCKETS = ['security/session-cookies.test.ts', 'security/session-pages.test.ts']

const sealing = inFile(
  'sessions/seal.ts',
  ['unit/sessions/seal.test.ts'],
  [
    {
      id: 'session-spelling',
      find: "if (!text.split('.').every(isCanonical)) return undefined",
      replace: 'void isCanonical',
      removes: 'a cookie has one spelling',
    },
    {
      id: 'session-purpose',
      find: 'if (key === undefined || header.typ !== typeOf(purpose))',
      replace: 'if (key === undefined)',
      removes: 'a login’s cookie is no session',
    },
    {
      id: 'session-of-other-key',
      find: "typeof kid === 'string' && !byId.has(kid)",
      replace: "typeof kid === 'string' && kid === ''",
      removes: 'an exchange of keys logs nobody out',
      tests: ['security/session-cookies.test.ts'],
    },
    {
      id: 'session-algorithm',
      find: 'await compactDecrypt(text, keyFor(purpose), OPTIONS)',
      replace: 'await compactDecrypt(text, keyFor(purpose))',
      removes: 'only dir and A256GCM open a cookie',
    },
  ],
)

const cookies = inFile(
  'sessions/cookies.ts',
  ['unit/sessions/cookies.test.ts'],
  [
    {
      id: 'session-cookie-attributes',
      find: "'Path=/; Secure; HttpOnly; SameSite=Lax'",
      replace: "'Path=/; Secure; SameSite=Lax'",
      removes: 'scripts cannot read the cookie',
      guards: ['RFC 6265bis 5.7'],
    },
    {
      id: 'session-cookie-twice',
      find: 'for (const name of twice) own.delete(name)',
      replace: '',
      removes: 'a cookie that stands there twice counts as none',
    },
    {
      id: 'session-stale-pieces',
      find: 'return [...set, ...clearPieces(name, present, count)]',
      replace: 'return set',
      removes: 'pieces of a longer session are removed',
    },
  ],
)

const own = inFile('own-cookies.ts', OVER_SOCKETS, [
  {
    id: 'own-cookies-stripped',
    find: "const others = value.split(';').filter((pair) => !OWN.test(pair))",
    replace: "const others = value.split(';')",
    removes: 'no upstream gets the session',
  },
  {
    id: 'own-cookies-set',
    find: 'return SETS_OWN.test(value)',
    replace: 'return false',
    removes: 'no upstream sets a session',
  },
])

const asking = inFile(
  'sessions/browser.ts',
  ['unit/sessions/browser.test.ts'],
  [
    {
      id: 'session-own-page',
      find: "if (site === 'same-origin') return true",
      replace: "if (site !== 'cross-site') return true",
      removes: 'pages of other hosts of the site do not act with the session',
      guards: ['RFC 9700'],
    },
    {
      id: 'session-upgrade-unsafe',
      find: 'return isUpgrade || !SAFE.has(method)',
      replace: 'return !SAFE.has(method)',
      removes: 'a WebSocket of another page does not use the session',
    },
  ],
)

const use = inFile('sessions/login.ts', OVER_SOCKETS, [
  {
    id: 'session-csrf',
    find: 'isUnsafe(request) &&',
    replace: 'false &&',
    removes: 'what changes something comes from an own page',
  },
  {
    id: 'session-over',
    find: 'return session === undefined || isOver(session, login.lifetime, now()) ? undefined : session',
    replace: 'return session',
    removes: 'a session ends',
  },
  {
    id: 'session-private',
    find: "['Cache-Control', 'private', 'Vary', 'Cookie']",
    replace: '[]',
    removes: 'shared caches keep no answer to a session',
    guards: ['RFC 9111 5.2.2.7'],
  },
])

const stage = inFile('session-stage.ts', OVER_SOCKETS, [
  {
    id: 'session-opt-in',
    find: 'match?.route.session === true && ',
    replace: '',
    removes: 'a route that does not say so reads no session',
  },
  {
    id: 'session-yields',
    find: ' && fields?.authorization.length === 0',
    replace: '',
    removes: 'a request’s own token wins over its session',
  },
])

const pages = inFile('sessions/login-pages.ts', LOGIN, [
  {
    id: 'login-spent',
    find: 'return seeOther(login.publicOrigin + transaction.returnTo, [...kept, ...spent])',
    replace: 'return seeOther(login.publicOrigin + transaction.returnTo, kept)',
    removes: 'a login is spent by its callback',
  },
  {
    id: 'logout-own-page',
    find: 'if (!isFromOwnPage(request, login.publicOrigin, request.otherOrigins)) {',
    replace: 'if (!isFromOwnPage(request, login.publicOrigin, request.otherOrigins) && isFromOwnPage === undefined) {',
    removes: 'no other page logs somebody out',
    tests: OVER_SOCKETS,
  },
])

const asked = inFile('sessions/issuer-client.ts', LOGIN, [
  {
    id: 'login-nonce',
    find: 'expectedState: state, expectedNonce: nonce,',
    replace: 'expectedState: state, expectedNonce: nonce && "of-another-login",',
    removes: 'the ID token is of this login',
    guards: ['OpenID Connect Core 3.1.3.7'],
  },
])

const renewing = inFile('sessions/renewal.ts', RENEWAL, [
  {
    id: 'renewal-claimed',
    find: 'if (await store.claim(key, owner, LOCK_MS)) {',
    replace: 'if ((await store.claim(key, owner, LOCK_MS)) || owner) {',
    removes: 'one process renews for all',
    guards: ['RFC 9700 4.14.2'],
  },
  {
    id: 'renewal-published',
    find: 'await publish(key, renewed).catch(() => {})',
    replace: 'void publish',
    removes: 'the others get what the first one got',
  },
  {
    id: 'renewal-of-this-token',
    find: 'if (outcome.for !== key) return undefined',
    replace: 'if (outcome === undefined) return undefined',
    removes: 'a renewal that Redis puts in the place of another does not count',
  },
  {
    id: 'renewal-same-subject',
    find: 'if (tokens.subject !== undefined && tokens.subject !== subjectOf(session.idToken)) return undefined',
    replace: 'void subjectOf',
    removes: 'a renewal makes nobody another person',
    guards: ['OpenID Connect Core 12.2'],
  },
])

const ending = [
  ...inFile('sessions/login.ts', LOGIN, [
    {
      id: 'logout-ends-copies',
      find: 'kept === undefined || (await endings.hasEnded(kept))',
      replace: 'kept === undefined',
      removes: 'a copy of a cookie is worth nothing after the logout',
    },
  ]),
  ...inFile('sessions/login-pages.ts', LOGIN, [
    {
      id: 'logout-revokes',
      find: 'if (refreshToken === undefined) return',
      replace: "if (refreshToken !== '') return",
      removes: 'a logout revokes the refresh token',
      guards: ['RFC 7009'],
    },
    {
      id: 'logout-revokes-newest',
      find: 'const { refreshToken } = await renewal.latest(session)',
      replace: 'const { refreshToken } = session',
      removes: 'a logout with an old cookie revokes the newest token',
    },
  ]),
  ...inFile('sessions/renewal.ts', RENEWAL, [
    {
      id: 'logout-beats-renewal',
      find: 'return renewed && (await unlessEnded(key, renewed))',
      replace: 'void unlessEnded\n    return renewed',
      removes: 'a renewal brings no session back that was ended meanwhile',
    },
  ]),
  ...inFile(
    'sessions/endings.ts',
    ['unit/sessions/endings.test.ts'],
    [
      {
        id: 'logout-known-soon',
        find: 'now() < last.untilMs',
        replace: 'now() >= 0',
        removes: 'a logout is known to all gateways within seconds',
      },
    ],
  ),
  ...inFile(
    'sessions/redis-renewal-store.ts',
    ['contract/redis-renewal-store.test.ts'],
    [
      {
        id: 'logout-in-redis',
        find: "client.set(endKey(sessionId), '', 'PX', ttlMs)",
        replace: "client.set(endKey(''), '', 'PX', ttlMs)",
        removes: 'a logout is known to other processes',
      },
    ],
  ),
]

const returning = inFile(
  'sessions/return-to.ts',
  ['unit/sessions/return-to.test.ts'],
  [
    {
      id: 'return-to-canonical',
      find: 'const { path, query } = readRequestTarget(text, MAX_BYTES)',
      replace:
        "const { path, query } = text.startsWith('/') ? { path: text, query: '' } : readRequestTarget(text, MAX_BYTES)",
      removes: 'a login leads back to this gateway only',
      guards: ['RFC 9700 4.11'],
    },
  ],
)

export const SESSIONS: readonly Mutant[] = [
  ...[...sealing, ...cookies, ...own, ...asking, ...use, ...stage, ...pages],
  ...[...asked, ...renewing, ...ending, ...returning],
]
