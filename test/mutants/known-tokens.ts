/** Tokens that were verified before, and which issuer counts where. */
import { inFile, type Mutant } from './mutant.ts'

const CACHED = ['integration/authentication/cached-tokens.test.ts']
const CLAIMS = ['security/token-claims.test.ts']
const ATTACKS = ['security/token-attacks.test.ts']

const candidates = inFile('authentication/candidates.ts', CLAIMS, [
  {
    id: 'issuer-counts-here',
    find: 'config.issuer === iss && isAccepted(config.name, accepted)',
    replace: 'config.issuer === iss',
    removes: 'a token counts only where its issuer does',
    guards: ['flaw 1'],
  },
  {
    id: 'unknown-issuer',
    find: "if (candidates.length === 0) throw invalidToken('token_issuer')",
    replace: '',
    removes: 'a token of nobody is a bad token and no failure',
    tests: ATTACKS,
    guards: ['flaw 3'],
  },
])

const authenticating = inFile('authentication/authenticate.ts', CACHED, [
  {
    id: 'known-and-expired',
    find: 'return clock.now() < accessToken.expiresAtMs && source.current() === keySet',
    replace: 'return clock.now() > 0 && accessToken.expiresAtMs > 0 && source.current() === keySet',
    removes: 'a known token is refused once it has expired',
    guards: ['GHSA-wcvh-g65p-v576'],
  },
  {
    id: 'known-and-key-gone',
    find: 'return clock.now() < accessToken.expiresAtMs && source.current() === keySet',
    replace: 'return clock.now() < accessToken.expiresAtMs && (source.current() === keySet || true)',
    removes: 'a known token is refused once its key is gone',
    tests: [...CACHED, 'security/jwks-life.test.ts'],
    guards: ['GHSA-wcvh-g65p-v576'],
  },
  {
    id: 'known-and-other-issuer',
    find: 'return isAccepted(known.accessToken.issuer, accepted) ? known.accessToken : undefined',
    replace: 'return known.accessToken',
    removes: 'a known token counts only where its issuer does',
    tests: CLAIMS,
    guards: ['flaw 1', 'GHSA-27xw-p8v6-9jjr'],
  },
  {
    id: 'refused-is-not-kept',
    find: '        const verified = { ...(await verifyToken(',
    replace:
      '        const early = cache.get(token)\n        if (early !== undefined) return early.accessToken\n        const verified = { ...(await verifyToken(',
    removes: 'a known token that is no longer good is verified again',
    guards: ['GHSA-wcvh-g65p-v576'],
  },
])

const cache = inFile('authentication/token-cache.ts', ATTACKS, [
  {
    id: 'whole-token-young',
    find: 'if (recent !== undefined) return recent.token === token ? recent.value : undefined',
    replace: 'if (recent !== undefined) return recent.value',
    removes: 'a known token is compared as a whole',
    guards: ['CVE-2026-35039'],
  },
  {
    id: 'whole-token-old',
    find: 'if (entry?.token !== token) return undefined',
    replace: 'if (entry === undefined) return undefined',
    removes: 'a known token is compared as a whole, in the old generation too',
    tests: ['unit/authentication/token-cache.test.ts'],
    guards: ['CVE-2026-35039'],
  },
  {
    id: 'cache-entries',
    find: 'young.size >= bounds.entries || ',
    replace: '',
    removes: 'the cache is bounded by entries',
    tests: ['unit/authentication/token-cache.test.ts'],
    guards: ['flaw 2'],
  },
  {
    id: 'cache-characters',
    find: ' || characters + entry.token.length > bounds.characters',
    replace: '',
    removes: 'the cache is bounded by size',
    tests: ['unit/authentication/token-cache.test.ts'],
    guards: ['flaw 2'],
  },
  {
    id: 'cache-long-tokens',
    find: 'if (token.length > MAX_TOKEN_LENGTH) return\n',
    replace: '',
    removes: 'a huge token does not push the others out',
    tests: ['unit/authentication/token-cache.test.ts'],
    guards: ['flaw 2'],
  },
])

const grants = inFile(
  'authentication/grants.ts',
  ['unit/authentication/grants.test.ts'],
  [
    {
      id: 'scope-is-text',
      find: "return typeof value === 'string' ? value.split(' ').filter((name) => name !== '') : []",
      replace: "return (value === undefined ? '' : String(value)).split(' ').filter((name) => name !== '')",
      removes: 'a scope claim of the wrong type grants nothing',
      tests: ['security/claim-shapes.test.ts'],
      guards: ['pitfall 9', 'flaw 3'],
    },
    {
      id: 'scope-split-throws',
      find: "return typeof value === 'string' ? value.split(' ').filter((name) => name !== '') : []",
      replace: "return value === undefined ? [] : (value as string).split(' ').filter((name) => name !== '')",
      removes: 'a scope claim of the wrong type is no failure',
      tests: CLAIMS,
      guards: ['pitfall 9', 'flaw 3'],
    },
    {
      id: 'scp-without-blanks',
      find: " && !name.includes(' ')) scopes.add(name)",
      replace: ') for (const one of name.split(" ")) scopes.add(one)',
      removes: 'an element of a list that contains a space is no scope',
      guards: ['RFC 6749 3.3'],
    },
    {
      id: 'roles-are-texts',
      find: "return Array.isArray(value) ? value.filter((item) => typeof item === 'string' && item !== '') : []",
      replace: 'return Array.isArray(value) ? value.map(String) : []',
      removes: 'a role is a text',
      tests: ['security/claim-shapes.test.ts'],
      guards: ['flaw 3'],
    },
    {
      id: 'roles-are-a-list',
      find: "return Array.isArray(value) ? value.filter((item) => typeof item === 'string' && item !== '') : []",
      replace:
        "return Array.isArray(value) ? value.filter((item) => typeof item === 'string' && item !== '') : typeof value === 'string' ? [value] : []",
      removes: 'roles are a list: the text "superadmin" holds no role',
      tests: ['security/claim-shapes.test.ts'],
      guards: ['pitfall 9'],
    },
    {
      id: 'roles-of-another-client',
      find: "return strings(ownMember(access, 'roles')).filter((role) => !role.includes(':'))",
      replace: "return strings(ownMember(access, 'roles'))",
      removes: 'a role cannot be mistaken for another client’s',
      tests: ['security/claim-shapes.test.ts'],
      guards: ['GHSA-c5c4-8r6x-56w3'],
    },
    {
      id: 'roles-client-is-object',
      find: "if (typeof clients !== 'object' || clients === null || Array.isArray(clients)) return roles",
      replace: '',
      removes: 'resource_access of the wrong type is no failure',
      tests: CLAIMS,
      guards: ['flaw 3'],
    },
  ],
)

export const KNOWN_TOKENS: readonly Mutant[] = [...candidates, ...authenticating, ...cache, ...grants]
