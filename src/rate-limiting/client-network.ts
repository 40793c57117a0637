/** What of a client's address counts as one client. */

/**
 * An IPv4 address as it is, an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2, in any spelling) as its IPv4
 * address, and any other IPv6 address as its /64: one subscriber has at least that many addresses to choose from.
 * Undefined when the text is not an address.
 */
export function toClientNetwork(address: string): string | undefined {
  if (isIpv4(address)) return address
  const groups = readIpv6(address)
  if (groups === undefined) return undefined
  const [, , , , , , high = 0, low = 0] = groups
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xff_ff) {
    return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`
  }
  const prefix = groups.slice(0, 4).map((group) => group.toString(16))
  return `${prefix.join(':')}::/64`
}

function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
}

/** The eight groups of an IPv6 address (RFC 4291 section 2.2); a zone (RFC 4007) is dropped. */
function readIpv6(address: string): number[] | undefined {
  const zone = address.indexOf('%')
  const halves = (zone < 0 ? address : address.slice(0, zone)).split('::')
  if (halves.length > 2) return undefined
  const head = readGroups(halves[0] ?? '', halves.length === 1)
  const tail = readGroups(halves[1] ?? '', true)
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  return [...head, ...new Array<number>(missing).fill(0), ...tail]
}

function readGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  const final = parts.at(-1) ?? ''
  if (last && isIpv4(final)) {
    const [a = 0, b = 0, c = 0, d = 0] = final.split('.').map(Number)
    parts.splice(-1, 1, ((a << 8) | b).toString(16), ((c << 8) | d).toString(16))
  }
  return parts.every((part) => /^[\da-f]{1,4}$/i.test(part))
    ? parts.map((part) => Number.parseInt(part, 16))
    : undefined
}
