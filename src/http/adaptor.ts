/**
 * From `node:http` to Hono and back, without web streams. Hono sees just what its router needs: a method and a path.
 * `@hono/node-server` builds a full `Request` for each call, at about four times the cost.
 */
import type { Hono } from 'hono'
import { type Exchange, TAKEN, writeAnswer } from './exchange.ts'

export interface GatewayEnv {
  Bindings: { readonly exchange: Exchange }
}

/** As much of a `Request` as Hono's router touches; the gateway's own pages read the exchange. */
interface LightRequest {
  readonly method: string
  readonly url: string
  readonly path: string
}

/** Hono's `getPath`: undecoded, and shortened for most. Policy never depends on it, see `routing/request-target.ts`. */
export function getPath(request: Request): string {
  return (request as unknown as LightRequest).path
}

/** @param onFailure an answer could not be written; its connection is cut */
export function createAdaptor(
  app: Hono<GatewayEnv>,
  onFailure: (cause: unknown) => void,
): (exchange: Exchange) => void {
  async function write(exchange: Exchange, answer: Response | Promise<Response>): Promise<void> {
    try {
      const response = await answer
      if (response === TAKEN) return
      const headers = [...response.headers].flat()
      writeAnswer(exchange, response.status, headers, await response.text())
    } catch (cause) {
      onFailure(cause)
      exchange.outgoing.destroy()
    }
  }

  return (exchange) => {
    const answer = app.fetch(toLightRequest(exchange) as unknown as Request, { exchange })
    // Nearly always: no promise is made then.
    if (answer !== TAKEN) void write(exchange, answer)
  }
}

function toLightRequest({ incoming }: Exchange): LightRequest {
  const url = incoming.url ?? '/'
  return {
    // Hono would answer a HEAD by calling the GET handler and dropping the body of a Response that is not there.
    method: incoming.method === 'HEAD' ? 'GET' : (incoming.method ?? 'GET'),
    url: 'http://gateway.invalid/',
    // Hono's router looks paths up as keys of an object, which makes V8 keep each new one: it gets those alone that
    // it may have a page for.
    path: url.startsWith(OWN_PAGES) ? withoutQuery(url) : '/',
  }
}

/** All pages of the gateway's own stand below this. */
const OWN_PAGES = '/.'

function withoutQuery(url: string): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}
