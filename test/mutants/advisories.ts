/** Advisories of other gateways and of their libraries. */
import { type Concern, concern } from './concern.ts'

const PATHS = 'security/path-confusion.test.ts'
const HOSTS = 'security/hosts-and-targets.test.ts'
const SPOOFED = 'security/spoofed-fields.test.ts'
const ATTACKS = 'security/token-attacks.test.ts'
const CLAIMS = 'security/token-claims.test.ts'
const LEAKS = 'security/information-leaks.test.ts'
const SHAPES = 'security/claim-shapes.test.ts'
const MISTAKES = 'fixtures/config/mistakes.txt'
const PROCESS = 'security/process-life.test.ts'
const PRESENTED = 'security/token-presentation.test.ts'
const UPGRADE = 'integration/forwarding/upgrade.test.ts'
const CHALLENGE = 'security/challenge.test.ts'

export const ADVISORIES: readonly Concern[] = [
  concern('CVE-2026-33494', 'dot segments, escaped or not, reach a public route', [
    PATHS,
    "['CVE-2026-33494', '/public/%2e%2e/admin']",
  ]),
  concern(
    'CVE-2026-42274',
    'what is matched is not what is forwarded',
    [PATHS, "['CVE-2026-42274', '/orders/%2e%2e/admin']"],
    [PATHS, 'forwards %s as exactly %s'],
  ),
  concern(
    'CVE-2021-29492 CVE-2021-31920',
    'escaped slashes and backslashes, empty segments',
    [PATHS, "['CVE-2021-29492', '/%5Cadmin']"],
    [PATHS, "['CVE-2021-31920', '//admin']"],
  ),
  concern('CVE-2026-73553', 'path parameters', [PATHS, "['CVE-2026-73553', '/admin;x=1']"]),
  concern('CVE-2026-26205', 'two slashes read as an authority', [PATHS, "['CVE-2026-26205', '//evil.example/admin']"]),
  concern(
    'CVE-2026-85184 CVE-2026-112362',
    'an absolute request target',
    [HOSTS, 'absolute form of another host'],
    [PATHS, 'CVE-2026-112362'],
  ),
  concern(
    'CVE-2026-14198 CVE-2026-22031 CVE-2026-2880 CVE-2026-33804',
    'router and policy read two strings',
    [PATHS, "['CVE-2026-14198', '/users/a%2Fb/orders']"],
    [PATHS, 'CVE-2026-22031'],
    [PATHS, 'CVE-2026-2880'],
    [PATHS, 'CVE-2026-33804'],
  ),
  concern(
    'CVE-2026-126357 GHSA-5r4p-p66f-jhc7',
    'a path is decoded twice, or escaped slashes are decoded',
    [PATHS, "['CVE-2026-126357', '/public/%252e%252e/admin']"],
    [PATHS, 'GHSA-5r4p-p66f-jhc7'],
  ),
  concern(
    'CVE-2026-48020 GHSA-6jwx-7vp4-9847',
    'a prefix is stripped after the path was authorised',
    [PATHS, 'CVE-2026-48020: judges %s as /admin'],
    ['unit/forwarding/rewrite.test.ts', 'GHSA-6jwx-7vp4-9847'],
  ),
  concern('CVE-2025-54576', 'the query takes part in finding a public route', [
    PATHS,
    'CVE-2025-54576: lets the query of %s take no part',
  ]),
  concern('GHSA-pxq7-h93f-9jrg', 'a fragment in the path', [PATHS, "['GHSA-pxq7-h93f-9jrg', '/public/x#/../admin']"]),
  concern(
    'GHSA-5hvv-m4w4-gf6v',
    'a User-Agent of a health check switches authentication off',
    [PATHS, "['GHSA-5hvv-m4w4-gf6v', 'User-Agent: kube-probe/1.30']"],
    [HOSTS, 'GHSA-5hvv-m4w4-gf6v: stands at its one address'],
  ),
  concern(
    'CVE-2026-40575 CVE-2026-76835',
    'a field of the client says which path or peer it is',
    [PATHS, "['CVE-2026-40575', 'X-Forwarded-Uri: /public/x']"],
    [SPOOFED, 'believes no X-Forwarded-For without trusted proxies'],
    [SPOOFED, 'the last untrusted hop'],
  ),
  concern(
    'CVE-2026-35051 GHSA-5m6w-wvh7-57vm CVE-2025-64484',
    'forwarded fields and other spellings of identity fields pass',
    [SPOOFED, 'GHSA-5m6w-wvh7-57vm, CVE-2025-64484: never reach an upstream as %s'],
    [SPOOFED, "'X-Forwarded-Prefix: /evil'"],
  ),
  concern(
    'CVE-2026-44087 CVE-2026-39998 CVE-2026-31908',
    'an identity field of the client, or a claim that ends a line',
    [SPOOFED, 'CVE-2026-44087: are gone also when the claim is %s'],
    [SPOOFED, "['CVE-2026-39998', 'a line break'"],
    [SPOOFED, "['CVE-2026-31908', 'letters beyond Latin-1'"],
  ),
  concern('GHSA-w9mr-28mw-j8hg', 'Connection takes an identity field away', [
    SPOOFED,
    'GHSA-w9mr-28mw-j8hg: are set although Connection names %j',
  ]),
  concern(
    'CVE-2026-22817 CVE-2026-22818 CVE-2026-39999',
    'the algorithm of the token is believed',
    [ATTACKS, 'CVE-2026-22817, CVE-2026-39999: refuses %s signed with the public key'],
    [ATTACKS, 'CVE-2026-22818: refuses alg %j'],
  ),
  concern('CVE-2026-35039', 'a cache of tokens keyed by less than the whole token', [
    ATTACKS,
    'CVE-2026-35039: the cache of good tokens lets no other token through',
  ]),
  concern(
    'CVE-2026-16158',
    'a key whose parts run into each other',
    ['unit/rate-limiting/key.test.ts', 'never lets two different lists of parts share a key'],
    [CLAIMS, 'GHSA-27xw-p8v6-9jjr'],
  ),
  concern('GHSA-27xw-p8v6-9jjr', 'a key of one issuer signs for another', [
    CLAIMS,
    'GHSA-27xw-p8v6-9jjr: refuses a key of issuer A for a token that says B',
  ]),
  concern(
    'GHSA-wcvh-g65p-v576',
    'missing aud, iss or exp, also from a cache',
    [CLAIMS, "['exp missing', { exp: undefined }]"],
    [CLAIMS, "['no audience', { aud: undefined }]"],
    ['integration/authentication/cached-tokens.test.ts', 'are refused from the moment they expire, skew included'],
  ),
  concern(
    'CVE-2022-29226',
    'a token that is there is taken for one that is good',
    [PATHS, 'CVE-2022-29226'],
    [ATTACKS, 'refuses changed payloads, changed headers'],
    [PRESENTED, 'CVE-2022-29226: a token that is known already'],
  ),
  concern(
    'CVE-2026-22754 CVE-2026-47892',
    'a condition that is configured and not used; a preflight that reaches a handler',
    [MISTAKES, '=== an unknown key of an allow line'],
    [MISTAKES, '=== ownership of a parameter that is not in the path'],
    ['security/cors.test.ts', 'CVE-2026-47892: answers one for %s without a token'],
  ),
  concern(
    'CVE-2026-22750',
    'a TLS setting that is not honoured',
    ['unit/config/load-values.test.ts', 'refuses files that hold no certificate and no key'],
    [
      'integration/forwarding/tls-upstream.test.ts',
      'sends nothing to an upstream whose certificate nobody vouches for',
    ],
  ),
  concern('CVE-2025-24030', 'the metrics listener exposes something else', [
    LEAKS,
    'CVE-2025-24030: serves nothing of the admin listener on this port',
  ]),
  concern(
    'CVE-2025-25294',
    'a line of the log is forged',
    [CHALLENGE, 'CVE-2025-25294: takes no request id with which a log line could be forged'],
    ['unit/observability/access-log.test.ts', 'is one line of plain JSON with the fields that pino would write'],
  ),
  concern(
    'CVE-2025-30157',
    'an answer of the gateway itself ends the process',
    [UPGRADE, 'gets 403 and 429 as ordinary answers'],
    [PROCESS, 'outlives %s whose sender resets the connection'],
  ),
  concern('GHSA-c5c4-8r6x-56w3', 'claims are compared by their end', [
    SHAPES,
    "'GHSA-c5c4-8r6x-56w3', '/mail', { email: 'evil@evil.com@corp.com' }",
  ]),
]
