/** How several listening sockets, in one process or in several, come to share a port. */
import net from 'node:net'
import { platform } from 'node:os'

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
 * Opens shared sockets where nobody else listens. With SO_REUSEPORT alone, two gateways of one user would share a port in
 * silence, each with policies of its own. Rejects as `listen` does when another process listens there, or is about to.
 */
export async function openAlone<T>(host: string, port: number, open: () => Promise<T>): Promise<T> {
  if (port === 0) return open()
  const start = await beginStart(host, port)
  try {
    await listenOnce({ host, port, exclusive: true })
    return await open()
  } finally {
    start?.close()
  }
}

/** Held while a gateway looks at the port and then opens it: an abstract socket, which ends with its process. */
async function beginStart(host: string, port: number): Promise<net.Server | undefined> {
  // Elsewhere there are no such sockets; nor is SO_REUSEPORT much used.
  return platform() === 'linux' ? listen({ path: `\0scopegate-start/${host}:${port}` }) : undefined
}

async function listenOnce(options: net.ListenOptions): Promise<void> {
  const server = await listen(options)
  await new Promise<void>((resolve) => server.close(() => resolve()))
}

function listen(options: net.ListenOptions): Promise<net.Server> {
  const { promise, resolve, reject } = Promise.withResolvers<net.Server>()
  const server = net.createServer((socket) => socket.destroy())
  server.once('error', reject)
  server.listen(options, () => resolve(server))
  return promise
}
