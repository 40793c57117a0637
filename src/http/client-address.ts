/** Who is at the other end of a chain of proxies. Pure: no I/O, no request object. */
import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net'

export interface ClientAddress {
  /**
   * The client's address: the socket's peer, or, as long as addresses are trusted, the one before it in
   * `X-Forwarded-For`. An entry that is no address ends the walk: the last address known for sure is the answer.
   * IPv6 in its shortest form; IPv4 mapped into IPv6 as IPv4.
   * @param forwardedFor values of all `X-Forwarded-For` fields, in order
   */
  (peer: string, forwardedFor: readonly string[]): string
  /** Whether what this peer says about its own client is believed. */
  isTrusted(peer: string): boolean
}

const IPV4_WITH_PORT = /^([\d.]+):\d{1,5}$/
const IPV6_IN_BRACKETS = /^\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\](?::\d{1,5})?$/

/** @param trustedProxies addresses and CIDR blocks; empty: nobody is believed */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = toBlockList(trustedProxies)

  function includes(address: string): boolean {
    const version = isIP(address)
    return version !== 0 && trusted !== undefined && trusted.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }

  function clientAddress(peer: string, forwardedFor: readonly string[]): string {
    let address = normaliseAddress(peer)
    if (trusted === undefined || forwardedFor.length === 0) return address
    const entries = forwardedFor.join(',').split(',')
    for (let i = entries.length - 1; i >= 0 && includes(address); i -= 1) {
      const previous = readEntry(entries[i] as string)
      if (previous === undefined) return address
      address = previous
    }
    return address
  }

  return Object.assign(clientAddress, { isTrusted: (peer: string) => includes(normaliseAddress(peer)) })
}

function toBlockList(blocks: readonly string[]): BlockList | undefined {
  if (blocks.length === 0) return undefined
  const list = new BlockList()
  for (const block of blocks) {
    const [address = '', prefix] = block.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

/** One entry: an address, `1.2.3.4:80`, `[2001:db8::1]` or `[2001:db8::1]:80`. Undefined for anything else. */
function readEntry(entry: string): string | undefined {
  const text = entry.trim()
  const address = IPV4_WITH_PORT.exec(text)?.[1] ?? IPV6_IN_BRACKETS.exec(text)?.[1] ?? text
  // A zone (fe80::1%eth0) means something on the proxy's machine only.
  if (isIP(address) === 0 || address.includes('%')) return undefined
  return normaliseAddress(address)
}

/** One spelling per address: the shortest, without a zone. What is no IPv6 address stays as it is. */
function normaliseAddress(address: string): string {
  if (!address.includes(':') || isIP(address) !== 6) return address
  const shortest = new SocketAddress({ address, family: 'ipv6' }).address
  return shortest.startsWith('::ffff:') && shortest.includes('.') ? shortest.slice(7) : shortest
}
