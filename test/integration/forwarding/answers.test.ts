import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openTo, startGateway } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { parseAnswer, request } from '../../support/raw-http.ts'
import { createTestIssuer } from '../../support/test-issuer.ts'
import { answering, startRawUpstream, startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const keep = closingAfterEach()
const toUpstream = async (listener?: (incoming: IncomingMessage, outgoing: ServerResponse) => void) => {
  const upstream = keep(await startUpstream(listener))
  return { upstream, gateway: keep(await startGateway(openTo(upstream.url))) }
}
const toBytes = async (bytes: string) => {
  const upstream = keep(await startRawUpstream(answering(bytes)))
  return keep(await startGateway(openTo(upstream.url)))
}
const ask = (method: string) => `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`
const OK = 'HTTP/1.1 200 OK\r\n'

describe("the upstream's answer", () => {
  it('keeps its interim answers, fields, repeated ones too, and status', async () => {
    const gateway = await toBytes(
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n' +
        'HTTP/1.1 299 Odd\r\nSet-Cookie: a=1\r\nX-A: 1\r\nset-cookie: b=2\r\nX-A: 2\r\nX-Latin: \xe9\r\nContent-Length: 2\r\n\r\nok',
    )
    const { text } = await request(gateway.url, ['GET / HTTP/1.1'])
    expect(text).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 299 /,
    )
    const { status, headers, body } = parseAnswer(text)
    expect([status, body]).toEqual([299, 'ok'])
    expect(headers.get('set-cookie')).toEqual(['a=1', 'b=2'])
    expect(headers.get('x-a')).toEqual(['1', '2'])
    expect(headers.get('x-latin')).toEqual(['\xe9'])
  })

  it('loses hop-by-hop fields, and those that Connection names', async () => {
    const gateway = await toBytes(
      `${OK}Connection: keep-alive, X-Hop, Content-Length\r\nKeep-Alive: timeout=99\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\n` +
        'Trailer: X-T\r\nX-Hop: 1\r\nX-End: 1\r\nContent-Length: 2\r\n\r\nok',
    )
    const { headers, body } = parseAnswer((await request(gateway.url, ['GET / HTTP/1.1'])).text)
    expect(body).toBe('ok')
    expect([...headers.keys()].toSorted()).toEqual(['connection', 'content-length', 'date', 'x-end', 'x-request-id'])
    expect(headers.get('connection')).toEqual(['close'])
  })

  it('is not followed when it is a redirect, nor unpacked when it is packed', async () => {
    const packed = gzipSync('hello '.repeat(100))
    const { gateway, upstream } = await toUpstream((incoming, outgoing) => {
      if (incoming.url === '/packed') outgoing.writeHead(200, { 'content-encoding': 'gzip' }).end(packed)
      else outgoing.writeHead(302, { location: '/packed' }).end()
    })
    const redirect = await request(gateway.url, ['GET / HTTP/1.1'])
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, ['/packed']])
    const answer = await request(gateway.url, ['GET /packed HTTP/1.1'])
    expect(answer.headers.get('content-encoding')).toEqual(['gzip'])
    expect(Buffer.from(answer.body, 'latin1')).toEqual(packed)
    expect(upstream.server.listening).toBe(true)
  })

  it.each([
    ['204', 'GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n', 204, undefined],
    ['204 with a length', 'GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', 204, undefined],
    ['304 with a length', 'GET', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 500\r\n\r\n', 304, ['500']],
    ['HEAD with a length', 'HEAD', `${OK}Content-Length: 500\r\n\r\n`, 200, ['500']],
    ['HEAD in chunks', 'HEAD', `${OK}Transfer-Encoding: chunked\r\n\r\n`, 200, undefined],
    ['an empty body', 'GET', `${OK}Content-Length: 0\r\n\r\n`, 200, ['0']],
  ])('without a body leaves the connections in order: %s', async (_, method, bytes, status, length) => {
    let connections = 0
    const upstream = keep(
      await startRawUpstream((socket) => {
        connections += 1
        answering(bytes)(socket)
      }),
    )
    const gateway = keep(await startGateway(openTo(upstream.url)))
    const client = await connectRaw(gateway.url)
    for (let i = 1; i <= 3; i += 1) {
      client.socket.write(ask(method))
      await waitFor('the answer', () => client.text().split('\r\n\r\n').length > i)
    }
    client.socket.destroy()
    const answers = client.text().split(/(?=HTTP\/1\.1 )/)
    expect(answers).toHaveLength(3)
    for (const text of answers) {
      const answer = parseAnswer(text)
      expect([answer.status, answer.body, answer.headers.get('content-length')]).toEqual([status, '', length])
    }
    // A HEAD without a length leaves undici in doubt about the connection: it takes another one.
    if (length !== undefined || method === 'GET') expect(connections).toBe(1)
  })

  it.each([
    ['chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n3;x=y\r\none\r\n3\r\ntwo\r\n0\r\nX-T: 1\r\n\r\n`],
    ['chunks in capitals', `${OK}transfer-encoding: Chunked\r\n\r\n6\r\nonetwo\r\n0\r\n\r\n`],
  ])('in %s arrives whole, framed anew', async (_, bytes) => {
    const answer = await request((await toBytes(bytes)).url, ['GET / HTTP/1.1'])
    expect(answer).toMatchObject({ status: 200, body: 'onetwo' })
    expect(answer.headers.get('transfer-encoding')).toEqual(['chunked'])
    expect(answer.text).not.toContain('X-T')
  })

  it('that ends with its connection arrives whole', async () => {
    const upstream = keep(
      await startRawUpstream((socket) => socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'))),
    )
    const gateway = keep(await startGateway(openTo(upstream.url)))
    expect(await request(gateway.url, ['GET / HTTP/1.1'])).toMatchObject({ status: 200, body: 'all of it' })
  })
})

describe('a client', () => {
  it('of HTTP/1.0 gets no chunks and no interim answer', async () => {
    const gateway = await toBytes(
      `HTTP/1.1 103 Early Hints\r\n\r\n${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    )
    const client = await connectRaw(gateway.url, 'GET / HTTP/1.0\r\nHost: a\r\n\r\n')
    await client.closed
    expect(client.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(client.text()).not.toMatch(/transfer-encoding/i)
    expect(client.text().endsWith('\r\n\r\nok')).toBe(true)
  })

  it('that pipelines gets its answers in order', async () => {
    const { gateway } = await toUpstream((incoming, outgoing) => {
      setTimeout(() => outgoing.end(`<${incoming.url}>`), incoming.url === '/1' ? 50 : 0)
    })
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
    const client = await connectRaw(gateway.url, get('/1') + get('/2') + get('/3'))
    const text = await client.until('</3>')
    expect(text.match(/<\/\d>/g)).toEqual(['</1>', '</2>', '</3>'])
    client.socket.destroy()
  })

  it('keeps its connection after a refusal, when the body of the request is small', async () => {
    const issuer = keep(await createTestIssuer())
    const upstream = keep(await startUpstream())
    const gateway = keep(
      await startGateway({
        issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
        upstreams: { up: upstream.url },
        defaults: { issuer: 'main' },
        routes: [{ path: '/**', to: 'up', allow: [{ methods: 'any', token: 'any' }] }],
      }),
    )
    const client = await connectRaw(gateway.url, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n')
    expect(await client.until(/}$/)).toMatch(/^HTTP\/1\.1 401 [\s\S]*Connection: keep-alive/)
    const token = `Authorization: Bearer ${await issuer.mint()}`
    client.socket.write(`helloPOST / HTTP/1.1\r\nHost: a\r\n${token}\r\nContent-Length: 3\r\n\r\nbye`)
    await client.until('HTTP/1.1 200 OK')
    expect(upstream.received).toMatchObject([{ body: 'bye' }])
    client.socket.destroy()
  })

  it('that does not say when its large or chunked body ends loses it after a refusal', async () => {
    const issuer = keep(await createTestIssuer())
    const gateway = keep(
      await startGateway({
        issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
        upstreams: { up: 'http://127.0.0.1:1' },
        defaults: { issuer: 'main' },
        routes: [{ path: '/**', to: 'up', allow: [{ methods: 'any', token: 'any' }] }],
      }),
    )
    for (const framing of ['Content-Length: 100000', 'Transfer-Encoding: chunked']) {
      const client = await connectRaw(gateway.url, `POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`)
      await client.closed
      expect(client.text()).toMatch(/^HTTP\/1\.1 401 [\s\S]*Connection: close/)
    }
  })

  it('keeps its connection over many requests with a body', async () => {
    const { gateway, upstream } = await toUpstream()
    const client = await connectRaw(gateway.url)
    for (let i = 1; i <= 30; i += 1) {
      client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')
      await waitFor('the answer', () => client.text().split('HTTP/1.1 200').length > i)
    }
    expect(upstream.received).toHaveLength(30)
    client.socket.destroy()
  })
})
