import { describe, expect, it } from 'vitest'
import { addRateLimitFields } from '../../../src/rate-limiting/rate-limit-headers.ts'

const PER_USER = { name: 'per-user', limit: 100, windowSeconds: 60, remaining: 50, resetSeconds: 30 }
const PER_IP = { name: 'per-ip', limit: 1_000_000_000, windowSeconds: 1, remaining: 0, resetSeconds: 1 }

describe('RateLimit fields (draft-ietf-httpapi-ratelimit-headers-10)', () => {
  it('says nothing when nothing was counted', () => {
    const headers = ['X', 'y']
    addRateLimitFields(headers, [])
    expect(headers).toEqual(['X', 'y'])
  })

  it('writes policy and state of one quota', () => {
    const headers: string[] = []
    addRateLimitFields(headers, [PER_USER])
    expect(headers).toEqual(['RateLimit-Policy', '"per-user";q=100;w=60', 'RateLimit', '"per-user";r=50;t=30'])
  })

  it('writes several quotas as one list each', () => {
    const headers = ['X', 'y']
    addRateLimitFields(headers, [PER_IP, PER_USER])
    expect(headers).toEqual([
      'X',
      'y',
      'RateLimit-Policy',
      '"per-ip";q=1000000000;w=1, "per-user";q=100;w=60',
      'RateLimit',
      '"per-ip";r=0;t=1, "per-user";r=50;t=30',
    ])
  })

  it('escapes what a string of Structured Fields must escape (RFC 9651 section 3.3.3)', () => {
    const headers: string[] = []
    addRateLimitFields(headers, [{ ...PER_USER, name: 'a"b\\c' }])
    expect(headers[1]).toBe('"a\\"b\\\\c";q=100;w=60')
  })
})
