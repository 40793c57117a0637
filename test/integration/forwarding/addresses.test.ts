import { describe, expect, it } from 'vitest'
import { closedPort, dataPath, get } from '../../support/forwarding.ts'
import { request } from '../../support/raw-http.ts'
import { startUpstream } from '../../support/upstream.ts'

const { keep, hostile, gatewayTo } = dataPath()

describe('several addresses of an upstream', () => {
  it('takes them in turn', async () => {
    const counts = [0, 0]
    const upstreams = await Promise.all(
      counts.map(async (_, i) =>
        keep(
          await startUpstream((_incoming, outgoing) => {
            counts[i] = (counts[i] ?? 0) + 1
            outgoing.end()
          }),
        ),
      ),
    )
    const gateway = await gatewayTo({ urls: upstreams.map(({ url }) => url) })
    for (let i = 0; i < 6; i += 1) await get(gateway)
    expect(counts).toEqual([3, 3])
  })

  it('hides one that is down, also from requests with a body', async () => {
    const upstream = keep(await startUpstream())
    const gateway = await gatewayTo({ urls: [await closedPort(), upstream.url, await closedPort()] })
    for (let i = 0; i < 6; i += 1) expect((await get(gateway)).status).toBe(200)
    for (let i = 0; i < 3; i += 1) {
      const answer = await request(gateway.url, ['POST / HTTP/1.1', 'Content-Length: 5'], 'hello')
      expect(answer.status).toBe(200)
    }
    expect(upstream.received.at(-1)?.body).toBe('hello')
  })

  it('answers 502 when all are down', async () => {
    const gateway = await gatewayTo({ urls: [await closedPort(), await closedPort()] })
    expect((await get(gateway)).status).toBe(502)
  })

  it('does not send a body twice: one that was begun stays with its address', async () => {
    let posts = 0
    const resetting = () =>
      hostile((socket) =>
        socket.once('data', () => {
          posts += 1
          socket.resetAndDestroy()
        }),
      )
    const [one, two] = [await resetting(), await resetting()]
    const gateway = await gatewayTo({ urls: [one.url, two.url] })
    const answer = await request(gateway.url, ['POST / HTTP/1.1', 'Content-Length: 5'], 'hello')
    expect([answer.status, posts]).toEqual([502, 1])
  })
})
