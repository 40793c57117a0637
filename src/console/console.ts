/** The console: a page that shows what the gateway enforces and what it decides. It changes nothing, and keeps nothing. */
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { createSimulation, type Simulate } from '../authoring/simulate.ts'
import type { ConfigStatus } from '../config/config-record.ts'
import type { GatewayConfig } from '../config/gateway-config.ts'
import { readPageFiles } from './page-files.ts'
import { toRoutes } from './routes.ts'
import { type Gathered, toState } from './state.ts'
import { readTrial, tryRequest } from './try-request.ts'

export interface ConsoleSources {
  /** In force. */
  readonly config: () => GatewayConfig
  readonly status: () => ConfigStatus
  readonly gather: () => Gathered | Promise<Gathered>
}

/** However many look: what is shown is put together once in this time. */
const SAME_FOR_MS = 900
const MAX_TRIAL_BYTES = 64 * 1024

/** Nothing from elsewhere, nothing inline, in no frame. */
const HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/** @param now ms since the epoch */
export function createConsole(sources: ConsoleSources, now: () => number = Date.now) {
  let files: ReturnType<typeof readPageFiles> | undefined
  let simulation: { readonly config: GatewayConfig; readonly simulate: Simulate } | undefined
  let last: { readonly atMs: number; readonly state: Promise<object> } | undefined

  async function gather(atMs: number): Promise<object> {
    return toState(sources.config(), sources.status(), await sources.gather(), atMs)
  }

  /** Of a large file it takes a while to make one. */
  function simulate(config: GatewayConfig): Simulate {
    if (simulation?.config !== config) simulation = { config, simulate: createSimulation(config) }
    return simulation.simulate
  }

  /** Read once, with the first page: a failure is that of one answer, and not for ever. */
  function readFiles(): ReturnType<typeof readPageFiles> {
    files ??= readPageFiles().catch((error: unknown) => {
      files = undefined
      throw error
    })
    return files
  }

  function look(): Promise<object> {
    const atMs = now()
    if (last === undefined || Math.abs(atMs - last.atMs) >= SAME_FOR_MS) last = { atMs, state: gather(atMs) }
    return last.state
  }

  const app = new Hono().basePath('/console')
  app.use('*', async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value)
  })
  app.get('/state', async (c) => c.json(await look()))
  app.get('/routes', (c) => c.json(toRoutes(sources.config())))
  app.post('/try', bodyLimit({ maxSize: MAX_TRIAL_BYTES, onError: (c) => c.text('too large\n', 413) }), async (c) => {
    // A form of another page cannot send this type without asking first, which is never answered.
    if (!/^application\/json(?:;|$)/.test(c.req.header('content-type') ?? '')) return c.text('expected JSON\n', 415)
    const trial = readTrial(await c.req.json().catch(() => undefined))
    if (trial === undefined) return c.text('expected a method, a path, and claims or a decoded token\n', 400)
    const config = sources.config()
    return c.json(tryRequest(config, simulate(config), trial, now()))
  })
  app.get('/:name?', async (c) => {
    const file = (await readFiles()).get(c.req.param('name') ?? 'index.html')
    return file === undefined ? c.notFound() : c.body(file.text, 200, { 'Content-Type': file.type })
  })
  app.onError((_, c) => c.text('The console could not answer this.\n', 500))
  return async (request: Request): Promise<Response> => app.fetch(request)
}
