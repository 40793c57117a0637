import type http from 'node:http'
import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { ClientConnection } from '../../../src/http/client-connection.ts'
import { createDrainer } from '../../../src/http/drainer.ts'
import type { Exchange } from '../../../src/http/exchange.ts'
import { createRests } from '../../../src/http/rests.ts'

/** A client's connection with a request on it, and what happens to them. */
function visitor(headers: Record<string, string> = {}, upgrade?: object) {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const connection = new ClientConnection(socket as ClientConnection['socket'])
  const exchange = { incoming: { socket, headers }, upgrade } as unknown as Exchange
  let refusals = 0
  return {
    ...{ connection, exchange, socket },
    refuse() {
      refusals += 1
    },
    refusals: () => refusals,
  }
}

/** Turns that come when the test says so. */
function createQueue() {
  const waiting: (() => void)[] = []
  return { inTurn: (run: () => void) => void waiting.push(run), next: () => waiting.shift()?.() }
}

describe('createRests', () => {
  it('refuses at once, and reads from that connection again when its turn comes', () => {
    const { inTurn, next } = createQueue()
    const thenRest = createRests(inTurn)
    const { exchange, refuse, refusals, socket } = visitor()
    thenRest(exchange, refuse)
    expect(refusals()).toBe(1)
    expect(socket.isPaused()).toBe(true)
    next()
    expect(socket.isPaused()).toBe(false)
    expect(refusals()).toBe(1)
  })

  it.each([
    ['has a body', { 'content-length': '1' }, undefined],
    ['has a body of unknown length', { 'transfer-encoding': 'chunked' }, undefined],
    ['is a handshake', {}, {}],
  ])('lets a refusal wait, and reads on, when the request %s', (_what, headers, upgrade) => {
    const { inTurn, next } = createQueue()
    const thenRest = createRests(inTurn)
    const { exchange, refuse, refusals, socket } = visitor(headers, upgrade)
    thenRest(exchange, refuse)
    expect(refusals()).toBe(0)
    expect(socket.isPaused()).toBe(false)
    next()
    expect(refusals()).toBe(1)
  })

  it('lets a refusal wait when more requests have been read from that connection', () => {
    const { inTurn, next } = createQueue()
    const thenRest = createRests(inTurn)
    const { connection, exchange, refuse, refusals } = visitor()
    connection.waiting = 1
    thenRest(exchange, refuse)
    expect(refusals()).toBe(0)
    next()
    expect(refusals()).toBe(1)
  })

  it('is over for all when the gateway stops: what they have sent meanwhile is on its way', async () => {
    const { inTurn } = createQueue()
    const thenRest = createRests(inTurn)
    const { connection, exchange, refuse, socket } = visitor()
    const server = { closeIdleConnections() {} } as unknown as http.Server
    const drainer = createDrainer(server, async () => {})
    drainer.open(connection)
    thenRest(exchange, refuse)
    expect(socket.isPaused()).toBe(true)
    const drained = drainer.drain(1)
    expect(socket.isPaused()).toBe(false)
    await drained
  })
})
