import { describe, expect, it } from 'vitest'
import { type ClaimRules, checkClaims } from '../../../src/authentication/claims.ts'
import type { TokenType } from '../../../src/config/token-kinds.ts'
import { TEST_TIME_MS } from '../../support/clock.ts'
import { keycloakClaims, keycloakHeader, type TokenKind } from '../../support/tokens.ts'

const ISSUER = 'https://id.example.com/realms/shop'
const NOW = TEST_TIME_MS / 1000
const RULES: ClaimRules = {
  issuer: ISSUER,
  audience: ['shop-api', 'other-api'],
  clockSkewMs: 30_000,
  maxTokenAgeMs: 3_600_000,
  tokenTypes: ['at+jwt', 'keycloak'],
}

function check(
  claims: Record<string, unknown> = {},
  {
    kind = 'access' as TokenKind,
    typ,
    rules = {},
  }: { kind?: TokenKind; typ?: string | null; rules?: Partial<ClaimRules> } = {},
) {
  const header = {
    alg: 'RS256',
    kid: 'one',
    typ: 'JWT',
    ...keycloakHeader(kind),
    ...(typ !== undefined && { typ: typ ?? undefined }),
  }
  return checkClaims(
    keycloakClaims(kind, ISSUER, claims),
    header as Parameters<typeof checkClaims>[1],
    { ...RULES, ...rules },
    TEST_TIME_MS,
  )
}

const refusal = (reason: string) => expect.objectContaining({ name: 'GatewayError', code: 'invalid_token', reason })
const withTypes = (...tokenTypes: TokenType[]) => ({ rules: { tokenTypes } })

describe('checkClaims: iss (RFC 7519 section 4.1.1)', () => {
  it.each([
    `${ISSUER}/`,
    ISSUER.toUpperCase(),
    'https://id.example.com/realms/other',
    '',
    undefined,
    null,
    [ISSUER],
    7,
  ])('refuses %j', (iss) => {
    expect(() => check({ iss })).toThrow(refusal('token_issuer'))
  })
})

describe('checkClaims: aud (RFC 9068 section 4)', () => {
  it.each(['shop-api', 'other-api', ['shop-api'], ['account', 'shop-api']].map((aud) => [aud]))('accepts %j', (aud) => {
    expect(() => check({ aud })).not.toThrow()
  })

  it.each([undefined, 'account', 'shop-api ', 'Shop-Api', 'shop', 'shop-api,account', '', []].map((aud) => [aud]))(
    'refuses a token for %j',
    (aud) => {
      expect(() => check({ aud })).toThrow(refusal('token_audience'))
    },
  )

  it.each([null, 7, { 'shop-api': true }, ['shop-api', 7], [['shop-api']]].map((aud) => [aud]))(
    'refuses the malformed %j',
    (aud) => {
      expect(() => check({ aud })).toThrow(refusal('token_claims'))
    },
  )
})

describe('checkClaims: exp, nbf, iat (RFC 7519 section 4.1)', () => {
  it('returns the moment from which the token is refused, skew included', () => {
    expect(check({ exp: NOW + 10 })).toBe(TEST_TIME_MS + 40_000)
  })

  it('accepts a fractional date', () => {
    expect(check({ exp: NOW + 10.5, iat: NOW - 0.25, nbf: NOW - 0.5 })).toBe(TEST_TIME_MS + 40_500)
  })

  it('refuses a token from the very moment of exp plus skew', () => {
    expect(() => check({ exp: NOW - 29.999, iat: NOW - 300 })).not.toThrow()
    expect(() => check({ exp: NOW - 30, iat: NOW - 300 })).toThrow(refusal('token_expired'))
  })

  it.each([undefined, null, '1', String(NOW + 300), true, [NOW + 300], {}, Number.POSITIVE_INFINITY, Number.NaN])(
    'refuses the exp %j',
    (exp) => {
      expect(() => check({ exp })).toThrow(refusal('token_claims'))
    },
  )

  it('refuses exp: 1e400, which JSON reads as Infinity', () => {
    expect(() => check({ exp: JSON.parse('1e400') })).toThrow(refusal('token_claims'))
  })

  it.each([0, -1, -1e300])('takes exp %j for expired', (exp) => {
    expect(() => check({ exp, iat: exp - 300 })).toThrow(refusal('token_expired'))
  })

  it('takes an exp beyond all calendars for too long a life', () => {
    expect(() => check({ exp: 1e300 })).toThrow(refusal('token_too_old'))
  })

  it.each(['nbf', 'iat'])('checks %s when it is present', (name) => {
    expect(() => check({ [name]: undefined })).not.toThrow()
    expect(() => check({ [name]: NOW + 30 })).not.toThrow()
    expect(() => check({ [name]: NOW + 30.001 })).toThrow(refusal('token_not_yet_valid'))
    for (const value of [null, String(NOW), true, Number.POSITIVE_INFINITY]) {
      expect(() => check({ [name]: value })).toThrow(refusal('token_claims'))
    }
  })

  it('bounds the lifetime from iat', () => {
    expect(() => check({ iat: NOW - 3000, exp: NOW + 600 })).not.toThrow()
    expect(() => check({ iat: NOW - 3000, exp: NOW + 601 })).toThrow(refusal('token_too_old'))
  })

  it('bounds the remaining lifetime where there is no iat', () => {
    expect(() => check({ iat: undefined, exp: NOW + 3600 })).not.toThrow()
    expect(() => check({ iat: undefined, exp: NOW + 3601 })).toThrow(refusal('token_too_old'))
  })
})

describe('checkClaims: kind of token (RFC 8725 section 3.11, RFC 9068 section 4)', () => {
  it.each<TokenKind>(['access', 'rfc9068', 'service', 'lightweight'])('accepts a Keycloak %s token', (kind) => {
    expect(() => check({}, { kind })).not.toThrow()
  })

  describe.each<TokenType[][]>([[['at+jwt']], [['keycloak']], [['jwt']], [['at+jwt', 'keycloak', 'jwt']]])(
    'by %j',
    (types) => {
      it.each<TokenKind>(['id', 'refresh', 'offline', 'logout'])(
        'refuses a Keycloak %s token, whatever its audience',
        (kind) => {
          const claims = { aud: 'shop-api', exp: NOW + 60 }
          expect(() => check(claims, { kind, ...withTypes(...types) })).toThrow(refusal('token_type'))
          expect(() => check(claims, { kind, typ: 'at+jwt', ...withTypes(...types) })).toThrow(refusal('token_type'))
          expect(() => check(claims, { kind, typ: 'JWT', ...withTypes(...types) })).toThrow(refusal('token_type'))
        },
      )

      it.each([
        'logout+jwt',
        'secevent+jwt',
        'dpop+jwt',
        'token-introspection+jwt',
        'application/logout+jwt',
        'JOSE',
        '',
      ])('refuses the header typ %j', (typ) => {
        expect(() => check({}, { typ, ...withTypes(...types) })).toThrow(refusal('token_type'))
      })

      it.each(['id', 'ID', 'Id', 'refresh', 'LOGOUT', ['Bearer'], null, 1, {}].map((typ) => [typ]))(
        'refuses the payload typ %j',
        (typ) => {
          expect(() => check({ typ }, { typ: 'at+jwt', ...withTypes(...types) })).toThrow(refusal('token_type'))
        },
      )

      it('refuses what has events, as logout tokens do', () => {
        expect(() => check({ events: {} }, { typ: 'at+jwt', ...withTypes(...types) })).toThrow(refusal('token_type'))
      })

      it.each([{ jkt: 'x' }, { 'x5t#S256': 'x' }, {}, null, false, 'x'])('refuses a token bound by cnf %j', (cnf) => {
        expect(() => check({ cnf }, { typ: 'at+jwt', ...withTypes(...types) })).toThrow(refusal('token_bound'))
      })

      it('refuses a DPoP token, with cnf or without', () => {
        expect(() => check({}, { kind: 'dpop', ...withTypes(...types) })).toThrow(refusal('token_bound'))
        expect(() => check({ cnf: undefined }, { kind: 'dpop', ...withTypes(...types) })).toThrow(
          refusal('token_bound'),
        )
      })
    },
  )

  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/AT+jwt'])(
    'at+jwt: accepts the header typ %s',
    (typ) => {
      expect(() => check({ typ: undefined }, { typ, ...withTypes('at+jwt') })).not.toThrow()
    },
  )

  it('at+jwt: refuses a header typ JWT, or none', () => {
    expect(() => check({}, { typ: 'JWT', ...withTypes('at+jwt') })).toThrow(refusal('token_type'))
    expect(() => check({}, { typ: null, ...withTypes('at+jwt') })).toThrow(refusal('token_type'))
  })

  it('keycloak: accepts payload typ Bearer with header typ JWT, at+jwt or none', () => {
    for (const typ of ['JWT', 'jwt', 'at+jwt', null]) {
      expect(() => check({}, { typ, ...withTypes('keycloak') })).not.toThrow()
    }
  })

  it.each([undefined, 'bearer', 'JWT', 'Access', ''])('keycloak: refuses the payload typ %j', (typ) => {
    expect(() => check({ typ }, withTypes('keycloak'))).toThrow(refusal('token_type'))
  })

  it('jwt: accepts a JWT that nothing marks as another kind', () => {
    for (const typ of ['JWT', 'application/jwt', 'at+jwt', null]) {
      expect(() => check({ typ: undefined }, { typ, ...withTypes('jwt') })).not.toThrow()
    }
    expect(() => check({ typ: undefined, token_use: 'access' }, withTypes('jwt'))).not.toThrow()
  })

  it.each([{ nonce: 'n' }, { at_hash: 'h' }, { c_hash: 'h' }, { token_use: 'id' }, { typ: 'Action' }])(
    'jwt: refuses what is marked by %j',
    (mark) => {
      expect(() => check({ typ: undefined, ...mark }, withTypes('jwt'))).toThrow(refusal('token_type'))
    },
  )
})

describe('checkClaims: sub, azp, client_id', () => {
  it.each(['sub', 'azp', 'client_id'])('accepts a token without %s', (name) => {
    expect(() => check({ [name]: undefined })).not.toThrow()
  })

  it.each(['sub', 'azp', 'client_id'])('refuses a %s that is no text', (name) => {
    for (const value of [null, 7, true, ['alice'], { a: 1 }, '', '\ud800']) {
      expect(() => check({ [name]: value })).toThrow(refusal('token_claims'))
    }
  })
})

describe('checkClaims: what stands on prototypes', () => {
  it('is not taken for a claim', () => {
    const inherited = Object.create(keycloakClaims('access', ISSUER)) as Record<string, unknown>
    const header = { alg: 'RS256', kid: 'one', typ: 'JWT' }
    expect(() => checkClaims(inherited, header, RULES, TEST_TIME_MS)).toThrow(refusal('token_issuer'))
  })
})
