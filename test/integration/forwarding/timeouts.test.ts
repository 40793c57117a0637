import { describe, expect, it } from 'vitest'
import { dataPath, get, lastLine } from '../../support/forwarding.ts'
import { openTo, startGateway } from '../../support/gateway.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { codeOf, parseAnswer, request, sendRaw } from '../../support/raw-http.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const { keep, hostile, gatewayTo } = dataPath()

const OK = 'HTTP/1.1 200 OK\r\n'

describe('time-outs', () => {
  it('answers 504 when the connection cannot be made in time', async () => {
    const mute = await hostile(() => {})
    const gateway = await gatewayTo({
      urls: [mute.url.replace('http:', 'https:')],
      timeouts: { connect: '50ms', response: '30s' },
    })
    const answer = await get(gateway)
    expect([answer.status, codeOf(answer)]).toEqual([504, 'upstream_timeout'])
    expect(await lastLine(gateway)).toMatchObject({ reason: 'upstream_connect_timeout' })
    await waitFor('the connection to be given up', () => mute.connections.size === 0)
  })

  it('answers 504 when the head does not come in time, and aborts the request', async () => {
    const mute = await hostile((socket) => socket.resume())
    const gateway = await gatewayTo({ urls: [mute.url], timeouts: { response: '50ms' } })
    expect((await get(gateway)).status).toBe(504)
    expect(await lastLine(gateway)).toMatchObject({ reason: 'upstream_response_timeout' })
    await waitFor('the request to be aborted', () => mute.connections.size === 0)
  })

  it('counts the time in the queue for a connection, too', async () => {
    const mute = await hostile((socket) => socket.resume())
    const gateway = await gatewayTo({
      urls: [mute.url],
      connections: 1,
      timeouts: { connect: '20ms', response: '100ms' },
    })
    const answers = await Promise.all([get(gateway), get(gateway), get(gateway)])
    expect(answers.map(({ status }) => status)).toEqual([504, 504, 504])
  })

  it.each([
    ['GET', ''],
    ['POST', 'hello'],
  ])('a %s that gave up in the queue is never sent', async (method, body) => {
    const upstream = keep(
      await startUpstream((incoming, outgoing) => {
        if (incoming.url === '/slow') setTimeout(() => outgoing.end('slow'), 400)
        else outgoing.end('quick')
        urls.push(incoming.url ?? '')
      }),
    )
    const urls: string[] = []
    const gateway = keep(
      await startGateway({
        ...openTo({ urls: [upstream.url], connections: 1, timeouts: { connect: '50ms', response: '5s' } }),
        routes: [
          { path: '/slow', to: 'up', methods: ['GET'], public: 'x' },
          {
            path: '/quick',
            to: 'up',
            methods: ['GET', 'POST'],
            public: 'x',
            timeouts: { response: '50ms' },
          },
        ],
      }),
    )
    const slow = request(gateway.url, ['GET /slow HTTP/1.1'])
    await waitFor('the slow request to arrive', () => urls.includes('/slow'))
    const quick = await request(gateway.url, [`${method} /quick HTTP/1.1`, `Content-Length: ${body.length}`], body)
    // Its pool is another one only if its connect time-out differs, and it does not.
    expect([quick.status, (await slow).body]).toEqual([504, 'slow'])
    expect((await request(gateway.url, ['GET /slow HTTP/1.1'])).body).toBe('slow')
    expect(urls).toEqual(['/slow', '/slow'])
  })

  it('cuts an answer that falls silent', async () => {
    const upstream = await hostile((socket) =>
      socket.once('data', () => socket.write(`${OK}Content-Length: 100\r\n\r\nsome`)),
    )
    const gateway = await gatewayTo({ urls: [upstream.url], timeouts: { idle: '100ms' } })
    const text = await sendRaw(gateway.url, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(parseAnswer(text)).toMatchObject({ status: 200, body: 'some' })
    expect(await lastLine(gateway)).toMatchObject({ reason: 'upstream_idle' })
    await waitFor('the connection to be given up', () => upstream.connections.size === 0)
  })

  it('keeps a slow answer that never falls silent for so long', async () => {
    const upstream = keep(
      await startUpstream((_incoming, outgoing) => {
        let left = 10
        const timer = setInterval(() => {
          left -= 1
          outgoing.write('x')
          if (left > 0) return
          clearInterval(timer)
          outgoing.end()
        }, 40)
      }),
    )
    const gateway = await gatewayTo({ urls: [upstream.url], timeouts: { idle: '200ms', response: '200ms' } })
    expect((await get(gateway)).body).toBe('x'.repeat(10))
  })

  it('cuts the answer of a client that stops reading, and says that it was the client', async () => {
    const upstream = keep(
      await startUpstream((_incoming, outgoing) => {
        outgoing.writeHead(200, { 'content-length': 50_000_000 }).write(Buffer.alloc(50_000_000))
      }),
    )
    const gateway = await gatewayTo({ urls: [upstream.url], timeouts: { idle: '200ms' } })
    const client = await connectRaw(gateway.url)
    client.socket.pause().write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await lastLine(gateway)).toMatchObject({ status: 200, reason: 'client_idle' })
    client.socket.destroy()
  })

  it('answers 408 when the client falls silent inside its body', async () => {
    const upstream = await hostile((socket) => socket.resume())
    const gateway = await gatewayTo({ urls: [upstream.url], timeouts: { idle: '50ms' } })
    const text = await sendRaw(gateway.url, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome')
    expect(parseAnswer(text).status).toBe(408)
    expect(parseAnswer(text).headers.get('connection')).toEqual(['close'])
    expect(await lastLine(gateway)).toMatchObject({ status: 408, decision: 'denied', reason: 'body_idle' })
    await waitFor('the connection to be given up', () => upstream.connections.size === 0)
  })
})
