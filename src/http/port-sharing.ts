/** How several listening sockets, in one process or in several, come to share a port. */
import net from 'node:net'

/** `node:net`'s options of the same names. */
export type PortSharing = Pick<net.ListenOptions, 'reusePort' | 'exclusive'>

/** Each has a listening socket of its own, and the kernel spreads connections over them (SO_REUSEPORT). */
const BY_KERNEL: PortSharing = { reusePort: true, exclusive: true }
/** The primary accepts, and hands connections to the workers in turn. Dearer by far for each connection. */
const BY_PRIMARY: PortSharing = { exclusive: false }

/** By the kernel where it spreads connections: Linux and some BSDs, but not macOS. */
export async function choosePortSharing(): Promise<PortSharing> {
  try {
    await listenOnce({ host: '127.0.0.1', port: 0, reusePort: true, exclusive: true })
    return BY_KERNEL
  } catch {
    return BY_PRIMARY
  }
}

/**
 * Rejects as `listen` does when another process listens there. With SO_REUSEPORT alone, two gateways of one user would
 * share a port in silence, each with policies of its own.
 */
export async function assertPortFree(host: string, port: number): Promise<void> {
  if (port !== 0) await listenOnce({ host, port, exclusive: true })
}

function listenOnce(options: net.ListenOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const server = net.createServer((socket) => socket.destroy())
  server.once('error', reject)
  server.listen(options, () => server.close(() => resolve()))
  return promise
}
