/** What the gateway itself answers: CORS, challenges, problems. */
import { inFile, type Mutant } from './mutant.ts'

const CORS = ['security/cors.test.ts']
const CHALLENGE = ['security/challenge.test.ts']
const LEAKS = ['security/information-leaks.test.ts']
const HOSTS = ['security/hosts-and-targets.test.ts']

const cors = inFile('http/cors.ts', CORS, [
  {
    id: 'origin-null',
    find: "if (origin === undefined || origin === 'null' || origin === '*') return false",
    replace: 'if (origin === undefined) return false',
    removes: 'null is nobody’s origin',
    tests: ['unit/http/cors.test.ts', ...CORS],
    guards: ['Fetch CORS'],
  },
  {
    id: 'origin-listed',
    find: "if (policy.origins.has(origin)) headers.push('Access-Control-Allow-Origin', origin)",
    replace: "if (policy.origins.size > 0) headers.push('Access-Control-Allow-Origin', origin)",
    removes: 'only origins of the file are granted',
    guards: ['Fetch CORS'],
  },
  {
    id: 'origin-whole',
    find: 'if (policy.origins.has(origin)) headers',
    replace: 'if ([...policy.origins].some((one) => origin.startsWith(one))) headers',
    removes: 'an origin is compared as a whole',
    guards: ['Fetch CORS', 'GHSA-c5c4-8r6x-56w3'],
  },
  {
    id: 'star-without-credentials',
    find: "else if (policy.origins.has('*') && !policy.credentials) headers",
    replace: "else if (policy.origins.has('*')) headers",
    removes: '* and credentials never go together',
    tests: ['unit/http/cors.test.ts'],
    guards: ['Fetch CORS'],
  },
  {
    id: 'credentials-said',
    find: "if (policy.credentials) headers.push('Access-Control-Allow-Credentials', 'true')",
    replace: "headers.push('Access-Control-Allow-Credentials', 'true')",
    removes: 'credentials only where the file says so',
    guards: ['Fetch CORS'],
  },
  {
    id: 'vary',
    find: "const headers = ['Vary', 'Origin']",
    replace: 'const headers: string[] = []',
    removes: 'no cache mixes origins up',
    guards: ['Fetch CORS'],
  },
  {
    id: 'preflight-is-options',
    find: "return method === 'OPTIONS' && fields.origin !== undefined && fields.accessControlRequestMethod !== undefined",
    replace: 'return fields.origin !== undefined && fields.accessControlRequestMethod !== undefined && method !== ""',
    removes: 'only an OPTIONS is a preflight',
    guards: ['CVE-2026-47892'],
  },
  {
    id: 'preflight-is-whole',
    find: "return method === 'OPTIONS' && fields.origin !== undefined && fields.accessControlRequestMethod !== undefined",
    replace: "return method === 'OPTIONS' && fields.origin !== fields.accessControlRequestMethod",
    removes: 'a plain OPTIONS is no preflight',
    guards: ['CVE-2026-47892'],
  },
  {
    id: 'requested-names',
    find: "return names.every((name) => TOKEN.test(name)) ? names.join(', ') : ''",
    replace: "return TOKEN.test('a') ? names.join(', ') : ''",
    removes: 'what is no field name is not repeated',
    guards: ['Fetch CORS'],
  },
])

const challenge = inFile('http/challenge.ts', CHALLENGE, [
  {
    id: 'challenge-on-401',
    find: 'if (oauthError === undefined && entry.status !== 401) return undefined',
    replace: 'if (oauthError === undefined) return undefined',
    removes: 'every 401 carries a challenge',
    guards: ['RFC 6750 3', 'RFC 9110 11.6.1'],
  },
  {
    id: 'no-error-without-token',
    find: 'if (oauthError !== undefined) {\n',
    replace: 'if (oauthError !== undefined || entry.status === 401) {\n',
    removes: 'who sent no token is told no error',
    guards: ['RFC 6750 3.1'],
  },
  {
    id: 'challenge-quotable',
    find: 'if (QUOTABLE_URL.test(url)) parameters',
    replace: 'parameters.length >= 0 && parameters',
    removes: 'a challenge holds what can be quoted',
    tests: ['unit/http/challenge.test.ts'],
    guards: ['RFC 6750 3'],
  },
  {
    id: 'own-reasons',
    find: "if (error.code !== 'invalid_token' || !Object.hasOwn(INVALID_TOKEN_REASONS, error.reason)) return undefined",
    replace: "if (error.code !== 'invalid_token') return undefined",
    removes: 'the texts are the table’s own',
    tests: ['unit/http/challenge.test.ts'],
    guards: ['flaw 3'],
  },
])

const problem = inFile('http/problem.ts', LEAKS, [
  {
    id: 'problem-keeps-reason',
    find: 'const detail = error.details.detail ?? invalidTokenText(error)',
    replace:
      'const detail = error.details.detail ?? invalidTokenText(error) ?? String((error.cause as Error | undefined)?.message ?? error.reason)',
    removes: 'what went wrong inside stays inside',
    tests: ['security/bugs.test.ts'],
    guards: ['RFC 9457 5'],
  },
  {
    id: 'problem-not-cached',
    find: ", 'Cache-Control', 'no-store']",
    replace: ']',
    removes: 'no cache keeps a refusal',
    guards: ['RFC 9457 3'],
  },
  {
    id: 'retry-after-on-503',
    find: 'details.retryAfterSeconds ?? (status === 503 || status === 429 ? 1 : undefined)',
    replace: 'details.retryAfterSeconds',
    removes: 'a 503 says when to come back',
    tests: ['unit/http/problem.test.ts'],
    guards: ['RFC 9110 15.6.4'],
  },
  {
    id: 'allow-on-405',
    find: "if (code === 'method_not_allowed') headers.push('Allow', (details.allow ?? []).join(', '))",
    replace: 'void code',
    removes: 'a 405 says what is allowed',
    tests: HOSTS,
    guards: ['RFC 9110 15.5.6'],
  },
])

export const ANSWERS: readonly Mutant[] = [...cors, ...challenge, ...problem]
