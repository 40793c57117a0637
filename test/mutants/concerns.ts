/** Flaws in the design of other gateways, and pitfalls of the libraries that this one uses. */
import { type Concern, concern } from './concern.ts'

const PATHS = 'security/path-confusion.test.ts'
const HOSTS = 'security/hosts-and-targets.test.ts'
const SPOOFED = 'security/spoofed-fields.test.ts'
const ATTACKS = 'security/token-attacks.test.ts'
const CLAIMS = 'security/token-claims.test.ts'
const LEAKS = 'security/information-leaks.test.ts'
const SHAPES = 'security/claim-shapes.test.ts'
const LIFE = 'security/jwks-life.test.ts'
const MISTAKES = 'fixtures/config/mistakes.txt'
const PROCESS = 'security/process-life.test.ts'
const SOURCE = 'integration/authentication/key-source.test.ts'
const FAULTS = 'integration/forwarding/faults.test.ts'
const REDIS = 'integration/rate-limiting/faults.test.ts'
const PRESENTED = 'security/token-presentation.test.ts'
const UPGRADE = 'integration/forwarding/upgrade.test.ts'
const CHALLENGE = 'security/challenge.test.ts'

export const FLAWS: readonly Concern[] = [
  concern(
    'flaw 1',
    'one cache of keys for all issuers, by kid alone',
    [CLAIMS, 'refuses a key of issuer A for a token that says B'],
    [CLAIMS, 'refuses a token of an issuer that does not count on this route, also when it is cached'],
  ),
  concern(
    'flaw 2',
    'a list of unknown kids without bounds',
    [LIFE, 'fetches once for a flood of unknown kids'],
    [ATTACKS, '300 characters'],
  ),
  concern(
    'flaw 3',
    'a claim of another type is an exception',
    [SHAPES, "['flaw 3', '/realm-role', { realm_access: ['admin'] }]"],
    [CLAIMS, 'takes %s without failing'],
  ),
  concern('flaw 4', 'where the claim is missing, the field of the client stays', [
    SPOOFED,
    'are gone also when the claim is %s',
  ]),
  concern(
    'flaw 5',
    'a typo switches authorization off',
    [MISTAKES, '=== an unknown key of an allow line'],
    [SHAPES, 'is no %s for %j, with 403'],
  ),
  concern(
    'flaw 6',
    'one field changes what another one means',
    [MISTAKES, '=== token any beside a condition'],
    [MISTAKES, '=== all and any together'],
  ),
  concern(
    'flaw 7',
    'a missing scope, or an issuer that is down, is answered 401',
    [CHALLENGE, 'says insufficient_scope with the scopes that would do'],
    [LIFE, 'answers 503 with Retry-After, never 401, when there were never keys (%s)'],
  ),
  concern('flaw 8', 'one path is authorised and another one forwarded', [PATHS, 'forwards %s as exactly %s']),
  concern(
    'flaw 9',
    'two rules that both match are an error of the request',
    [MISTAKES, '=== two routes for everything below'],
    ['unit/routing/route-table.test.ts', 'does not let'],
  ),
  concern(
    'flaw 10',
    'no requirement means any valid token',
    [MISTAKES, '=== an allow line without a condition'],
    ['unit/authorization/decide.test.ts', 'describe('],
  ),
  concern('flaw 11', 'a path without a rule needs no token', [LEAKS, 'shows in no answer to a %s without a token']),
  concern(
    'flaw 12',
    'health on the same listener, opened by a field',
    [LEAKS, 'CVE-2025-24030: serves nothing of the admin listener on this port'],
    [PATHS, 'User-Agent: GoogleHC/1.0'],
  ),
  concern(
    'flaw 13',
    'what happens without Redis is not the operator’s choice',
    [REDIS, 'falls back when Redis refuses connections'],
    ['integration/rate-limiting/strange-stores.test.ts', 'lets nobody pass: %s'],
  ),
]

/** Of Node, Hono, undici, jose and ioredis. */
export const PITFALLS: readonly Concern[] = [
  concern(
    'pitfall 1',
    'jose: keys do not serve while the issuer is down, and every request fetches',
    [SOURCE, 'serves stale keys for 24 h while the issuer is down'],
    [LIFE, 'keeps serving with the keys at hand when the issuer is gone'],
  ),
  concern('pitfall 2', 'jose: failed fetches count for no cool-down', [
    'integration/authentication/unknown-kid.test.ts',
    'with one attempt, and known kids keep working',
  ]),
  concern('pitfall 3', 'jose: a new key is refused inside the cool-down', [
    LIFE,
    'refuses no good token while keys are rotated under load',
  ]),
  concern('pitfall 4', 'jose: a JWKS of any size is read', [SOURCE, 'keeps the old keys when the answer is %s']),
  concern(
    'pitfall 5',
    'jose: one broken key spoils the set',
    [LIFE, 'takes no key that is broken, weak, for encryption or with a secret'],
    [SOURCE, 'ignores poisoned members and keeps the good key'],
  ),
  concern(
    'pitfall 6',
    'jose: e = 1, padding and unused bits are taken',
    ['integration/authentication/forged-tokens.test.ts', 'refuses what anyone can make for a key with e = 1'],
    [ATTACKS, 'all the padding that base64 has'],
    [ATTACKS, 'refuses a signature whose unused bits are set'],
  ),
  concern(
    'pitfall 7',
    'jose: exp, aud and the kind of token are checked only when asked',
    [CLAIMS, 'refuses exp written as %s'],
    [CLAIMS, 'answers to a token of the kind %s'],
  ),
  concern(
    'pitfall 8',
    'jose: a key without alg verifies several algorithms',
    [ATTACKS, 'refuses %s, which the file does not name'],
    [
      'unit/authentication/key-set.test.ts',
      'binds a key without alg to the first listed algorithm that fits, and to no other',
    ],
  ),
  concern('pitfall 9', 'roles and scopes of another type', [
    SHAPES,
    "['pitfall 9', '/realm-role', { realm_access: { roles: 'superadmin' } }]",
  ]),
  concern('pitfall 10', 'Hono: paths are decoded once and not normalised', [
    PATHS,
    'answers 400 to %s, with a token or without, and sends nothing on',
  ]),
  concern(
    'pitfall 11',
    'Hono: methods fall through to broader routes, TRACE too',
    [HOSTS, 'never lets a %s pass: 401, then 405 with Allow'],
    [HOSTS, 'lets HEAD follow GET, and POST not'],
  ),
  concern('pitfall 12', 'absolute targets, fragments and CONNECT', [HOSTS, 'request targets that are not a path']),
  concern(
    'pitfall 13',
    'two Authorization fields are joined, two Host fields taken',
    [PRESENTED, 'the same token twice'],
    [HOSTS, 'twice with one value'],
  ),
  concern('pitfall 14', 'Node: fields beyond a number or size are lost', [
    ATTACKS,
    'answers 431 to a token that is larger than all fields may be',
  ]),
  concern('pitfall 15', 'llhttp: transfer codings that are not chunked come through', [
    'security/request-smuggling.test.ts',
    "['xchunked', ['Transfer-Encoding: xchunked']",
  ]),
  concern(
    'pitfall 16',
    'Node: 100 Continue before authentication; upgrades beside the handlers',
    ['integration/forwarding/expect-and-forms.test.ts', 'is not answered with 100 when the request is refused'],
    [UPGRADE, 'ignores Upgrade: %s, and strips it'],
  ),
  concern(
    'pitfall 17',
    'fetch: redirects are followed, bodies unpacked, fields invented',
    ['integration/forwarding/answers.test.ts', 'is not followed when it is a redirect, nor unpacked when it is packed'],
    [SOURCE, 'redirect'],
  ),
  concern(
    'pitfall 18',
    'undici: paths are normalised, and some values throw or end a line',
    [PATHS, 'forwards %s as exactly %s'],
    [SPOOFED, 'carry %s in a claim without becoming another field'],
    ['integration/forwarding/timeouts.test.ts', 'answers 504 when the head does not come in time'],
  ),
  concern(
    'pitfall 19',
    'undici: answers in unknown codings are taken',
    [FAULTS, 'answers 502 to %s'],
    [FAULTS, 'does not ask again for a POST'],
  ),
  concern('pitfall 20', 'a client that leaves while its token is verified leaves a request behind', [
    'integration/forwarding/aborts.test.ts',
    'while its token is verified leaves no request behind',
  ]),
  concern(
    'pitfall 21',
    'Node: close cuts connections that are in use, and hangs on those that never spoke',
    ['integration/process/drain.test.ts', 'describe('],
    [PROCESS, 'outlives %s whose sender resets the connection'],
  ),
  concern('pitfall 22', 'errors of libraries hold the request, and logs print them', [
    LEAKS,
    'holds no token, query, field value or subject, whatever happens',
  ]),
  concern('pitfall 23', 'ioredis: waits for a minute, and sends again later', [
    REDIS,
    'falls back when Redis hangs, and few checks that it answered itself reach Redis later',
  ]),
]

/** What others had and this gateway cannot have, and why. */
export const NOT_OURS: Readonly<Record<string, string>> = {
  '@hono/node-server below 1.19.10': 'it serves the admin listener alone, from a later version, and no files',
  'pitfall 24': 'a list of what was not measured; TLS, several issuers and long runs have tests of their own',
}
