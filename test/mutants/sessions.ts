/** Sessions of browsers: their cookies, and who may use them. */
import { inFile, type Mutant } from './mutant.ts'

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

const caching = inFile('http/private-answer.ts', OVER_SOCKETS, [
  {
    id: 'session-targeted-caches',
    find: 'else if (!TARGETED.test(key)) headers.push(name, value)',
    replace: 'else headers.push(name, value)',
    removes: 'no CDN keeps an answer to a session because its upstream says so',
    guards: ['RFC 9213'],
  },
  {
    id: 'session-shared-caches',
    find: "text !== '' && !FOR_SHARED_CACHES.test(text)",
    replace: "text !== ''",
    removes: 'no shared cache is told that it may keep an answer to a session',
    guards: ['RFC 9111 5.2.2'],
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
  ...[...sealing, ...cookies, ...own, ...asking, ...use, ...caching, ...stage, ...returning],
]
