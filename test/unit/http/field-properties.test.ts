import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CorsPolicy } from '../../../src/config/gateway-config.ts'
import { ERRORS, type ErrorCode, GatewayError, INVALID_TOKEN_REASONS } from '../../../src/errors.ts'
import { toChallenge } from '../../../src/http/challenge.ts'
import { createClientAddress } from '../../../src/http/client-address.ts'
import { corsHeaders, preflightHeaders } from '../../../src/http/cors.ts'
import { createRequestFieldsReader } from '../../../src/http/request-fields.ts'
import { holds } from '../../support/cases.ts'

const OWNED = ['X-User-Id', 'X-Client-Id', 'X-Scopes']
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'proxy-authenticate', 'te']
const FRAMING = ['trailer', 'transfer-encoding', 'upgrade', 'content-length', 'host', 'expect']
const SAID_BY_US = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
]
const NEVER = [...OWNED.map((name) => name.toLowerCase()), ...HOP_BY_HOP, ...FRAMING, ...SAID_BY_US, 'authorization']
/** A name as CGI, WSGI and the like see it. */
const asVariable = (name: string) => name.toUpperCase().replace(/[^A-Z0-9]/g, '_')
const NEVER_SEEN = new Set(NEVER.map(asVariable))

/** Spellings that node:http lets through: tokens. */
const spelling = fc
  .tuple(
    fc.constantFrom(...NEVER, 'x-original-url', 'accept', 'x-a'),
    fc.array(fc.nat(40), { maxLength: 4 }),
    fc.constantFrom(...'_.~!*-'),
  )
  .map(([name, places, other]) => {
    const letters = [...name]
    for (const place of places) {
      const at = place % letters.length
      letters[at] = letters[at] === '-' ? other : (letters[at] as string).toUpperCase()
    }
    return letters.join('')
  })
const fieldName = fc.oneof({ weight: 3, arbitrary: spelling }, fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/))
const fieldValue = fc.oneof(
  fc.constantFrom(
    '',
    'close',
    'keep-alive',
    'chunked',
    '5',
    'x-a',
    'X-A, x-b',
    'close, X-User-Id',
    'accept,,',
    '1.1.1.1',
  ),
  fc.array(spelling, { maxLength: 3 }).map((names) => names.join(', ')),
  fc.string({ unit: 'binary-ascii' }).map((text) => text.replace(/[^\x20-\x7e]/g, '')),
)
const rawFields = fc.array(fc.tuple(fieldName, fieldValue), { maxLength: 8 })
const read = createRequestFieldsReader(OWNED, 'scopegate-me')

describe('request fields: properties', () => {
  it('lets no field through that the gateway owns, that is hop-by-hop or that Connection names, in any spelling', () => {
    holds(
      fc.property(rawFields, (fields) => {
        const raw = [
          'Host',
          'a',
          ...fields.filter(([name]) => !/^(?:host|content-length|transfer-encoding)$/i.test(name)).flat(),
        ]
        const { endToEnd, authorization } = read(raw, 16_384)
        const sent = endToEnd.filter((_, index) => index % 2 === 0)
        const named = fields.flatMap(([name, value]) =>
          /^connection$/i.test(name) ? value.toLowerCase().split(',') : [],
        )
        const nominated = new Set(named.map((name) => name.trim()))
        for (const name of sent) {
          if (NEVER_SEEN.has(asVariable(name)) || (nominated.has(name.toLowerCase()) && !/^trace/.test(name))) {
            expect([raw, name]).toEqual([])
          }
        }
        const given = fields.filter(([name]) => /^authorization$/i.test(name)).map(([, value]) => value)
        expect(authorization).toEqual(given)
      }),
      { usual: 2000, nightly: 400_000 },
    )
  })

  it('keeps all other fields, in order and as they came, and throws nothing but a refusal', () => {
    holds(
      fc.property(rawFields, fc.nat(200), (fields, maxBytes) => {
        try {
          const { endToEnd } = read(['Host', 'a', ...fields.flat()], maxBytes)
          const texts = fields.map(([name, value]) => `${name}\0${value}`)
          let at = -1
          for (let i = 0; i < endToEnd.length; i += 2) {
            at = texts.indexOf(`${endToEnd[i]}\0${endToEnd[i + 1]}`, at + 1)
            if (at === -1) expect([fields, endToEnd]).toEqual([])
          }
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error
          expect(['malformed_request', 'headers_too_large']).toContain(error.code)
        }
      }),
      { usual: 1000, nightly: 200_000 },
    )
  })
})

/** `challenge` of RFC 9110 section 11.6.1 with its quoted strings, read from left to right; undefined: it is none. */
function parseChallenge(value: string): Map<string, string> | undefined {
  const parameters = new Map<string, string>()
  let rest = value.replace(/^[\w!#$%&'*+.^`|~-]+ +/, '')
  if (rest === value) return undefined
  for (;;) {
    const match = /^([\w!#$%&'*+.^`|~-]+)\s*=\s*"((?:[\t !\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t -\x7e\x80-\xff])*)"/.exec(
      rest,
    )
    if (match === null || parameters.has(match[1] as string)) return undefined
    parameters.set(match[1] as string, (match[2] as string).replace(/\\(.)/g, '$1'))
    rest = rest.slice(match[0].length)
    if (rest === '') return parameters
    const comma = /^\s*,\s*/.exec(rest)
    if (comma === null) return undefined
    rest = rest.slice(comma[0].length)
  }
}

describe('toChallenge: properties', () => {
  it('is one challenge to an independent parser, and repeats nothing that was not made for it', () => {
    const input = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'a "\\,=\r\n') }),
    )
    const codes = fc.constantFrom(...(Object.keys(ERRORS) as ErrorCode[]))
    const reasons = fc.oneof(fc.constantFrom(...Object.keys(INVALID_TOKEN_REASONS), '__proto__', 'toString'), input)
    const texts = new Set<string | undefined>([
      ...Object.values(ERRORS).map(({ title }) => title),
      ...Object.values(INVALID_TOKEN_REASONS),
    ])
    holds(
      fc.property(codes, reasons, input, input, (code, reason, scope, url) => {
        const value = toChallenge(new GatewayError(code, reason, { scope }, new Error(scope)), url)
        if (value === undefined) return
        const {
          error,
          error_description,
          scope: said = scope,
          resource_metadata = url,
          ...others
        } = Object.fromEntries(parseChallenge(value) ?? [['bad', value]])
        expect([said, resource_metadata, Object.keys(others).filter((name) => name !== 'realm')]).toEqual([
          scope,
          url,
          [],
        ])
        if (error !== undefined) expect(texts).toContain(error_description)
        expect(value).toMatch(/^Bearer [\x20-\x7e]+$/)
      }),
      { usual: 1000, nightly: 200_000 },
    )
  })
})

describe('CORS: properties', () => {
  it('says nothing that could end a line, and no name of a field that was not asked for', () => {
    const asked = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.oneof(spelling, fc.constantFrom('', ' ', 'a b', '\r\n', 'é', '"')), { maxLength: 5 })
        .map((it) => it.join(',')),
    )
    const origin = fc.oneof(fc.constantFrom('https://a.example', 'null', '*', 'https://a.example\r\nX: y'), fc.string())
    const base = { name: 'a', origins: new Set(['https://a.example']), maxAgeSeconds: 1, expose: [] }
    holds(
      fc.property(asked, origin, fc.boolean(), (requested, from, credentials) => {
        const policy: CorsPolicy = { ...base, credentials }
        const headers = [...preflightHeaders(policy, from, requested), ...corsHeaders(policy, from)]
        expect(headers.join('')).toMatch(/^[\x20-\x7e]*$/)
        const place = headers.indexOf('Access-Control-Allow-Headers')
        const names = place === -1 ? [] : (headers[place + 1] as string).split(', ')
        expect(requested.split(',').map((name) => name.trim())).toEqual(expect.arrayContaining(names))
        const isNamed = from === 'https://a.example'
        expect(headers.includes('Access-Control-Allow-Origin')).toBe(isNamed)
        expect(headers.includes('Access-Control-Allow-Credentials')).toBe(isNamed && credentials)
      }),
      { usual: 500, nightly: 200_000 },
    )
  })
})

describe('createClientAddress: properties', () => {
  const clientAddress = createClientAddress(['10.0.0.0/8', '2001:db8::/32'])
  const trusted = (address: string) => /^10\.|^2001:db8:/.test(address)
  const address = fc.oneof(
    fc.ipV4(),
    fc.nat(99).map((it) => `10.0.0.${it}`),
    fc.ipV6(),
    fc.constantFrom('2001:db8::1', '::1'),
  )
  const entry = fc.oneof(
    { weight: 5, arbitrary: address },
    fc.tuple(address, fc.nat(70_000)).map(([it, port]) => (it.includes(':') ? `[${it}]:${port}` : `${it}:${port}`)),
    fc.constantFrom('', 'unknown', '_x', '::ffff:10.0.0.1', 'fe80::1%eth0', '"::1"', ' 10.0.0.1 '),
    fc.string({ unit: 'binary' }),
  )

  it('is the peer unless the peer is trusted, else an address behind which all are; always an address', () => {
    holds(
      fc.property(
        address,
        fc.array(
          fc.array(entry, { maxLength: 3 }).map((it) => it.join(',')),
          { maxLength: 2 },
        ),
        (peer, said) => {
          const client = clientAddress(peer, said)
          expect(isIP(client)).not.toBe(0)
          const own = createClientAddress([])(peer, said)
          if (!clientAddress.isTrusted(peer)) expect(client).toBe(own)
          // Whoever stands behind the answer in the chain, as far as it was read, is trusted.
          const entries = [...said.join(',').split(','), peer].reverse()
          const place = entries.findIndex((it) => !trusted(createClientAddress([])(it.trim(), [])))
          const firstStranger = place === -1 ? undefined : (entries[place] as string).trim()
          if (trusted(own) && firstStranger !== undefined && isIP(firstStranger) === 4)
            expect(client).toBe(firstStranger)
        },
      ),
      { usual: 500, nightly: 200_000 },
    )
  })
})
