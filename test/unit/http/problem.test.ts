import { describe, expect, it } from 'vitest'
import { ERRORS, type ErrorCode, GatewayError, invalidToken } from '../../../src/errors.ts'
import { toProblem } from '../../../src/http/problem.ts'

const CODES = Object.keys(ERRORS) as ErrorCode[]
const PLAIN = ['Content-Type', 'application/problem+json', 'Cache-Control', 'no-store']

function bodyOf(error: GatewayError): Record<string, unknown> {
  return JSON.parse(toProblem(error, 'r1').body)
}

describe('toProblem (RFC 9457)', () => {
  it.each(CODES)('gives %s its status, title and type', (code) => {
    const { status, title } = ERRORS[code]
    const problem = toProblem(new GatewayError(code, 'some_reason'), 'r1')
    expect(problem.status).toBe(status)
    expect(problem.headers.slice(0, 4)).toEqual(PLAIN)
    const type =
      code === 'rate_limited'
        ? 'https://iana.org/assignments/http-problem-types#quota-exceeded'
        : `urn:scopegate:problem:${code}`
    expect(JSON.parse(problem.body)).toEqual({ type, title, status, code, requestId: 'r1' })
  })

  it('tells why a token was refused', () => {
    expect(bodyOf(invalidToken('token_expired'))).toMatchObject({
      title: 'The access token is not valid',
      detail: 'The access token expired',
    })
  })

  it('tells the scope and the reasons of a 403', () => {
    const error = new GatewayError('insufficient_scope', 'no_line_fits', { scope: 'a b', because: ['step up'] })
    expect(bodyOf(error)).toMatchObject({ scope: 'a b', because: ['step up'] })
    expect(bodyOf(new GatewayError('insufficient_scope', 'no_line_fits', { because: [] }))).not.toHaveProperty(
      'because',
    )
  })

  it('names the policies of a 429 (draft-ietf-httpapi-ratelimit-headers-10)', () => {
    const details = { retryAfterSeconds: 2.2, violatedPolicies: ['per-user'] }
    const problem = toProblem(new GatewayError('rate_limited', 'limit', details), 'r1')
    expect(JSON.parse(problem.body)['violated-policies']).toEqual(['per-user'])
    expect(problem.headers).toEqual([...PLAIN, 'Retry-After', '3'])
    expect(bodyOf(new GatewayError('overloaded', 'x', details))).not.toHaveProperty('violated-policies')
  })

  it('shows nothing of reason and cause', () => {
    const cause = new Error('connect ECONNREFUSED 10.0.0.7:8080')
    for (const code of CODES) {
      const { body, headers } = toProblem(new GatewayError(code, 'private_reason', {}, cause), 'r1')
      expect(body + headers.join()).not.toMatch(/10\.0\.0\.7|ECONNREFUSED|private_reason|stack/)
    }
  })

  it.each([
    [0, '1'],
    [0.2, '1'],
    [1, '1'],
    [1.01, '2'],
    [60, '60'],
    [Number.NaN, '1'],
    [Number.POSITIVE_INFINITY, '1'],
  ])('rounds Retry-After of %d seconds up to %s', (retryAfterSeconds, text) => {
    const { headers } = toProblem(new GatewayError('rate_limited', 'x', { retryAfterSeconds }), 'r1')
    expect(headers).toEqual([...PLAIN, 'Retry-After', text])
  })

  it('gives every 429 and 503 a Retry-After, and nothing else one by itself', () => {
    for (const code of CODES) {
      const { headers, status } = toProblem(new GatewayError(code, 'x'), 'r1')
      expect(headers.includes('Retry-After'), code).toBe(status === 429 || status === 503)
    }
  })

  it('gives a 405 its Allow, even an empty one (RFC 9110 section 15.5.6)', () => {
    const allow = ['GET', 'HEAD']
    expect(toProblem(new GatewayError('method_not_allowed', 'x', { allow }), 'r').headers).toEqual([
      ...PLAIN,
      ...['Allow', 'GET, HEAD'],
    ])
    expect(toProblem(new GatewayError('method_not_allowed', 'x'), 'r').headers.slice(4)).toEqual(['Allow', ''])
  })

  it('escapes a request id', () => {
    expect(JSON.parse(toProblem(new GatewayError('not_found', 'x'), 'a"\n<').body).requestId).toBe('a"\n<')
  })
})
