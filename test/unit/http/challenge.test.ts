import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GatewayConfig } from '../../../src/config/gateway-config.ts'
import { ERRORS, type ErrorCode, GatewayError, INVALID_TOKEN_REASONS, invalidToken } from '../../../src/errors.ts'
import { invalidTokenText, resourceMetadata, resourceMetadataUrl, toChallenge } from '../../../src/http/challenge.ts'
import { holds } from '../../support/cases.ts'

const URL = 'https://api.example.com/.well-known/oauth-protected-resource'
const CODES = Object.keys(ERRORS) as ErrorCode[]
const CHALLENGED = ['invalid_request', 'missing_token', 'invalid_token', 'insufficient_scope']

/** RFC 9110 section 11.4 with the characters of RFC 6750 section 3; throws on anything else. */
function parse(value: string): Record<string, string> {
  const [scheme, rest = ''] = [value.slice(0, value.indexOf(' ')), value.slice(value.indexOf(' ') + 1)]
  expect(scheme).toBe('Bearer')
  const parameters = rest.split(/, (?=[a-z_]+=)/).map((text) => {
    const match = /^([a-z_]+)="([\x20\x21\x23-\x5B\x5D-\x7E]+)"$/.exec(text)
    expect(match, text).not.toBeNull()
    return [match?.[1] as string, match?.[2] as string] as const
  })
  expect(new Set(parameters.map(([name]) => name)).size).toBe(parameters.length)
  return Object.fromEntries(parameters)
}

describe('toChallenge (RFC 6750 section 3, RFC 9728 section 5.1)', () => {
  it('gives a request without a token no error code', () => {
    expect(toChallenge(new GatewayError('missing_token', 'missing_token'), URL)).toBe(
      `Bearer resource_metadata="${URL}"`,
    )
  })

  it.each(Object.entries(INVALID_TOKEN_REASONS))('describes %s', (reason, text) => {
    const challenge = toChallenge(invalidToken(reason as keyof typeof INVALID_TOKEN_REASONS), URL) ?? ''
    expect(parse(challenge)).toEqual({ error: 'invalid_token', error_description: text, resource_metadata: URL })
  })

  it('names the scopes that would do', () => {
    const error = new GatewayError('insufficient_scope', 'no_line_fits', { scope: 'orders:read profile' })
    expect(toChallenge(error, URL)).toBe(
      `Bearer error="insufficient_scope", error_description="${ERRORS.insufficient_scope.title}", ` +
        `scope="orders:read profile", resource_metadata="${URL}"`,
    )
  })

  it('says invalid_request when a token came twice', () => {
    const challenge = toChallenge(new GatewayError('invalid_request', 'token_twice'), URL) ?? ''
    expect(parse(challenge).error).toBe('invalid_request')
  })

  it.each(CODES)('challenges %s if its answer is to carry one', (code) => {
    const challenge = toChallenge(new GatewayError(code, 'x'), URL)
    expect(challenge !== undefined).toBe(CHALLENGED.includes(code))
    if (challenge !== undefined) expect(parse(challenge).resource_metadata).toBe(URL)
  })

  it('never quotes a reason, a cause or anything outside the allowed characters', () => {
    const input = fc.string({ unit: 'binary' })
    holds(
      fc.property(fc.constantFrom(...CODES), input, input, input, (code, reason, scope, url) => {
        const error = new GatewayError(code, `~${reason}`, { scope, because: [reason] }, new Error(reason))
        const challenge = toChallenge(error, url)
        if (challenge === undefined) return
        const { error_description: description } = parse(challenge)
        expect([undefined, ERRORS[code].title]).toContain(description)
      }),
    )
  })

  it('has a parameter even when the address cannot be quoted', () => {
    expect(toChallenge(new GatewayError('missing_token', 'x'), 'https://a"b')).toBe('Bearer realm="api"')
    expect(toChallenge(new GatewayError('missing_token', 'x'), 'https://a\r\nb')).toBe('Bearer realm="api"')
  })

  it('reads reasons that are names of Object.prototype as unknown', () => {
    expect(invalidTokenText(new GatewayError('invalid_token', 'constructor'))).toBeUndefined()
    expect(invalidTokenText(new GatewayError('missing_token', 'token_expired'))).toBeUndefined()
  })
})

describe('resourceMetadata (RFC 9728 section 2)', () => {
  const issuer = { issuer: 'https://id.example.com/realms/shop' }
  const issuers = new Map([['main', issuer]]) as unknown as GatewayConfig['issuers']

  it('names the resource, its authorization servers and scopes', () => {
    const config = { resource: 'https://api.example.com', issuers, scopesSupported: ['orders:read'] }
    expect(resourceMetadata(config, 'http://10.0.0.1:8080')).toEqual({
      resource: 'https://api.example.com',
      authorization_servers: ['https://id.example.com/realms/shop'],
      scopes_supported: ['orders:read'],
      bearer_methods_supported: ['header'],
    })
  })

  it('leaves out what has no value, and falls back to the address of the request', () => {
    expect(resourceMetadata({ issuers: new Map(), scopesSupported: [] }, 'http://127.0.0.1:8080')).toEqual({
      resource: 'http://127.0.0.1:8080',
      bearer_methods_supported: ['header'],
    })
  })

  it.each([
    ['https://api.example.com', 'https://api.example.com/.well-known/oauth-protected-resource'],
    ['https://api.example.com/', 'https://api.example.com/.well-known/oauth-protected-resource'],
    ['https://api.example.com/shop', 'https://api.example.com/.well-known/oauth-protected-resource/shop'],
    ['https://api.example.com:8443/a/b', 'https://api.example.com:8443/.well-known/oauth-protected-resource/a/b'],
  ])('stands for %s at %s', (resource, url) => {
    expect(resourceMetadataUrl({ resource }, 'http://other')).toBe(url)
    expect(resourceMetadataUrl({}, resource)).toBe(url)
  })
})
