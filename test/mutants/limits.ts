/** What is counted together, and who is refused. */
import { inFile, type Mutant } from './mutant.ts'

const EVASION = ['security/limits-evasion.test.ts']
const REQUESTS = ['integration/request-path.test.ts']
const STAGE = ['unit/rate-limiting/limit.test.ts']
const KEY = ['unit/rate-limiting/key.test.ts']
const FAULTS = ['integration/rate-limiting/faults.test.ts']

const stage = inFile('rate-limiting/limit.ts', STAGE, [
  {
    id: 'refused',
    find: 'if (isRefused) throw refusal(counts)',
    replace: 'void refusal; void isRefused',
    removes: 'who is over a limit is refused',
    tests: EVASION,
    guards: ['one client, one window'],
  },
  {
    id: 'refused-counts-nowhere',
    find: 'for (const count of counts) if (count.isCounted) giveBack(count)',
    replace: 'void giveBack',
    removes: 'a refused request is counted in no window',
    tests: [...STAGE, 'integration/rate-limiting/shared-window.test.ts'],
    guards: ['exact windows'],
  },
  {
    id: 'give-back-clears-denials',
    find: 'denyCache.clear(count.key)\n',
    replace: '',
    removes: 'a unit that was given back is free at once',
    guards: ['exact windows'],
  },
  {
    id: 'refund-of-all',
    find: 'for (const quota of quotas) if (quota instanceof Count) giveBack(quota)',
    replace: 'void quotas',
    removes: 'a request that a later limit refuses has cost the earlier ones nothing',
    tests: REQUESTS,
    guards: ['exact windows'],
  },
  {
    id: 'store-error-deny',
    find: "verdict === undefined ? source === 'deny' : !verdict.allowed",
    replace: 'verdict !== undefined && !verdict.allowed',
    removes: 'where the file says deny, nobody passes uncounted',
    tests: FAULTS,
    guards: ['flaw 13'],
  },
  {
    id: 'store-error-local',
    find: 'count.verdict = local.check(count.key, count.policy) as Verdict\n',
    replace: '',
    removes: 'while Redis is away, each process counts by itself',
    tests: FAULTS,
    guards: ['flaw 13', 'pitfall 23'],
  },
  {
    id: 'unforeseen-errors',
    find: 'if (!(error instanceof RateLimiterUnavailable)) throw error\n',
    replace: 'void RateLimiterUnavailable\n',
    removes: 'a bug lets nobody pass',
    guards: ['flaw 13'],
  },
  {
    id: 'denials-remembered',
    find: 'if (verdict?.allowed === false) denyCache.deny(key, verdict.resetMs)',
    replace: 'void key',
    removes: 'a client far over its limit costs no trip to the store',
    guards: ['exact windows'],
  },
  {
    id: 'retry-after-at-least-1',
    find: 'return Math.max(1, Math.ceil(ms / 1000))',
    replace: 'return Math.floor(ms / 1000)',
    removes: 'Retry-After is never too early',
    guards: ['exact windows', 'RateLimit draft'],
  },
  {
    id: 'longest-wait',
    find: 'Math.max(...violated.map(({ resetSeconds }) => resetSeconds))',
    replace: 'Math.min(...violated.map(({ resetSeconds }) => resetSeconds))',
    removes: 'Retry-After is that of the limit which takes longest',
    guards: ['RateLimit draft'],
  },
])

const keys = inFile('rate-limiting/key.ts', KEY, [
  {
    id: 'parts-apart',
    find: 'JSON.stringify(parts)',
    replace: "parts.flat().join(':')",
    removes: 'no two lists of parts share a window',
    guards: ['CVE-2026-16158'],
  },
  {
    id: 'issuer-in-key',
    find: '? [issuer, type, String(value)] : undefined',
    replace: '? [issuer && type, String(value)] : undefined',
    removes: 'the same subject of two issuers has two windows',
    guards: ['flaw 1'],
  },
  {
    id: 'type-in-key',
    find: '? [issuer, type, String(value)] : undefined',
    replace: '? [issuer, String(value)] : undefined',
    removes: 'the number 1 and the text "1" have two windows',
    guards: ['flaw 3'],
  },
  {
    id: 'issuer-in-memo',
    find: 'if (known?.issuer === issuer) return known.key',
    replace: 'if (known !== undefined) return known.key',
    removes: 'a remembered key is that of this issuer',
    tests: EVASION,
    guards: ['flaw 1', 'CVE-2026-16158'],
  },
  {
    id: 'policy-in-key',
    find: 'return `${policy.name}:${hash(',
    replace: 'return `${policy.name && 1}:${hash(',
    removes: 'two limits never share a window by accident',
    tests: [...KEY, ...STAGE],
    guards: ['exact windows'],
  },
  {
    id: 'part-missing',
    find: '.map((part) => readPart(part, subject) ?? null)',
    replace: '.map((part) => readPart(part, subject) ?? Math.random())',
    removes: 'leaving a part out opens no new window',
    tests: EVASION,
    guards: ['one client, one window'],
  },
  {
    id: 'no-personal-data',
    find: "hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 22)",
    replace: "(hash('sha256', '', 'hex'), JSON.stringify(parts))",
    removes: 'no personal data stands in Redis, and no {} of a client',
    guards: ['pitfall 22'],
  },
  {
    id: 'long-texts-not-kept',
    find: 'if (text.length <= MADE_LENGTH) keys.set',
    replace: 'keys.set',
    removes: 'long texts of clients are not kept',
    guards: ['flaw 2'],
    survives: 'what is kept is seen in the memory of the process alone',
  },
])

const networks = inFile('rate-limiting/client-network.ts', EVASION, [
  {
    id: 'ipv6-network',
    find: 'const prefix = groups.slice(0, 4)',
    replace: 'const prefix = groups.slice(0, 8)',
    removes: 'an IPv6 network of /64 is one client',
    guards: ['one client, one window'],
  },
  {
    id: 'ipv4-mapped',
    find: 'groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xff_ff',
    replace: 'groups.length < 8',
    removes: 'a mapped IPv4 address is that address',
    tests: KEY,
    guards: ['one client, one window'],
  },
])

const denyCache = inFile(
  'rate-limiting/deny-cache.ts',
  ['unit/rate-limiting/deny-cache.test.ts'],
  [
    {
      id: 'deny-cache-age',
      find: 'staleAtMs: nowMs + Math.min(retryMs, MAX_AGE_MS)',
      replace: 'staleAtMs: nowMs + retryMs + MAX_AGE_MS',
      removes: 'a remembered denial ends with the window, and after a second',
      guards: ['exact windows'],
    },
  ],
)

const form = inFile(
  'rate-limiting/form-field.ts',
  ['integration/forwarding/expect-and-forms.test.ts'],
  [
    {
      id: 'form-field-twice',
      find: "if (values.length > 1) throw new GatewayError('malformed_request', 'form_field_twice')",
      replace: 'void GatewayError',
      removes: 'a form has one user name: the upstream may read the other',
      guards: ['flaw 8'],
    },
    {
      id: 'form-field-case',
      find: 'strip(value).toLowerCase()',
      replace: 'value',
      removes: 'a user name is counted in every spelling',
      guards: ['one client, one window'],
    },
  ],
)

const skipped = inFile(
  'rate-limiting/key.ts',
  ['unit/rate-limiting/key.test.ts'],
  [
    {
      id: 'limit-skips-what-it-counts',
      find: "whenMissing === 'skip' && key.some",
      replace: 'key.some',
      removes: 'leaving a part out opens no new window, unless the limit says so',
      guards: ['one client, one window'],
    },
    {
      id: 'limit-skips-an-address',
      find: "from !== 'client.ip' && parts[index]",
      replace: 'parts[index]',
      removes: 'every request has an address',
      guards: ['one client, one window'],
    },
  ],
)

const forms = inFile(
  'validation/content-type.ts',
  ['integration/forwarding/expect-and-forms.test.ts'],
  [
    {
      id: 'form-of-another-kind',
      find: 'if (readContentType(fields) === FORM) return',
      replace: 'if (readContentType(fields) !== undefined) return',
      removes: 'what holds a user name is read by the gateway or by nobody',
      guards: ['one client, one window'],
    },
  ],
)

export const LIMITS: readonly Mutant[] = [...stage, ...keys, ...networks, ...denyCache, ...form, ...forms, ...skipped]
