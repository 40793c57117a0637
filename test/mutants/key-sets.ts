/** Whose keys verify what, and where they come from. */
import { inFile, type Mutant } from './mutant.ts'

const ATTACKS = ['security/token-attacks.test.ts']
const CLAIMS = ['security/token-claims.test.ts']
const LIFE = ['security/jwks-life.test.ts']
const FORGED = ['integration/authentication/forged-tokens.test.ts']
const SOURCE = ['integration/authentication/key-source.test.ts']
const UNKNOWN = ['integration/authentication/unknown-kid.test.ts']

const reading = inFile('authentication/access-token.ts', ATTACKS, [
  {
    id: 'client-of-another-type',
    find: "return typeof value === 'string' ? value : undefined",
    replace: 'return value === undefined ? undefined : String(value)',
    removes: 'only texts become subject and client',
    tests: ['unit/authentication/claims.test.ts', ...CLAIMS],
    guards: ['flaw 3'],
    survives: 'checkClaims has refused such a token before: a second line',
  },
])

const verifying = inFile('authentication/verify-token.ts', ATTACKS, [
  {
    id: 'exp-after-keys',
    find: "if (!(expiresAtMs > clock.now())) throw invalidToken('token_expired')",
    replace: '',
    removes: 'a token that expires while the keys are fetched is refused',
    tests: ['integration/authentication/authenticate.test.ts'],
    guards: ['GHSA-wcvh-g65p-v576'],
  },
  {
    id: 'algorithm-list',
    find: "if (!(issuer.algorithms as readonly string[]).includes(header.alg)) throw invalidToken('token_algorithm')",
    replace: '',
    removes: 'only the algorithms of the file are accepted, before any key is looked for',
    tests: ['integration/authentication/forged-tokens.test.ts'],
    guards: ['CVE-2026-22817', 'CVE-2026-22818', 'CVE-2026-39999', 'RFC 8725 3.1'],
  },
  {
    id: 'signature-before-claims',
    find: "if (!(await hasValidSignature(token, header.alg, keys))) throw invalidToken('token_signature')",
    replace: 'void hasValidSignature; void keys',
    removes: 'no claim counts without a signature',
    guards: ['CVE-2022-29226'],
  },
])

const keySet = inFile('authentication/key-set.ts', FORGED, [
  {
    id: 'key-has-one-algorithm',
    find: '.filter((key) => key.alg === alg)\n',
    replace: '.filter(() => alg !== undefined)\n',
    removes: 'a key serves one algorithm',
    tests: ['unit/authentication/key-set.test.ts', ...UNKNOWN],
    guards: ['pitfall 8', 'CVE-2026-22817', 'RFC 8725 3.1'],
  },
  {
    id: 'key-of-its-kid',
    find: 'const pool = kid === undefined ? keys : (byKid.get(kid) ?? [])',
    replace: 'const pool = kid === undefined ? keys : (byKid.get(kid) ?? keys)',
    removes: 'an unknown kid is not tried with other keys',
    tests: UNKNOWN,
    guards: ['pitfall 3'],
  },
  {
    id: 'few-candidates',
    find: '.slice(0, MAX_CANDIDATES)\n',
    replace: '.slice(0)\n',
    removes: 'no set of keys makes a token expensive',
    tests: ['unit/authentication/key-set.test.ts'],
    guards: ['pitfall 8'],
  },
  {
    id: 'keys-for-encryption',
    find: "if (use !== undefined && use !== 'sig') return false",
    replace: '',
    removes: 'a key for encryption verifies nothing',
    tests: LIFE,
    guards: ['RFC 7517 4.2'],
  },
  {
    id: 'key-operations',
    find: "if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return false",
    replace: '',
    removes: 'a key that is not for verifying verifies nothing',
    tests: ['unit/authentication/key-set.test.ts', ...SOURCE],
    guards: ['RFC 7517 4.3'],
  },
  {
    id: 'private-keys',
    find: 'return !PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))',
    replace: 'return PRIVATE_MEMBERS.length > 0',
    removes: 'a key whose secret is published verifies nothing',
    tests: LIFE,
    guards: ['RFC 8725 3.5'],
  },
  {
    id: 'key-fits-algorithm',
    find: "if (curve === undefined) return kty === 'RSA'",
    replace: 'if (curve === undefined) return true',
    removes: 'the type of a key fits its algorithm',
    tests: ['unit/authentication/key-set.test.ts'],
    guards: ['CVE-2026-22817'],
  },
  {
    id: 'key-named-algorithm',
    find: '(named === undefined || named === alg) && fits(jwk, alg)',
    replace: 'fits(jwk, alg)',
    removes: 'the alg of a key is the one it serves',
    tests: ['unit/authentication/key-set.test.ts'],
    guards: ['CVE-2026-22817', 'pitfall 8'],
  },
  {
    id: 'strong-modulus',
    find: 'return modulusLength >= 2048 && ',
    replace: 'return ',
    removes: 'RSA keys have 2048 bits',
    guards: ['pitfall 5', 'RFC 7518 3.3'],
  },
  {
    id: 'strong-exponent',
    find: ' && isOdd && exponent > 2 ** 16 && exponent < 2 ** 64',
    replace: ' && (isOdd || exponent >= 0)',
    removes: 'a key with e = 1 verifies nothing',
    guards: ['pitfall 6', 'RFC 8725 3.5'],
  },
  {
    id: 'broken-member',
    find: '  } catch {\n    // Whatever is wrong',
    replace: '  } catch (error) {\n    throw error\n    // Whatever is wrong',
    removes: 'one broken key does not cost the others',
    tests: LIFE,
    guards: ['pitfall 5'],
  },
  {
    id: 'null-member',
    find: 'if (!isObject(jwk) || !isForVerification(jwk)) return undefined',
    replace:
      'if (!isForVerification(jwk as Record<string, unknown>)) return undefined\n  if (!isObject(jwk)) return undefined',
    removes: 'a null among the keys does not cost the others',
    tests: SOURCE,
    guards: ['pitfall 5'],
  },
  {
    id: 'no-usable-key',
    find: "if (keys.length === 0) throw new KeyFetchError('no_usable_key')",
    replace: '',
    removes: 'an empty set does not take the place of a good one',
    tests: SOURCE,
    guards: ['pitfall 1'],
  },
])

const sources = inFile(
  'authentication/key-sources.ts',
  ['integration/authentication/key-sources.test.ts'],
  [
    {
      id: 'keys-belong-to-issuer',
      find: 'const id = JSON.stringify([issuer.issuer, issuer.jwks, issuer.keys, issuer.algorithms])\n      const origin = JSON.stringify([issuer.issuer, issuer.jwks, issuer.algorithms])',
      replace:
        'const id = JSON.stringify([issuer.keys, issuer.algorithms])\n      const origin = JSON.stringify([issuer.algorithms])',
      removes: 'keys belong to their issuer',
      tests: CLAIMS,
      guards: ['GHSA-27xw-p8v6-9jjr', 'flaw 1', 'CVE-2026-16158'],
    },
    {
      id: 'keys-of-old-algorithms',
      find: 'const origin = JSON.stringify([issuer.issuer, issuer.jwks, issuer.algorithms])',
      replace: 'const origin = JSON.stringify([issuer.issuer, issuer.jwks])',
      removes: 'keys imported for other algorithms are not taken over',
      guards: ['RFC 8725 3.1'],
    },
    {
      id: 'discovery-after-failure',
      find: 'known = undefined\n      throw error',
      replace: 'throw error',
      removes: 'the address of the keys is asked for again after a failure',
      guards: ['pitfall 1'],
    },
  ],
)

const discovery = inFile(
  'authentication/discovery.ts',
  ['integration/authentication/key-sources.test.ts'],
  [
    {
      id: 'discovered-issuer',
      find: "if (metadata.issuer !== issuer) throw new KeyFetchError('issuer_mismatch')",
      replace: '',
      removes: 'metadata are those of the issuer, byte for byte',
      tests: ['unit/authentication/discovery.test.ts'],
      guards: ['OIDC Discovery 4.3'],
    },
    {
      id: 'discovered-address',
      find: "  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && server.protocol === 'http:')) {\n    throw new KeyFetchError('discovery')\n  }\n",
      replace: '',
      removes: 'keys come over http or https',
      guards: ['OIDC Discovery 4.3'],
    },
    {
      id: 'discovered-downgrade',
      find: "(url?.protocol === 'http:' && server.protocol === 'http:')",
      replace: "(url?.protocol === 'http:')",
      removes: 'an https issuer names no keys over http',
      tests: ['unit/authentication/discovery.test.ts'],
      guards: ['OIDC Discovery 4.3'],
    },
  ],
)

const fetching = inFile('authentication/fetch-document.ts', LIFE, [
  {
    id: 'fetched-size',
    find: "if (length > MAX_BYTES) throw new KeyFetchError('too_large')",
    replace: '',
    removes: 'an issuer cannot fill the memory',
    tests: SOURCE,
    guards: ['pitfall 4'],
  },
  {
    id: 'fetched-status',
    find: 'if (response.statusCode === 200) return await readCapped(response)',
    replace: 'if (response.statusCode !== 0) return await readCapped(response)',
    removes: 'only a 200 brings keys; redirects are not followed',
    tests: SOURCE,
    guards: ['pitfall 17'],
  },
])

export const KEY_SETS: readonly Mutant[] = [...reading, ...verifying, ...keySet, ...sources, ...discovery, ...fetching]
