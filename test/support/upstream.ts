/** Upstream services for tests: an honest one that says what it got, and raw ones that answer any bytes. */
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'

export interface Received {
  readonly method: string
  readonly url: string
  /** Names as they arrived, and values, flat. */
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export interface TestUpstream {
  readonly url: string
  /** Requests in the order of their arrival, each with its whole body. */
  readonly received: readonly Received[]
  readonly server: http.Server
  /** Values of a field of the last request, by lower-case name. */
  lastField(name: string): readonly string[]
  close(): Promise<void>
}

/** Answers 200 with a JSON echo; `listener` may answer instead and then the request is not recorded. */
export async function startUpstream(listener?: RequestListener): Promise<TestUpstream> {
  const received: Received[] = []
  const echo = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const { method = '', url = '', rawHeaders } = incoming
    const request = { method, url, rawHeaders, body: Buffer.concat(chunks).toString() }
    received.push(request)
    outgoing.setHeader('content-type', 'application/json').end(JSON.stringify(request))
  }
  const server = http.createServer(listener ?? ((incoming, outgoing) => void echo(incoming, outgoing).catch(() => {})))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    server,
    lastField(name) {
      const raw = received.at(-1)?.rawHeaders ?? []
      return raw.filter((_, i) => i % 2 === 1 && raw[i - 1]?.toLowerCase() === name)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export interface RawUpstream {
  readonly url: string
  /** Everything received, all connections joined. */
  text(): string
  readonly connections: ReadonlySet<Socket>
  close(): Promise<void>
}

/** A server that handles sockets as bytes. */
export async function startRawUpstream(onConnection: (socket: Socket) => void): Promise<RawUpstream> {
  let text = ''
  const connections = new Set<Socket>()
  const server = net.createServer((socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    text: () => text,
    connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of connections) socket.destroy()
      }),
  }
}

/** Answers each request on a connection with the same bytes as soon as its head is in. */
export function answering(bytes: string): (socket: Socket) => void {
  return (socket) => socket.on('data', (chunk) => chunk.includes('\r\n\r\n') && socket.write(bytes, 'latin1'))
}
