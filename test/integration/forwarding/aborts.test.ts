import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { openTo, startGateway, type TestGateway } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { request } from '../../support/raw-http.ts'
import { createTestIssuer } from '../../support/test-issuer.ts'
import { startRawUpstream, startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const keep = closingAfterEach()

/** An upstream that notes the requests that were aborted, and leaves answering to the test. */
async function watched(onRequest: (incoming: IncomingMessage, outgoing: ServerResponse) => void = () => {}) {
  const seen = { requests: 0, aborted: 0 }
  const upstream = keep(
    await startUpstream((incoming, outgoing) => {
      seen.requests += 1
      outgoing.once('close', () => {
        if (!outgoing.writableFinished) seen.aborted += 1
      })
      onRequest(incoming, outgoing)
    }),
  )
  return { seen, url: upstream.url }
}
const lines = (gateway: TestGateway) => gateway.logs().filter(({ msg }) => msg === 'request')
const onlyLine = async (gateway: TestGateway) => {
  await waitFor('an access-log line', () => lines(gateway).length > 0)
  expect(lines(gateway)).toHaveLength(1)
  return lines(gateway)[0]
}
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

describe('a client that goes away', () => {
  it.each(['destroy', 'resetAndDestroy'] as const)(
    'while it waits for the head (%s) aborts the request',
    async (how) => {
      const { seen, url } = await watched()
      const gateway = keep(await startGateway(openTo(url)))
      const client = await connectRaw(gateway.url, GET)
      await waitFor('the request to arrive', () => seen.requests === 1)
      client.socket[how]()
      await waitFor('the abort', () => seen.aborted === 1)
      expect(await onlyLine(gateway)).toMatchObject({ status: 499, reason: 'client_closed', decision: 'allowed' })
      expect(seen.requests).toBe(1)
    },
  )

  it('inside the answer aborts it', async () => {
    const { seen, url } = await watched((_incoming, outgoing) => void outgoing.write('some'))
    const gateway = keep(await startGateway(openTo(url)))
    const client = await connectRaw(gateway.url, GET)
    await client.until('some')
    client.socket.destroy()
    await waitFor('the abort', () => seen.aborted === 1)
    expect(await onlyLine(gateway)).toMatchObject({ status: 200, reason: 'client_closed', bytes: 4 })
  })

  it.each(['destroy', 'end'] as const)('inside its upload (%s) aborts it', async (how) => {
    let got = 0
    const { seen, url } = await watched((incoming) => void incoming.on('data', (chunk) => (got += chunk.length)))
    const gateway = keep(await startGateway(openTo(url)))
    const client = await connectRaw(gateway.url, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome')
    await waitFor('the upload to begin', () => got === 4)
    client.socket[how]()
    await waitFor('the abort', () => seen.aborted === 1)
    expect(await onlyLine(gateway)).toMatchObject({ status: 499, reason: 'client_closed' })
  })

  it.each(['destroy', 'end', 'resetAndDestroy'] as const)(
    'inside its chunks (%s) never ends the body at the upstream',
    async (how) => {
      const upstream = keep(await startRawUpstream((socket) => socket.resume()))
      const gateway = keep(await startGateway(openTo(upstream.url)))
      const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n'
      const client = await connectRaw(gateway.url, chunked)
      await waitFor('the upload to begin', () => upstream.text().includes('some'))
      client.socket[how]()
      await waitFor('the abort', () => upstream.connections.size === 0)
      expect(upstream.text()).not.toMatch(/\r\n0\r\n/)
    },
  )

  it('while its token is verified leaves no request behind', async () => {
    const { seen, url } = await watched((_incoming, outgoing) => void outgoing.end())
    const issuer = keep(await createTestIssuer())
    let release = () => {}
    issuer.behave('jwks', (_request, response) => {
      release = () => {
        issuer.behave('jwks', 'ok')
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ keys: issuer.keys.map((key) => key.publicJwk) }))
      }
    })
    const asked = issuer.nextRequest('jwks')
    const gateway = keep(
      await startGateway({
        issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
        upstreams: { up: url },
        defaults: { issuer: 'main' },
        routes: [{ path: '/**', to: 'up', allow: [{ methods: 'any', token: 'any' }] }],
      }),
    )
    const token = `Authorization: Bearer ${await issuer.mint()}`
    const client = await connectRaw(gateway.url, `GET /gone HTTP/1.1\r\nHost: a\r\n${token}\r\n\r\n`)
    await asked
    client.socket.destroy()
    await client.closed
    release()
    expect(await onlyLine(gateway)).toMatchObject({ status: 499, reason: 'client_closed' })
    // The next request proves that nothing is under way any more.
    expect((await request(gateway.url, ['GET /stays HTTP/1.1', token])).status).toBe(200)
    expect(seen.requests).toBe(1)
  })

  it('with pipelined requests aborts the one under way, sends no other, and leaves nothing to wait for', async () => {
    const { seen, url } = await watched()
    const gateway = await startGateway({ ...openTo(url), shutdown: { grace: '60s' } })
    const client = await connectRaw(gateway.url, GET + GET + GET)
    await waitFor('the request to arrive', () => seen.requests === 1)
    client.socket.destroy()
    await waitFor('the abort', () => seen.aborted === 1)
    await gateway.close()
    expect(seen.requests).toBe(1)
  })

  it('costs the upstream no new connection', async () => {
    let connections = 0
    const upstream = keep(await startUpstream(() => {}))
    upstream.server.on('connection', () => {
      connections += 1
    })
    const gateway = keep(await startGateway(openTo({ urls: [upstream.url], connections: 1 })))
    const client = await connectRaw(gateway.url, GET)
    await waitFor('the request to arrive', () => connections === 1)
    client.socket.destroy()
    await onlyLine(gateway)
    expect(connections).toBe(1)
  })
})

describe('a client that sends what is no HTTP', () => {
  it('in the middle of its chunks gets 400, and one line in the log', async () => {
    let got = 0
    const { seen, url } = await watched((incoming) => void incoming.on('data', (chunk) => (got += chunk.length)))
    const gateway = keep(await startGateway(openTo(url)))
    const client = await connectRaw(
      gateway.url,
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n',
    )
    await waitFor('the upload to begin', () => got === 4)
    client.socket.write('zz\r\n')
    await client.closed
    expect(client.text()).toMatch(/^HTTP\/1\.1 400 /)
    await waitFor('the abort', () => seen.aborted === 1)
    expect(await onlyLine(gateway)).toMatchObject({
      status: 400,
      decision: 'denied',
      reason: 'hpe_invalid_chunk_size',
      path: '/',
    })
  })

  it('instead of a request gets 400, and a line in the log', async () => {
    const gateway = keep(await startGateway(openTo('http://127.0.0.1:1')))
    const client = await connectRaw(gateway.url, 'rubbish\r\n\r\n')
    await client.closed
    expect(client.text()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n/)
    expect(client.text()).toContain('"code":"malformed_request"')
    expect(await onlyLine(gateway)).toMatchObject({ status: 400, decision: 'denied' })
    expect(client.text()).toContain(`"requestId":"${(await onlyLine(gateway))?.requestId}"`)
  })
})
