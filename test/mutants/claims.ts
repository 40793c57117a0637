/** What the claims of a token must say. */
import { inFile, type Mutant } from './mutant.ts'

const CLAIMS = ['security/token-claims.test.ts']

const claims = inFile('authentication/claims.ts', CLAIMS, [
  {
    id: 'issuer',
    find: "if (ownMember(claims, 'iss') !== rules.issuer) throw invalidToken('token_issuer')",
    replace: '',
    removes: 'iss is compared again after the signature',
    guards: ['RFC 9068 4'],
    also: [
      {
        file: 'src/authentication/candidates.ts',
        find: 'config.issuer === iss && isAccepted(config.name, accepted)',
        replace: 'isAccepted(config.name, accepted)',
      },
      {
        file: 'src/authentication/candidates.ts',
        find: "const iss = ownMember(claims, 'iss')",
        replace: 'void claims',
      },
    ],
  },
  {
    id: 'kind',
    find: 'assertAccessToken(claims, header, rules.tokenTypes)',
    replace: 'void assertAccessToken; void header',
    removes: 'only access tokens count',
    guards: ['pitfall 7', 'RFC 8725 3.11', 'GHSA-wcvh-g65p-v576'],
  },
  {
    id: 'audience',
    find: "if (!accepted.some((one) => audiences.includes(one))) throw invalidToken('token_audience')",
    replace: '',
    removes: 'the token is meant for this resource server',
    guards: ['pitfall 7', 'GHSA-wcvh-g65p-v576', 'RFC 9068 4'],
  },
  {
    id: 'audience-missing',
    find: 'if (!accepted.some((one) => audiences.includes(one)))',
    replace: 'if (aud !== undefined && !accepted.some((one) => audiences.includes(one)))',
    removes: 'a token without an audience is refused',
    guards: ['pitfall 7', 'GHSA-wcvh-g65p-v576', 'RFC 8725 3.9'],
  },
  {
    id: 'audience-texts',
    find: "if (aud !== undefined && !audiences.every((one) => typeof one === 'string')) throw invalidToken('token_claims')",
    replace: '',
    removes: 'an audience is a text or texts',
    guards: ['RFC 7519 4.1.3'],
  },
  {
    id: 'audience-whole',
    find: 'accepted.some((one) => audiences.includes(one))',
    replace: 'accepted.some((one) => audiences.some((its) => String(its).endsWith(one)))',
    removes: 'an audience is compared as a whole',
    guards: ['GHSA-c5c4-8r6x-56w3'],
  },
  {
    id: 'identifiers',
    find: "for (const name of ['sub', 'azp', 'client_id']) assertIdentifier(ownMember(claims, name))",
    replace: 'void assertIdentifier',
    removes: 'sub, azp and client_id are texts',
    guards: ['flaw 3'],
  },
  {
    id: 'identifiers-well-formed',
    find: ' || !value.isWellFormed()',
    replace: '',
    removes: 'two subjects never become one by their encoding',
    tests: ['unit/authentication/claims.test.ts', 'security/token-claims.test.ts'],
    guards: ['CVE-2026-31908'],
  },
  {
    id: 'exp-required',
    find: "if (expMs === undefined) throw invalidToken('token_claims')\n  const expiresAtMs = expMs + rules.clockSkewMs",
    replace: 'const expiresAtMs = (expMs ?? nowMs + rules.maxTokenAgeMs) + rules.clockSkewMs',
    also: [
      {
        file: 'src/authentication/claims.ts',
        find: 'if (!(expMs - (iatMs ?? nowMs)',
        replace: 'if (!((expMs ?? nowMs) - (iatMs ?? nowMs)',
      },
    ],
    removes: 'a token without exp is refused',
    guards: ['pitfall 7', 'GHSA-wcvh-g65p-v576', 'RFC 9068 4'],
  },
  {
    id: 'exp-before-keys',
    find: "if (!(expiresAtMs > nowMs)) throw invalidToken('token_expired')",
    replace: '',
    removes: 'an expired token causes no fetch of keys',
    tests: ['security/key-floods.test.ts', 'unit/authentication/claims.test.ts'],
    guards: ['flaw 2'],
  },
  {
    id: 'exp',
    find: "if (!(expiresAtMs > nowMs)) throw invalidToken('token_expired')",
    replace: '',
    also: [
      {
        file: 'src/authentication/verify-token.ts',
        find: "if (!(expiresAtMs > clock.now())) throw invalidToken('token_expired')",
        replace: '',
      },
    ],
    removes: 'an expired token is refused',
    guards: ['GHSA-wcvh-g65p-v576', 'RFC 7519 4.1.4'],
  },
  {
    id: 'exp-skew',
    find: 'const expiresAtMs = expMs + rules.clockSkewMs',
    replace: 'const expiresAtMs = expMs + 10 * rules.clockSkewMs',
    removes: 'the skew is the one of the file',
    guards: ['RFC 9068 4'],
  },
  {
    id: 'nbf',
    find: '!((nbfMs ?? 0) <= latestStartMs) || ',
    replace: '',
    removes: 'a token is refused before nbf',
    guards: ['RFC 7519 4.1.5'],
  },
  {
    id: 'iat-future',
    find: ' || !((iatMs ?? 0) <= latestStartMs)',
    replace: '',
    removes: 'a token from the future is refused',
    guards: ['RFC 7519 4.1.6'],
  },
  {
    id: 'max-age',
    find: "if (!(expMs - (iatMs ?? nowMs) <= rules.maxTokenAgeMs)) throw invalidToken('token_too_old')",
    replace: '',
    removes: 'a token that lives too long is refused',
    guards: ['pitfall 7'],
  },
  {
    id: 'dates-finite',
    find: "if (typeof value !== 'number' || !Number.isFinite(value)) throw invalidToken('token_claims')\n  return value * 1000",
    replace:
      "if (typeof value !== 'number') throw invalidToken('token_claims')\n  return Math.min(value, Date.now() / 1000 + 60) * 1000",
    removes: 'exp 1e400 is no date',
    guards: ['pitfall 7'],
  },
  {
    id: 'dates-numbers',
    find: "if (typeof value !== 'number' || !Number.isFinite(value)) throw invalidToken('token_claims')\n  return value * 1000",
    replace: 'return Number(value) * 1000',
    removes: 'a date is a number',
    guards: ['flaw 3'],
  },
])

const kinds = inFile('authentication/token-type.ts', CLAIMS, [
  {
    id: 'other-kinds',
    find: "if (isMarkedAsOther(claims, headerTyp, typ)) throw invalidToken('token_type')",
    replace: 'void isMarkedAsOther',
    removes: 'ID, refresh and logout tokens are refused by every measure',
    guards: ['pitfall 7', 'RFC 8725 3.11'],
  },
  {
    id: 'header-typ',
    find: "if (headerTyp !== undefined && headerTyp !== 'jwt' && headerTyp !== 'at+jwt') return true",
    replace: '',
    removes: 'a header typ of another kind is refused',
    guards: ['pitfall 7', 'RFC 8725 3.11'],
  },
  {
    id: 'events',
    find: " || Object.hasOwn(claims, 'events')",
    replace: '',
    removes: 'a security event token is no access token',
    guards: ['RFC 8417'],
  },
  {
    id: 'bound-typ',
    find: "typ === 'DPoP' || Object.hasOwn(claims, 'cnf')",
    replace: "Object.hasOwn(claims, 'cnf')",
    removes: 'a token that Keycloak calls DPoP is no bearer token',
    tests: [...CLAIMS, 'unit/authentication/claims.test.ts'],
    guards: ['RFC 9449 7.1'],
  },
  {
    id: 'bound-cnf',
    find: "typ === 'DPoP' || Object.hasOwn(claims, 'cnf')",
    replace: "typ === 'DPoP'",
    removes: 'a token bound to a key is no bearer token',
    guards: ['RFC 9449 7.1', 'RFC 8705 3'],
  },
  {
    id: 'measures',
    find: "if (!accepted.some((type) => MEASURES[type](claims, headerTyp, typ))) throw invalidToken('token_type')",
    replace: 'void MEASURES; void accepted',
    removes: 'one of the measures of the file must hold',
    guards: ['pitfall 7'],
  },
  {
    id: 'measure-keycloak',
    find: "keycloak: (_claims, _headerTyp, typ) => typ === 'Bearer'",
    replace: 'keycloak: (_claims, _headerTyp, typ) => NEUTRAL.has(typeof typ === "string" ? typ.toLowerCase() : typ)',
    removes: 'Keycloak marks its access tokens Bearer, exactly so',
    guards: ['pitfall 7'],
  },
  {
    id: 'measure-jwt-id-token',
    find: ' && !looksLikeIdToken(claims))',
    replace: ')',
    removes: 'an ID token is refused where any JWT will do',
    tests: ['unit/authentication/claims.test.ts'],
    guards: ['pitfall 7'],
  },
])

export const CLAIMS_CHECKED: readonly Mutant[] = [...claims, ...kinds]
