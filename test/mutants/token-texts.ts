/** How a token is presented and read. */
import { inFile, type Mutant } from './mutant.ts'

const PRESENTATION = ['security/token-presentation.test.ts']
const ATTACKS = ['security/token-attacks.test.ts']
const CLAIMS = ['security/token-claims.test.ts']

const presentation = inFile('authentication/bearer-token.ts', PRESENTATION, [
  {
    id: 'token-twice-fields',
    find: "if (authorization.length > 1) throw new GatewayError('invalid_request', 'token_twice')",
    replace: '',
    removes: 'two Authorization fields are refused',
    guards: ['pitfall 13', 'RFC 6750 3.1'],
  },
  {
    id: 'token-twice-query',
    find: "if (query !== '' && hasAccessToken(query)) throw new GatewayError('invalid_request', 'token_twice')",
    replace: '',
    removes: 'a token in the field and in the query is refused',
    guards: ['RFC 6750 3.1'],
  },
  {
    id: 'recall-looks-at-query',
    find: "return query !== '' && hasAccessToken(query) ? undefined : value.slice(7)",
    replace: 'return value.slice(7)',
    removes: 'a known token does not hide a second one in the query',
    guards: ['RFC 6750 3.1'],
  },
  {
    id: 'recall-looks-at-all-fields',
    find: "authorization.length > 1 || !value.startsWith('Bearer ')",
    replace: "!value.startsWith('Bearer ')",
    removes: 'a known token does not hide a second Authorization field',
    guards: ['pitfall 13', 'RFC 6750 3.1'],
  },
  {
    id: 'query-name-decoded',
    find: "if (!query.includes('access_token') && !query.includes('%')) return false\n  return new URLSearchParams(query).has('access_token')",
    replace: 'return /[?&]access_token=/.test(query)',
    removes: 'the name of a query parameter is compared decoded',
    guards: ['RFC 6750 2.3'],
  },
  {
    id: 'bearer-scheme-case',
    find: '=*)$/i\n/** `auth-scheme',
    replace: '=*)$/\n/** `auth-scheme',
    removes: 'the scheme ignores case',
    guards: ['RFC 9110 11.1'],
  },
  {
    id: 'bearer-anchored',
    find: 'const BEARER = /^bearer +([\\w.~+/-]+(?:=+\\.[\\w.~+/-]*)*=*)$/i',
    replace: 'const BEARER = /bearer +([\\w.~+/-]+(?:=+\\.[\\w.~+/-]*)*=*)/i',
    removes: 'nothing stands before or behind the token',
    guards: ['RFC 6750 2.1', 'pitfall 13'],
  },
  {
    id: 'other-scheme-is-no-token',
    find: 'const isOther = OTHER_SCHEME.test(value) && !/(^|,\\s*)bearer /i.test(value)',
    replace: 'const isOther = OTHER_SCHEME.test(value)',
    removes: 'a malformed bearer token is a bad request and not a missing token',
    guards: ['RFC 6750 3.1'],
  },
])

const jws = inFile('authentication/jws.ts', ATTACKS, [
  {
    id: 'signature-checked',
    find: 'await compactVerify(token, key, { algorithms: [alg] })\n      return true',
    replace: 'void compactVerify; void alg; void key\n      return true',
    removes: 'the signature is checked',
    guards: ['CVE-2022-29226', 'RFC 8725 3.3'],
  },
  {
    id: 'signature-of-no-key',
    find: '  return false\n}\n\nfunction isCanonical',
    replace: '  return keys.length > 0\n}\n\nfunction isCanonical',
    removes: 'a signature that no key made is refused',
    guards: ['CVE-2022-29226'],
  },
  {
    id: 'compact-form',
    find: "if (!COMPACT.test(token)) throw invalidToken('token_malformed')",
    replace: '',
    removes: 'a token is three parts of base64url and nothing else',
    guards: ['pitfall 6', 'RFC 7515 5.2'],
  },
  {
    id: 'unused-bits',
    find: "if (!parts.every(isCanonical)) throw invalidToken('token_malformed')",
    replace: '',
    removes: 'the unused bits of base64url are zero',
    guards: ['pitfall 6', 'RFC 4648 3.5'],
  },
  {
    id: 'crit',
    find: "Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')",
    replace: "Object.hasOwn(header, 'b64')",
    removes: 'an extension that must be understood is refused',
    tests: [...ATTACKS, 'unit/authentication/jws.test.ts'],
    guards: ['RFC 7515 4.1.11'],
  },
  {
    id: 'b64',
    find: "Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')",
    replace: "Object.hasOwn(header, 'crit')",
    removes: 'an unencoded payload is refused',
    guards: ['RFC 7797'],
  },
  {
    id: 'alg-is-text',
    find: "if (typeof alg !== 'string') throw invalidToken('token_algorithm')",
    replace: '',
    removes: 'alg is a text',
    tests: ['unit/authentication/jws.test.ts'],
    guards: ['CVE-2026-22818'],
  },
  {
    id: 'kid-is-text',
    find: '!isOptionalString(kid) || (kid !== undefined && kid.length > MAX_KID_LENGTH)',
    replace: '(kid as string | undefined) !== undefined && (kid as string).length > MAX_KID_LENGTH',
    removes: 'kid is a text',
    guards: ['RFC 8725 3.10'],
  },
  {
    id: 'kid-length',
    find: 'const MAX_KID_LENGTH = 256',
    replace: 'const MAX_KID_LENGTH = 256_000',
    removes: 'a long kid is not looked up',
    guards: ['flaw 2'],
  },
  {
    id: 'typ-is-text',
    find: "if (!isOptionalString(typ)) throw invalidToken('token_type')",
    replace: 'if (!isOptionalString(typ)) return { alg, kid, typ: undefined }',
    removes: 'the header typ is a text',
    tests: CLAIMS,
    guards: ['RFC 8725 3.11'],
  },
  {
    id: 'header-memo-compares',
    find: 'if (last?.part !== part) last = { part, header: parseHeader(part) }',
    replace: 'if (last === undefined) last = { part, header: parseHeader(part) }',
    removes: 'the header that is judged is that of this token',
    guards: ['CVE-2026-22817'],
  },
  {
    id: 'payload-is-object',
    find: "if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidToken('token_malformed')",
    replace: '',
    removes: 'the payload is an object',
    tests: ['integration/authentication/forged-tokens.test.ts'],
    guards: ['flaw 3'],
  },
  {
    id: 'utf8-fatal',
    find: "new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })",
    replace: "new TextDecoder('utf-8', { ignoreBOM: true })",
    removes: 'a payload is UTF-8',
    tests: CLAIMS,
    guards: ['RFC 7519 3'],
  },
  {
    id: 'no-byte-order-mark',
    find: "new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })",
    replace: "new TextDecoder('utf-8', { fatal: true })",
    removes: 'a byte order mark is no JSON',
    tests: CLAIMS,
    guards: ['RFC 8259 8.1'],
  },
])

const json = inFile('authentication/strict-json.ts', CLAIMS, [
  {
    id: 'members-once',
    find: '  assertUniqueNames(text, value)\n',
    replace: '',
    removes: 'no member stands twice',
    guards: ['RFC 7519 4'],
  },
  {
    id: 'depth',
    find: "if (depth === MAX_DEPTH) throw new SyntaxError('nested too deep')",
    replace: '',
    removes: 'a payload nests at most 64 deep',
    guards: ['flaw 3'],
  },
  {
    id: 'own-members',
    find: ' || !Object.hasOwn(value, name))',
    replace: ')',
    removes: 'nothing is read from prototypes',
    tests: ['unit/authentication/strict-json.test.ts', 'unit/authentication/grants.test.ts'],
    guards: ['flaw 3'],
  },
])

export const TOKEN_TEXTS: readonly Mutant[] = [...presentation, ...jws, ...json]
