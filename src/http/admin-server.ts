/** The admin listener: health, metrics and the state of the configuration. It exposes nothing else and forwards nothing. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Hono } from 'hono'

export interface AdminSources {
  /** What keeps the gateway from taking requests; empty when it is ready. */
  readonly notReady: () => readonly string[] | Promise<readonly string[]>
  readonly metrics: () => string | Promise<string>
  readonly configStatus: () => object
}

export interface AdminServer {
  listen(host: string, port: number): Promise<AddressInfo>
  close(): Promise<void>
}

export function createAdminServer(sources: AdminSources): AdminServer {
  const app = new Hono()
  app.get('/livez', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', async (c) => {
    const reasons = await sources.notReady()
    return reasons.length === 0 ? c.json({ status: 'ready' }) : c.json({ status: 'not ready', reasons }, 503)
  })
  app.get('/metrics', async (c) =>
    c.text(await sources.metrics(), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )
  app.get('/config/status', (c) => c.json(sources.configStatus()))
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing))
  let listener: Promise<(incoming: IncomingMessage, outgoing: ServerResponse) => unknown> | undefined

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    // With the first page, not at the start: this loads Node's fetch.
    listener ??= import('@hono/node-server').then(({ getRequestListener }) => getRequestListener(app.fetch))
    await (await listener)(incoming, outgoing)
  }

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => resolve(server.address() as AddressInfo))
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
