/** How the servers of this folder begin and end. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Rejects when the port is taken; port 0 is any. @returns the port */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => resolve((server.address() as AddressInfo).port))
  })
}

/** Stops listening and cuts what is open. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
