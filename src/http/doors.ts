/**
 * Several listening sockets on one port. Node accepts one connection a socket in each turn of the event loop (libuv since
 * 1.50). A turn is short, unless the gateway has more to do than it can: then those it serves already would keep it to
 * themselves, and a new client would wait for its first answer as many turns as there are others before it.
 */
import type http from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import { choosePortSharing, openAlone, type PortSharing } from './port-sharing.ts'

/** Connections that are accepted in a turn, where the kernel spreads them over sockets. */
const DOORS = 32

/**
 * Connections that wait to be accepted; the kernel takes at most its own limit (`somaxconn`). With Node's 511, the others
 * of a thousand clients who connect at once wait 1, 3 or 7 seconds until their kernel asks again.
 */
const BACKLOG = 65_535

export interface Doors {
  /** Rejects, with nothing left open, when one does not open. */
  open(host: string, port: number, sharing?: PortSharing): Promise<AddressInfo>
  /** Resolves when all connections that came through them have closed, too. */
  close(): Promise<void>
}

/** @param mostConnections more are closed without a word */
export function createDoors(server: http.Server, mostConnections: number): Doors {
  const others: net.Server[] = []
  let connections = 0

  // Before node:http and TLS see it; both get it nevertheless, and let it go as one that closed at once.
  server.prependListener('connection', (socket: Socket) => {
    connections += 1
    socket.once('close', () => {
      connections -= 1
    })
    if (connections > mostConnections) socket.destroy()
  })

  async function open(host: string, port: number, sharing?: PortSharing): Promise<AddressInfo> {
    if (sharing !== undefined) return openAll(host, port, sharing)
    return openAlone(host, port, async () => openAll(host, port, await choosePortSharing()))
  }

  async function openAll(host: string, port: number, share: PortSharing): Promise<AddressInfo> {
    const address = await listen(server, { ...share, host, port, backlog: BACKLOG })
    if (share.reusePort !== true) return address
    // As node:http, or node:https, makes its own.
    const { allowHalfOpen = false } = server as net.Server & { readonly allowHalfOpen?: boolean }
    const options = { allowHalfOpen, noDelay: true }
    for (let i = 1; i < DOORS; i += 1) {
      others.push(net.createServer(options, (socket) => server.emit('connection', socket)))
    }
    const shared = { ...share, host, port: address.port, backlog: BACKLOG }
    const opening = others.map((door) => listen(door, shared))
    try {
      await Promise.all(opening)
      return address
    } catch (error) {
      await Promise.allSettled(opening)
      await close()
      throw error
    }
  }

  async function close(): Promise<void> {
    await Promise.all([server, ...others].map(closeDoor))
  }

  return { open, close }
}

function listen(server: net.Server, options: net.ListenOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.off('error', reject)
      resolve(server.address() as AddressInfo)
    })
  })
}

/** Not `node:http`'s own `close`, which cuts idle connections at once. */
function closeDoor(server: net.Server): Promise<void> {
  return new Promise((resolve) => net.Server.prototype.close.call(server, () => resolve()))
}
