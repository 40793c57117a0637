/** Two small services to put behind the gateway: they answer with what they got, so that one sees what was forwarded. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { close, listen } from './listen.ts'

export const DEMO_UPSTREAMS = ['orders', 'catalog'] as const
export type DemoUpstreamName = (typeof DEMO_UPSTREAMS)[number]

export interface DemoUpstream {
  readonly url: string
  /** Stops listening and cuts what is open. */
  close(): Promise<void>
}

const ORDERS = [
  { id: '7', user: 'alice', item: 'tea pot', total: '24.00' },
  { id: '8', user: 'bob', item: 'tea cup', total: '8.50' },
]
const PRODUCTS = [
  { id: 'tea-pot', price: '24.00' },
  { id: 'tea-cup', price: '8.50' },
]
const EVENT_EVERY_MS = 1000

/**
 * Starts one demo service. It trusts whatever reaches it, so it belongs on loopback or on a network of its own.
 * Rejects when the port is taken; port 0 is any.
 */
export async function startDemoUpstream(name: DemoUpstreamName, host: string, port: number): Promise<DemoUpstream> {
  const server = createServer((request, response) => {
    request.resume()
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    if (name === 'orders' && path === '/orders/events') sendEvents(response)
    else answer(name, path, request, response)
  })
  const url = `http://${host}:${await listen(server, host, port)}`
  return { url, close: () => close(server) }
}

function answer(name: DemoUpstreamName, path: string, request: IncomingMessage, response: ServerResponse): void {
  const created = request.method === 'POST'
  const body = JSON.stringify({
    service: name,
    method: request.method,
    path: request.url,
    identity: identityFields(request),
    data: created ? { accepted: true } : dataFor(name, path),
  })
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }
  response.writeHead(created ? 201 : 200, headers).end(request.method === 'HEAD' ? undefined : body)
}

/** What the gateway says about the caller, and nothing else: `Authorization` would be a secret in an answer. */
function identityFields(request: IncomingMessage): Record<string, string | string[] | undefined> {
  const told = Object.entries(request.headers).filter(([field]) => /^x-(?!forwarded-)/.test(field))
  return { ...Object.fromEntries(told), authorization: request.headers.authorization && 'forwarded' }
}

function dataFor(name: DemoUpstreamName, path: string): unknown {
  const last = path.split('/').at(-1)
  if (name === 'catalog') return PRODUCTS.find(({ id }) => id === last) ?? PRODUCTS
  const ofUser = /^\/internal\/([^/]+)\/orders$/.exec(path)?.[1]
  if (ofUser !== undefined) return { user: ofUser, orders: ORDERS.slice(0, 1) }
  return ORDERS.find(({ id }) => id === last) ?? ORDERS
}

/** Server-sent events: one a second until the client leaves. */
function sendEvents(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  let count = 0
  const send = () => response.write(`id: ${++count}\ndata: ${JSON.stringify({ order: '7', step: count })}\n\n`)
  send()
  const timer = setInterval(send, EVENT_EVERY_MS).unref()
  response.on('close', () => clearInterval(timer))
}
