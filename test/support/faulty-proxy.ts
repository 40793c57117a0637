/** A TCP proxy whose connections can be made to fail in the ways of a network and of a sick peer. */
import net, { type AddressInfo, type Socket } from 'node:net'

export type ProxyMode =
  | 'pass'
  /** Each piece of an answer comes 150 ms late. */
  | 'slow'
  /** The first byte of an answer arrives, then a reset. */
  | 'reset'
  /** Connections are taken and nothing is read from them. */
  | 'mute'
  /** Whatever is asked is answered as a web server would. */
  | 'garbage'
  /** Nobody listens. */
  | 'refuse'

export interface FaultyProxy {
  readonly port: number
  /** Ends the connections that are open, unless they can go on in the new way: `slow` and `reset`. */
  become(mode: ProxyMode): Promise<void>
  close(): Promise<void>
}

const LATE_MS = 150

export async function startFaultyProxy(targetPort: number): Promise<FaultyProxy> {
  let mode: ProxyMode = 'pass'
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on('error', () => {}).once('close', () => sockets.delete(socket))
  }

  /** Pieces stay in their order, also when the mode changes between them. */
  function createAnswerer(client: Socket): (chunk: Buffer) => void {
    let lastDueMs = 0
    const give = (chunk: Buffer) => client.writable && client.write(chunk)
    return (chunk) => {
      if (mode === 'reset') return void client.write(chunk.subarray(0, 1), () => client.resetAndDestroy())
      lastDueMs = Math.max(lastDueMs, performance.now() + (mode === 'slow' ? LATE_MS : 0))
      const waitMs = lastDueMs - performance.now()
      if (waitMs > 0) setTimeout(give, waitMs, chunk)
      else give(chunk)
    }
  }

  const server = net.createServer((client) => {
    keep(client)
    if (mode === 'mute') return void client.pause()
    if (mode === 'garbage') {
      return void client.on('data', () => client.write('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'))
    }
    const target = keep(net.connect(targetPort, '127.0.0.1'))
    client.on('data', (chunk) => target.write(chunk)).once('close', () => target.destroy())
    target.on('data', createAnswerer(client)).once('close', () => client.destroy())
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const endAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      endAll()
    })
  await listen(0)
  const { port } = server.address() as AddressInfo

  return {
    port,
    async become(next) {
      mode = next
      if (next !== 'slow' && next !== 'reset') endAll()
      if (next === 'refuse') await close()
      else if (!server.listening) await listen(port)
    },
    close,
  }
}
