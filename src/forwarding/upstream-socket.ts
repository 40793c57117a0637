import net from 'node:net'
import tls from 'node:tls'
import { createSharedLookup } from './shared-lookup.ts'
import { UpstreamError } from './upstream-client.ts'

export interface SocketTarget {
  /** `http:` or `https:`. */
  readonly protocol: string
  /** A name or an address; one of IPv6 in brackets. */
  readonly hostname: string
  /** Empty: the scheme's own. */
  readonly port: string
}

/** How often an idle connection asks whether its peer is still there. */
const KEEP_ALIVE_MS = 60_000

const lookup = createSharedLookup()

/**
 * Opens a connection that is ready to be written to; over TLS the certificate has been checked by then. An UpstreamError
 * `connect-timeout` comes after `connectMs`, everything counted.
 * @param callback called once, and never before this returns
 */
export function openUpstreamSocket(
  { protocol, hostname, port: givenPort }: SocketTarget,
  connectMs: number,
  callback: (error: Error | null, socket: net.Socket) => void,
): void {
  const isSecure = protocol === 'https:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const port = Number(givenPort || (isSecure ? 443 : 80))
  const socket = isSecure ? connectTls(host, port) : net.connect({ host, port, lookup })
  const timer = setTimeout(() => socket.destroy(new UpstreamError('connect-timeout')), connectMs)
  const settle = (error: Error | null): void => {
    clearTimeout(timer)
    socket.off('error', settle)
    callback(error, socket)
  }
  socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS)
  socket.once(isSecure ? 'secureConnect' : 'connect', () => settle(null))
  socket.once('error', settle)
}

function connectTls(host: string, port: number): tls.TLSSocket {
  // Names that are addresses do not go into the handshake (RFC 6066 section 3).
  const servername = net.isIP(host) ? '' : host
  return tls.connect({ host, port, lookup, servername, ALPNProtocols: ['http/1.1'], rejectUnauthorized: true })
}
