import { describe, expect, it } from 'vitest'
import type { UpstreamConfig } from '../../../src/config/gateway-config.ts'
import { createAddressBook } from '../../../src/forwarding/address-book.ts'

const upstream = { name: 'u', urls: ['http://a', 'http://b', 'http://c'] } as unknown as UpstreamConfig

describe('addresses of an upstream', () => {
  it('takes turns', () => {
    const book = createAddressBook(() => 0)
    expect([1, 2, 3, 4].map(() => book.pick(upstream, []))).toEqual(['http://a', 'http://b', 'http://c', 'http://a'])
  })

  it('passes over an address that was down within five seconds, and then tries it again', () => {
    let now = 0
    const book = createAddressBook(() => now)
    book.markDown('http://a')
    expect(book.pick(upstream, [])).toBe('http://b')
    now = 4_999
    expect([1, 2, 3].map(() => book.pick(upstream, []))).not.toContain('http://a')
    now = 5_000
    expect([1, 2, 3].map(() => book.pick(upstream, []))).toContain('http://a')
  })

  it('uses an address that is down when there is no other', () => {
    const book = createAddressBook(() => 0)
    for (const url of upstream.urls) book.markDown(url)
    expect(book.pick(upstream, [])).toBe('http://a')
  })

  it('never gives the same address twice for one request', () => {
    const book = createAddressBook(() => 0)
    expect(book.pick(upstream, upstream.urls)).toBeUndefined()
    expect(book.pick({ ...upstream, urls: ['http://a'] }, ['http://a'])).toBeUndefined()
  })
})
