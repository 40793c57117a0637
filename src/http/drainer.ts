import type http from 'node:http'
import type { ServerResponse } from 'node:http'
import net, { type Socket } from 'node:net'

/** Idle connections are kept this long after the stop, for requests that were already on their way. */
const IDLE_GRACE_MS = 1_000

export interface Drainer {
  /** Open connections. */
  readonly sockets: ReadonlySet<Socket>
  open(socket: Socket): void
  /** A request is in flight until its answer is written; one that was upgraded, until its socket closes. */
  track(outgoing: ServerResponse, socket: Socket, upgraded: boolean): void
  /** Stops listening, lets requests in flight finish, and cuts what is left after `graceMs`. */
  drain(graceMs: number): Promise<void>
}

/** In place of Node's `server.close()`, which cuts idle connections at once, and with them requests that are on their way. */
export function createDrainer(server: http.Server): Drainer {
  const sockets = new Set<Socket>()
  const busy = new Set<ServerResponse>()
  let draining = false
  let onIdle: (() => void) | undefined

  function open(socket: Socket): void {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }

  function track(outgoing: ServerResponse, socket: Socket, upgraded: boolean): void {
    if (draining) outgoing.shouldKeepAlive = false
    busy.add(outgoing)
    const done = (): void => {
      outgoing.off('close', done)
      socket.off('close', done)
      if (busy.delete(outgoing) && busy.size === 0) onIdle?.()
    }
    if (!upgraded) outgoing.once('close', done)
    // The answer to a pipelined request has no socket of its own yet, and would not hear that it closed.
    socket.once('close', done)
  }

  async function drain(graceMs: number): Promise<void> {
    draining = true
    for (const outgoing of busy) if (!outgoing.headersSent) outgoing.shouldKeepAlive = false
    const closed = new Promise<void>((resolve) => net.Server.prototype.close.call(server, () => resolve()))
    await until(Math.min(IDLE_GRACE_MS, graceMs), (finish) => void closed.then(finish))
    // After this only connections with a request in flight remain.
    server.closeIdleConnections()
    if (busy.size > 0) {
      await until(graceMs, (finish) => {
        onIdle = finish
      })
    }
    for (const socket of sockets) socket.destroy()
    await closed
  }

  return { sockets, open, track, drain }
}

function until(ms: number, subscribe: (finish: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    subscribe(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
