/** Logins, renewals and logouts at the issuer. */
import { inFile, type Mutant } from './mutant.ts'

const LOGIN = ['integration/sessions/login.test.ts']
const RENEWAL = ['unit/sessions/renewal.test.ts']

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
    tests: ['security/session-pages.test.ts'],
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
      tests: ['unit/sessions/login-pages.test.ts'],
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

export const LOGINS: readonly Mutant[] = [...pages, ...asked, ...renewing, ...ending]
