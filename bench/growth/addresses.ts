/** As many client addresses as are wanted, from one machine. */

/** For wrk, in place of wrk.lua: `firstToken` is the number of the first address. */
export const ADDRESSES_SCRIPT = new URL('addresses.lua', import.meta.url).pathname

/** The peer is a trusted proxy, so that whoever asks may have any address; a limit counts each request and is never reached. */
export function withAddressLimit(file: Record<string, unknown>): Record<string, unknown> {
  const perAddress = { limit: 1_000_000_000, window: '10m', key: 'client.ip', when: 'before-auth' }
  return {
    ...file,
    trustedProxies: ['127.0.0.1'],
    rateLimits: { ...(file.rateLimits as object), 'per-address': perAddress },
    defaults: { issuer: 'main', rateLimits: ['per-address', 'per-user'] },
  }
}
