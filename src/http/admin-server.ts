/** The admin listener: health, metrics, the state of the configuration, and the console. It forwards nothing. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import type { AdminConfig } from '../config/admin-config.ts'
import { type AdminRefusal, CONSOLE, createAdminAccess, isLoopback, NEEDS_PASSWORD } from './admin-access.ts'

export interface AdminSources {
  /** What keeps the gateway from taking requests; empty when it is ready. */
  readonly notReady: () => readonly string[] | Promise<readonly string[]>
  readonly metrics: () => string | Promise<string>
  readonly configStatus: () => object
  /** Answers what is asked of `/console` and below, by those who may. */
  readonly console: (request: Request) => Promise<Response>
}

export interface AdminServer {
  listen(host: string, port: number): Promise<AddressInfo>
  /** Once it listens: whether it serves the console. */
  servesConsole(): boolean
  close(): Promise<void>
}

/** @param config false: it will not be asked to listen */
export function createAdminServer(config: false | AdminConfig, sources: AdminSources): AdminServer {
  const settings: AdminConfig = config || { host: '', port: 0 }
  const judge = createAdminAccess(settings, () => performance.now())
  let servesConsole = settings.password !== undefined

  /** The page, or why not. */
  async function toThoseWhoMay(c: AdminContext, page: () => Response | Promise<Response>): Promise<Response> {
    const { method, path } = c.req
    const address = c.env.incoming.socket.remoteAddress ?? ''
    const refusal = judge({ method, path, address, header: (name) => c.req.header(name) })
    return refusal === undefined ? page() : refuse(c, refusal)
  }

  const app = new Hono<{ Bindings: HttpBindings }>()
  app.get('/livez', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', async (c) => {
    const reasons = await sources.notReady()
    return reasons.length === 0 ? c.json({ status: 'ready' }) : c.json({ status: 'not ready', reasons }, 503)
  })
  app.get('/metrics', async (c) =>
    c.text(await sources.metrics(), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )
  app.get('/config/status', (c) => toThoseWhoMay(c, () => c.json(sources.configStatus(), 200, PRIVATE)))
  app.all(`${CONSOLE}/*`, (c) =>
    toThoseWhoMay(c, () => (servesConsole ? sources.console(c.req.raw) : refuse(c, NEEDS_PASSWORD))),
  )
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing))
  let listener: Promise<(incoming: IncomingMessage, outgoing: ServerResponse) => unknown> | undefined

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    // With the first page, not at the start: this loads Node's fetch.
    listener ??= import('@hono/node-server').then(({ getRequestListener }) => getRequestListener(app.fetch))
    await (await listener)(incoming, outgoing)
  }

  return {
    listen: (at, on) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(on, at, () => {
          const address = server.address() as AddressInfo
          servesConsole ||= isLoopback(address.address)
          resolve(address)
        })
      }),
    servesConsole: () => servesConsole,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function refuse(c: Context, { text, status, headers }: AdminRefusal): Response {
  return c.text(`${text}\n`, status, { ...headers, ...PRIVATE })
}

type AdminContext = Context<{ Bindings: HttpBindings }>

const PRIVATE = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }
