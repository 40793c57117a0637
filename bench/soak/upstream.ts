/** The service behind the gateway: it says what it got, streams, and misbehaves where the path says so. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** What it says of a request. */
export interface Echo {
  readonly method: string
  readonly url: string
  readonly subject: string
  readonly bytes: number
}

export interface SoakUpstream {
  readonly url: string
  /** Requests that no client may cause: paths that the gateway has no route for. */
  readonly strangers: readonly string[]
  /** Refuses connections and cuts those that are open, until `up`. */
  down(): Promise<void>
  up(): Promise<void>
}

export const EVENTS = 5
const EVENT_PAUSE_MS = 200
/** Longer than the soak keeps any connection idle: who closes first is not what is looked at here. */
const KEEP_ALIVE_MS = 300_000
const CHUNK = Buffer.alloc(64 * 1024, 'x')

export async function startSoakUpstream(): Promise<SoakUpstream> {
  const strangers: string[] = []
  const upgraded = new Set<Duplex>()
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    response.on('error', () => {})
    void answer(request, response, strangers).catch(() => response.destroy())
  })
  server.on('upgrade', (request, socket) => {
    if (request.url !== '/socket') strangers.push(request.url ?? '')
    upgraded.add(socket)
    socket.on('error', () => {}).on('close', () => upgraded.delete(socket))
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.pipe(socket)
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    strangers,
    async down() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      for (const socket of upgraded) socket.destroy()
      await closed
    },
    up: () => listen(port),
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, strangers: string[]): Promise<void> {
  const { method = '', url = '', headers } = request
  const [, kind = '', last = ''] = url.split('/')
  if (kind === 'download') return send(response, Number(last))
  if (kind === 'events') return sendEvents(response)
  if (kind === 'faulty') return fail(response, last)
  if (!['orders', 'catalog', 'tight', 'strict', 'upload'].includes(kind)) strangers.push(url)
  let bytes = 0
  for await (const chunk of request) bytes += (chunk as Buffer).length
  const echo: Echo = { method, url, subject: String(headers['x-user-id'] ?? ''), bytes }
  response.setHeader('Content-Type', 'application/json').end(JSON.stringify(echo))
}

async function send(response: ServerResponse, bytes: number): Promise<void> {
  response.writeHead(200, { 'Content-Length': bytes })
  for (let left = bytes; left > 0 && !response.destroyed; left -= CHUNK.length) {
    if (!response.write(CHUNK.subarray(0, left))) {
      await new Promise<void>((resolve) => response.once('drain', resolve).once('close', resolve))
      response.removeAllListeners('drain').removeAllListeners('close')
    }
  }
  response.end()
}

async function sendEvents(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  for (let event = 0; event < EVENTS && !response.destroyed; event++) {
    response.write(`data: ${event}\n\n`)
    await sleep(EVENT_PAUSE_MS)
  }
  response.end()
}

function fail(response: ServerResponse, how: string): void {
  if (how === 'reset') response.destroy()
  else if (how === 'half')
    response.writeHead(200, { 'Content-Length': 1000 }).write('x'.repeat(100), () => response.destroy())
  // `late`: never; the gateway gives up and hangs up.
}
