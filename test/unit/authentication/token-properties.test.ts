import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { presentedToken, readBearerToken } from '../../../src/authentication/bearer-token.ts'
import { type ClaimRules, checkClaims } from '../../../src/authentication/claims.ts'
import { type Jws, readJws } from '../../../src/authentication/jws.ts'
import { KeyFetchError } from '../../../src/authentication/key-fetch-error.ts'
import { importKeySet } from '../../../src/authentication/key-set.ts'
import { GatewayError } from '../../../src/errors.ts'
import { holds } from '../../support/cases.ts'
import { TEST_TIME_MS } from '../../support/clock.ts'

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string())
const encoded = (text: string) => Buffer.from(text, 'utf8').toString('base64url')

/** What `read` returns; undefined when it refuses with one of these codes. Everything else that it throws goes on. */
function accepted<T>(codes: readonly string[], read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof GatewayError && codes.includes(error.code)) return undefined
    throw error
  }
}

const headerMember = fc.oneof(
  fc.constantFrom('"alg":"RS256"', '"alg":"none"', '"kid":"a"', '"typ":"at+jwt"', '"\\u0061lg":"RS256"', '"x":{}'),
  fc.constantFrom('"crit":["exp"]', '"b64":false', '"enc":"A256GCM"', '"alg":5', '"kid":null', '"typ":[]', '"jwk":{}'),
  fc.tuple(fc.string(), fc.json({ maxDepth: 2 })).map(([name, json]) => `${JSON.stringify(name)}:${json}`),
)
const objectOf = (member: fc.Arbitrary<string>) => fc.array(member, { maxLength: 4 }).map((all) => `{${all.join(',')}}`)
const claimMember = fc
  .tuple(fc.constantFrom('iss', 'aud', 'exp', 'a', '__proto__'), fc.json({ maxDepth: 2 }))
  .map(([name, json]) => `${JSON.stringify(name)}:${json}`)
const text = (json: fc.Arbitrary<string>) => fc.oneof({ weight: 9, arbitrary: json }, anyText)
const odd = fc.constantFrom('', '=', '==', '.', '+', '/', ' ', '\n', 'A', '~', '\0', 'é', '%')
const token = fc
  .tuple(text(objectOf(headerMember)), text(objectOf(claimMember)), fc.uint8Array({ minLength: 1, maxLength: 9 }))
  .map(([header, payload, signature]) =>
    [encoded(header), encoded(payload), Buffer.from(signature).toString('base64url')].join('.'),
  )
/** Mostly a token, with something put in somewhere. */
const spoilt = fc.tuple(token, fc.nat(), odd).map(([good, at, piece]) => {
  const place = at % (good.length + 1)
  return good.slice(0, place) + piece + good.slice(place)
})
/** The last character of a part replaced by another one: mostly the same bytes, written in another way. */
const respelt = fc.tuple(token, fc.nat(2), fc.constantFrom(...'BCDhijk019-_')).map(([good, index, last]) => {
  const parts = good.split('.')
  return parts.with(index, (parts[index] as string).slice(0, -1) + last).join('.')
})
const anyToken = fc.oneof(
  { weight: 4, arbitrary: token },
  { weight: 2, arbitrary: spoilt },
  { weight: 2, arbitrary: respelt },
  anyText,
)

/** Names of one object, in a text that JSON.parse accepts: a reviver sees each member that is kept, this each that is written. */
function repeatsName(json: string): boolean {
  const open: (Set<string> | undefined)[] = []
  for (const [lexeme] of json.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[{}[\]]/g)) {
    if (lexeme === '{' || lexeme === '[') open.push(lexeme === '{' ? new Set() : undefined)
    else if (lexeme === '}' || lexeme === ']') open.pop()
    else if (lexeme.endsWith(':')) {
      const name = JSON.parse(lexeme.slice(0, -1)) as string
      if (open.at(-1)?.has(name)) return true
      open.at(-1)?.add(name)
    }
  }
  return false
}

/** The rules once more, without a thought for speed. */
function isGood(jws: string): boolean {
  const parts = jws.split('.')
  if (parts.length !== 3 || !parts.every((part) => part !== '' && encodedAgain(part) === part)) return false
  const [header, payload] = parts.map((part) => {
    const bytes = Buffer.from(part, 'base64url')
    const json = bytes.toString('utf8')
    try {
      const value: unknown = JSON.parse(json)
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
      return isObject && Buffer.from(json).equals(bytes) && !repeatsName(json)
        ? new Map(Object.entries(value))
        : undefined
    } catch {
      return undefined
    }
  })
  if (header === undefined || payload === undefined) return false
  const isText = (name: string) => !header.has(name) || typeof header.get(name) === 'string'
  return (
    header.has('alg') && ['alg', 'kid', 'typ'].every(isText) && !['crit', 'b64', 'enc'].some((it) => header.has(it))
  )
}
const encodedAgain = (part: string) => Buffer.from(part, 'base64url').toString('base64url')

describe('readJws: properties', () => {
  it('takes exactly what can be read in one way only, and refuses everything else as a bad token', () => {
    holds(
      fc.property(anyToken, (jws) => {
        const read = accepted(['invalid_token'], () => readJws(jws))
        if ((read !== undefined) !== isGood(jws)) expect([jws, read]).toBe(isGood(jws))
      }),
      { usual: 2000, nightly: 500_000 },
    )
  })

  it('reads what a plain parser reads, and its parts, encoded again, are the token', () => {
    holds(
      fc.property(objectOf(headerMember), objectOf(claimMember), (header, payload) => {
        const jws = `${encoded(header)}.${encoded(payload)}.AAAA`
        const read = accepted(['invalid_token'], () => readJws(jws))
        if (read === undefined) return
        const { alg, kid, typ } = JSON.parse(header) as Jws['header']
        expect(read).toEqual({ header: { alg, kid, typ }, claims: JSON.parse(payload) })
      }),
      { usual: 1000, nightly: 200_000 },
    )
  })
})

const RULES: ClaimRules = {
  issuer: 'https://id.example',
  audience: ['shop-api'],
  clockSkewMs: 30_000,
  maxTokenAgeMs: 3_600_000,
  tokenTypes: ['at+jwt', 'keycloak'],
}
const now = TEST_TIME_MS / 1000
const seconds = fc.oneof(
  fc.constantFrom(0, -0, -1, 1e308, 1e-9, now, now + 0.5, now - 30, now + 30, now - 3600, now + 3600),
  fc.double({ min: now - 5000, max: now + 5000, noNaN: true }),
)
const jsonValue = fc.jsonValue({ maxDepth: 2 })
const mostly = (...good: unknown[]) =>
  fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: jsonValue })
const time = fc.oneof({ weight: 8, arbitrary: seconds }, jsonValue, fc.constantFrom(Infinity, -Infinity, undefined))
const claims = fc.record(
  {
    iss: mostly(RULES.issuer),
    aud: mostly('shop-api', ['shop-api'], ['account', 'shop-api'], ['shop-api', 5], 'account', []),
    exp: time,
    nbf: time,
    iat: time,
    sub: mostly('alice', '', '\ud800'),
    azp: mostly('spa'),
    typ: mostly('Bearer', 'ID', 'bearer', 'DPoP'),
    cnf: jsonValue,
    events: jsonValue,
  },
  { requiredKeys: ['iss', 'aud', 'exp', 'typ'] },
)

describe('checkClaims: properties', () => {
  it('takes nothing that is not from this issuer, for this audience, an access token, and of now', () => {
    holds(
      fc.property(claims, (all) => {
        const header = { alg: 'RS256', kid: undefined, typ: 'JWT' }
        const untilMs = accepted(['invalid_token'], () => checkClaims(all, header, RULES, TEST_TIME_MS))
        if (untilMs === undefined) return
        const { iss, aud, exp, nbf = 0, iat = now, typ, sub = 'x' } = all as Record<string, unknown>
        const isTime = [exp, nbf, iat].every((it) => typeof it === 'number' && Number.isFinite(it))
        expect([iss, typ, isTime, 'cnf' in all, 'events' in all]).toEqual([RULES.issuer, 'Bearer', true, false, false])
        expect([aud].flat()).toContain('shop-api')
        expect(sub).toMatch(/./)
        expect(untilMs).toBe((exp as number) * 1000 + 30_000)
        expect(untilMs).toBeGreaterThan(TEST_TIME_MS)
        expect(Math.max(nbf as number, iat as number)).toBeLessThanOrEqual(now + 30)
        expect((exp as number) - (iat as number)).toBeLessThanOrEqual(3600.000001)
      }),
      { usual: 2000, nightly: 300_000 },
    )
  })
})

const field = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('Bearer', 'bearer', ' ', '  ', '\t', ',', 'a.b.c', '=', '.', '~', '"', 'Basic', 'é', '\0'), {
      maxLength: 6,
    })
    .map((pieces) => pieces.join('')),
  fc.string({ unit: fc.constantFrom(...'abAZ09-._~+/=.=') }).map((it) => `Bearer ${it}`),
)
const query = fc.oneof(
  fc.constantFrom('', '?', '?a=b', '?access_token=x', '?%61ccess_token=x', '?x=%ff', '?access_token'),
  fc.string().map((it) => `?${it}`),
)

describe('readBearerToken: properties', () => {
  it('returns what stands behind the scheme of the only field, and nothing that holds a blank, a comma or a quote', () => {
    holds(
      fc.property(fc.array(field, { maxLength: 2 }), query, (fields, search) => {
        const read = accepted(['missing_token', 'invalid_request'], () => readBearerToken(fields, search))
        if (read === undefined) return
        expect(fields).toHaveLength(1)
        expect(fields[0]?.toLowerCase()).toMatch(/^bearer +[^ ]/)
        expect(fields[0]?.endsWith(` ${read}`)).toBe(true)
        expect(read).toMatch(/^[A-Za-z0-9\-._~+/=]+$/)
        expect(new URLSearchParams(search).has('access_token')).toBe(false)
        // What the cache is asked with is the same text, or none.
        expect([undefined, read]).toContain(presentedToken(fields, search)?.trimStart())
      }),
      { usual: 2000, nightly: 300_000 },
    )
  })
})

describe('importKeySet: properties', () => {
  const member = fc.record(
    {
      kty: mostly('RSA', 'EC', 'OKP', 'oct'),
      crv: mostly('P-256', 'Ed25519'),
      alg: mostly('RS256', 'ES256', 'EdDSA', 'HS256'),
      use: mostly('sig', 'enc'),
      key_ops: mostly(['verify'], ['sign']),
      kid: mostly('a'),
      n: fc.base64String(),
      e: mostly('AQAB', 'AQ'),
      x: fc.base64String(),
      y: fc.base64String(),
      k: fc.base64String(),
    },
    { requiredKeys: ['kty'] },
  )
  it('throws nothing but a KeyFetchError, and takes no key from what is none', async () => {
    await holds(
      fc.asyncProperty(fc.oneof(jsonValue, fc.record({ keys: fc.array(fc.oneof(member, jsonValue)) })), async (set) => {
        const keys = await importKeySet(set, ['RS256', 'ES256', 'EdDSA']).catch((error: unknown) => error)
        if (!(keys instanceof KeyFetchError)) expect(keys).toHaveProperty('candidates')
      }),
      { usual: 200, nightly: 10_000 },
    )
  })
})
