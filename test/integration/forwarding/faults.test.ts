import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { closedPort, dataPath, get, lastLine } from '../../support/forwarding.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { codeOf, request, sendRaw } from '../../support/raw-http.ts'
import { answering } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const { hostile, gatewayTo } = dataPath()

const OK = 'HTTP/1.1 200 OK\r\n'
const BODY = 'Content-Length: 2\r\n\r\nok'

describe('an upstream whose answer is no valid HTTP', () => {
  it.each([
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['another version', 'HTTP/9.9 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['status 101 that nobody asked for', 'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
    ['two different lengths', `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`],
    ['a list of lengths', `${OK}Content-Length: 2, 3\r\n\r\nok`],
    ['a negative length', `${OK}Content-Length: -2\r\n\r\nok`],
    ['a length and chunks', `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
    ['chunks and a length', `${OK}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
    ['an unknown transfer coding', `${OK}Transfer-Encoding: xchunked\r\nConnection: close\r\n\r\nok`],
    ['a coding under the chunks', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
    ['chunked twice', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
    ['a folded field', `${OK}X-A: a\r\n b\r\n${BODY}`],
    ['a blank before the colon', `${OK}X-A : a\r\n${BODY}`],
    ['a control character in a field', `${OK}X-A: a\x01b\r\n${BODY}`],
    ['a NUL in a field', `${OK}X-A: a\0b\r\n${BODY}`],
    ['a head that is too large', `${OK}X-A: ${'a'.repeat(100_000)}\r\n${BODY}`],
    ['a line end that is none', `HTTP/1.1 200 OK\nX-A: a\n${BODY}`],
  ])('answers 502 to %s', async (_, bytes) => {
    const upstream = await hostile(answering(bytes))
    const gateway = await gatewayTo({ urls: [upstream.url], timeouts: { response: '2s' } })
    const answer = await get(gateway)
    expect([answer.status, answer.status === 502 && codeOf(answer)]).toEqual([502, 'upstream_invalid'])
    expect(answer.text).not.toContain('ok')
    expect(await lastLine(gateway)).toMatchObject({
      status: 502,
      decision: 'failed',
      reason: expect.stringMatching(/^upstream_/),
    })
  })

  it.each([
    ['bad chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n`],
    ['a cut inside the chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n5\r\nab`],
    ['a cut before the last chunk', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n`],
    ['less than its length', `${OK}Content-Length: 5\r\n\r\nok`],
  ])('never completes the answer after %s', async (_, bytes) => {
    const upstream = await hostile((socket) => socket.once('data', () => socket.end(bytes, 'latin1')))
    const gateway = await gatewayTo(upstream.url)
    const text = await sendRaw(gateway.url, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    if (text.startsWith('HTTP/1.1 502')) return
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text.endsWith('0\r\n\r\n')).toBe(false)
    expect(/content-length: (\d+)/i.exec(text)?.[1] ?? '5').toBe('5')
    expect(await lastLine(gateway)).toMatchObject({ status: 200, reason: 'upstream_reset' })
  })

  it('cuts the answer when a connection without a length is reset instead of closed', async () => {
    const upstream = await hostile((socket) =>
      socket.once('data', () => socket.write(`${OK}Connection: close\r\n\r\npart`)),
    )
    const gateway = await gatewayTo(upstream.url)
    const client = net.connect(Number(new URL(gateway.url).port), '127.0.0.1')
    let text = ''
    client.on('data', (chunk) => {
      text += chunk
      if (text.includes('part')) for (const socket of upstream.connections) socket.resetAndDestroy()
    })
    client.on('error', () => {})
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await new Promise((resolve) => client.once('close', resolve))
    expect(text).toContain('part')
    expect(text).not.toContain('0\r\n\r\n')
    expect(await lastLine(gateway)).toMatchObject({ status: 200, reason: 'upstream_reset' })
  })

  it('gives no more than the announced length, and does not use that connection again', async () => {
    let connections = 0
    const upstream = await hostile((socket) => {
      connections += 1
      answering(`${OK}Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`)(socket)
    })
    const gateway = await gatewayTo(upstream.url)
    for (let i = 0; i < 3; i += 1) expect((await get(gateway)).body).toBe('ok')
    expect(connections).toBe(3)
  })

  it('answers behind a flood of interim answers, and keeps none that the client does not take', async () => {
    const hint = `HTTP/1.1 103 Early Hints\r\nX-A: ${'a'.repeat(8_000)}\r\n\r\n`
    // More than the sockets on loopback hold.
    const hints = 5_000
    let sent = 0
    const upstream = await hostile((socket) => {
      const flood = () => {
        while (!socket.destroyed && sent < hints) {
          sent += 1
          if (sent === hints) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
          else if (!socket.write(hint)) return
        }
      }
      socket.once('data', flood).on('drain', flood)
    })
    const gateway = await gatewayTo({ urls: [upstream.url] })
    const client = await connectRaw(gateway.url)
    client.socket.pause().write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await waitFor('the flood to be over, though the client reads nothing', () => sent === hints)
    client.socket.resume()
    const got = (await client.until('HTTP/1.1 200')).match(/103 Early/g)?.length ?? 0
    expect(got).toBeLessThan(hints / 2)
    client.socket.destroy()
  })

  it('passes a 100 that nobody asked for over', async () => {
    const upstream = await hostile(answering(`HTTP/1.1 100 Continue\r\n\r\n${OK}${BODY}`))
    const answer = await get(await gatewayTo(upstream.url))
    expect(answer.text).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer.body).toBe('ok')
  })
})

describe('an upstream that goes away', () => {
  it('answers 502 when nobody listens, to each of many at once', async () => {
    const gateway = await gatewayTo({ urls: [await closedPort()], connections: 1 })
    const answers = await Promise.all(Array.from({ length: 8 }, () => get(gateway)))
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(502))
    expect(answers.map(codeOf)).toEqual(Array(8).fill('upstream_unreachable'))
    expect(await lastLine(gateway)).toMatchObject({ status: 502, reason: 'upstream_connect' })
    expect(answers[0]?.text).not.toContain('ECONNREFUSED')
  })

  it.each([
    ['closes', (socket: net.Socket) => void socket.end()],
    ['resets', (socket: net.Socket) => void socket.resetAndDestroy()],
    ['stops inside its head', (socket: net.Socket) => void socket.end('HTTP/1.1 200 OK\r\nX-')],
  ])('answers 502 when it %s before the head, and asks only once', async (_, act) => {
    let requests = 0
    const upstream = await hostile((socket) =>
      socket.once('data', () => {
        requests += 1
        act(socket)
      }),
    )
    const answer = await get(await gatewayTo(upstream.url))
    expect(answer.status).toBe(502)
    expect(requests).toBe(1)
  })

  it.each([
    ['closes', (socket: net.Socket) => void socket.end()],
    ['resets', (socket: net.Socket) => void socket.resetAndDestroy()],
  ])('asks again when it %s a connection that was used before, for GET', async (_, act) => {
    const upstream = await hostile((socket) => {
      let requests = 0
      socket.on('data', () => {
        requests += 1
        if (requests === 1) socket.write(`${OK}${BODY}`)
        else act(socket)
      })
    })
    const gateway = await gatewayTo({ urls: [upstream.url], connections: 1 })
    for (let i = 0; i < 6; i += 1) expect((await get(gateway)).status).toBe(200)
  })

  it('asks again once: of two connections that have gone stale, the second is not followed by a third', async () => {
    let asked = 0
    let first: net.Socket | undefined
    const upstream = await hostile((socket) => {
      let requests = 0
      socket.on('data', () => {
        asked += 1
        requests += 1
        if (requests > 1) socket.destroy()
        // Both are held until both are there, so that there are two connections.
        else if (first === undefined) first = socket
        else for (const one of [first, socket]) one.write(`${OK}${BODY}`)
      })
    })
    const gateway = await gatewayTo({ urls: [upstream.url], connections: 2 })
    expect((await Promise.all([get(gateway), get(gateway)])).map(({ status }) => status)).toEqual([200, 200])
    expect([(await get(gateway)).status, asked]).toEqual([502, 4])
  })

  it('does not ask again for a POST', async () => {
    let posts = 0
    const upstream = await hostile((socket) => {
      let requests = 0
      socket.on('data', (chunk) => {
        requests += 1
        if (chunk.includes('POST')) posts += 1
        if (requests === 1) socket.write(`${OK}${BODY}`)
        else socket.destroy()
      })
    })
    const gateway = await gatewayTo({ urls: [upstream.url], connections: 1 })
    expect((await get(gateway)).status).toBe(200)
    const answer = await request(gateway.url, ['POST / HTTP/1.1', 'Content-Length: 0'])
    expect([answer.status, posts]).toEqual([502, 1])
  })
})
