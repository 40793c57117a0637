import { describe, expect, it } from 'vitest'
import { createClientAddress } from '../../../src/http/client-address.ts'

describe('createClientAddress', () => {
  const clientAddress = createClientAddress(['10.0.0.0/8', '192.0.2.7', '2001:db8:1::/48', '::1'])

  it.each([
    // peer, X-Forwarded-For, client
    ['10.1.1.1', ['203.0.113.5'], '203.0.113.5'],
    ['10.1.1.1', ['6.6.6.6, 203.0.113.5'], '203.0.113.5'],
    ['10.1.1.1', ['6.6.6.6, 203.0.113.5, 10.2.2.2'], '203.0.113.5'],
    ['10.1.1.1', ['6.6.6.6', '203.0.113.5', '10.2.2.2,192.0.2.7'], '203.0.113.5'],
    ['10.1.1.1', ['10.3.3.3, 10.2.2.2'], '10.3.3.3'],
    ['10.1.1.1', [], '10.1.1.1'],
    ['203.0.113.9', ['1.1.1.1'], '203.0.113.9'],
    ['192.0.2.8', ['1.1.1.1'], '192.0.2.8'],
    ['::ffff:10.1.1.1', ['203.0.113.5'], '203.0.113.5'],
    ['::ffff:0a01:0101', ['203.0.113.5'], '203.0.113.5'],
    ['0:0:0:0:0:FFFF:10.1.1.1', ['203.0.113.5'], '203.0.113.5'],
    ['::ffff:203.0.113.9', ['1.1.1.1'], '203.0.113.9'],
    ['::ffff:cb00:7109', [], '203.0.113.9'],
    ['::1', ['2001:DB8:2:0:0:0:0:1'], '2001:db8:2::1'],
    ['2001:db8:1::5', ['2001:db8:2::1, 2001:db8:1:ffff::1'], '2001:db8:2::1'],
    ['2001:db8:2::5', ['1.1.1.1'], '2001:db8:2::5'],
    ['10.1.1.1', ['203.0.113.5:4711'], '203.0.113.5'],
    ['10.1.1.1', ['[2001:db8:2::1]:4711'], '2001:db8:2::1'],
    ['10.1.1.1', ['[2001:db8:2::1]'], '2001:db8:2::1'],
    ['10.1.1.1', ['::ffff:203.0.113.5'], '203.0.113.5'],
    ['10.1.1.1', ['[::ffff:cb00:7105]:80'], '203.0.113.5'],
    ['10.1.1.1', ['6.6.6.6, ::ffff:10.2.2.2'], '6.6.6.6'],
    ['10.1.1.1', ['\t203.0.113.5 '], '203.0.113.5'],
    ['fe80::1%eth0', [], 'fe80::1'],
    ['', [], ''],
    ['', ['1.1.1.1'], ''],
  ])('for %s with %j is %s', (peer, forwardedFor, expected) => {
    expect(clientAddress(peer, forwardedFor)).toBe(expected)
  })

  it.each([
    '',
    'unknown',
    '_hidden',
    '203.0.113',
    '203.0.113.256',
    '0203.0.113.5',
    '203.0.113.5:',
    '203.0.113.5:999999',
    '[203.0.113.5]',
    '[2001:db8::1',
    '2001:db8::1]',
    '2001:db8:::1',
    'fe80::1%eth0',
    '"203.0.113.5"',
    'for=203.0.113.5',
    'localhost',
    '10.0.0.0/8',
    '1.1.1.1 2.2.2.2',
  ])('stops at the entry %j', (entry) => {
    expect(clientAddress('10.1.1.1', [`6.6.6.6, ${entry}, 10.2.2.2`])).toBe('10.2.2.2')
    expect(clientAddress('10.1.1.1', [`6.6.6.6, ${entry}`])).toBe('10.1.1.1')
  })

  it('CVE-2026-40575: believes nobody when no proxy is trusted', () => {
    const peerOnly = createClientAddress([])
    expect(peerOnly('127.0.0.1', ['1.1.1.1'])).toBe('127.0.0.1')
    expect(peerOnly('::ffff:127.0.0.1', ['1.1.1.1'])).toBe('127.0.0.1')
    expect(peerOnly.isTrusted('127.0.0.1')).toBe(false)
  })

  it.each([
    ['10.255.0.1', true],
    ['::ffff:10.255.0.1', true],
    ['::ffff:aff:1', true],
    ['11.0.0.1', false],
    ['192.0.2.7', true],
    ['2001:db8:1:2::3', true],
    ['2001:db8:2::', false],
    ['::1', true],
    ['', false],
    ['10.0.0', false],
    ['nonsense', false],
  ])('trusts %s: %s', (peer, expected) => {
    expect(clientAddress.isTrusted(peer)).toBe(expected)
  })

  it('reads blocks that are written as IPv4 mapped into IPv6', () => {
    const mapped = createClientAddress(['::ffff:10.0.0.0/104'])
    expect(mapped.isTrusted('10.9.9.9')).toBe(true)
    expect(mapped.isTrusted('11.9.9.9')).toBe(false)
  })

  it.each(['10.0.0.0/33', '10.0.0.0/x', 'proxy.example', ''])('refuses the block %j', (block) => {
    expect(() => createClientAddress([block])).toThrow()
  })
})
