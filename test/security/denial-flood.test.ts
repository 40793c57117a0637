/** A flood of requests that are refused leaves the event loop to those that are served. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { DENIALS_PER_TURN } from '../../src/http/denial-turns.ts'
import { startGateway } from '../support/gateway.ts'
import { connectRaw } from '../support/raw-client.ts'
import { createTestIssuer } from '../support/test-issuer.ts'
import { waitFor } from '../support/wait-for.ts'

const CLIENTS = 11

/** Counts the answers given on a port in each turn of the event loop, from now on until `count` have been given. */
function answersByTurn(port: number, count: number): Promise<number[]> {
  const turns = [0]
  let given = 0
  return new Promise((resolve) => {
    const onTurn = () => {
      if (given < count) {
        turns.push(0)
        setImmediate(onTurn)
        return
      }
      unsubscribe('http.server.response.finish', onAnswer)
      resolve(turns.filter((answers) => answers > 0))
    }
    const onAnswer = (message: unknown) => {
      if ((message as { socket: { localPort: number } }).socket.localPort !== port) return
      given += 1
      turns.push((turns.pop() ?? 0) + 1)
    }
    subscribe('http.server.response.finish', onAnswer)
    setImmediate(onTurn)
  })
}

describe('a flood of requests that are refused', () => {
  it('is answered a few at a time', async () => {
    const issuer = await createTestIssuer()
    const gateway = await startGateway({
      issuers: { main: { issuer: issuer.issuer, jwks: issuer.jwksUrl, audience: 'shop-api' } },
      upstreams: { orders: 'http://127.0.0.1:9' },
      routes: [{ path: '/**', to: 'orders', allow: [{ methods: ['GET'], token: 'any' }] }],
    })
    await waitFor('the keys', async () => (await fetch(`${gateway.adminUrl}/readyz`)).ok)
    let heldFetch: ServerResponse | undefined
    issuer.behave('jwks', (_, response) => {
      heldFetch = response
    })
    // All wait for the one fetch that may bring their key, and are refused in the same turn when it does not.
    const token = await issuer.mint({}, { header: { kid: 'of-nobody' } })
    const bytes = `GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\n`
    let begun = 0
    const onRequest = () => {
      begun += 1
    }
    subscribe('http.server.request.start', onRequest)
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connectRaw(gateway.url, bytes)))
    await waitFor('all requests', () => begun === CLIENTS + 1 && heldFetch !== undefined)
    unsubscribe('http.server.request.start', onRequest)
    const answers = answersByTurn(Number(new URL(gateway.url).port), CLIENTS)
    heldFetch?.end(JSON.stringify({ keys: [issuer.keys[0]?.publicJwk] }))
    expect(await answers).toEqual([DENIALS_PER_TURN, DENIALS_PER_TURN, CLIENTS - 2 * DENIALS_PER_TURN])
    for (const client of clients) {
      expect(await client.until('an unknown key')).toContain('HTTP/1.1 401')
      client.socket.destroy()
    }
    await gateway.close()
    await issuer.close()
  })
})
