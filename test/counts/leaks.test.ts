import type { Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitFor } from '../support/wait-for.ts'
import { connectCallers, head } from './callers.ts'
import { ANSWER, CLIENTS, type CountedShop, startShop } from './shop.ts'

const REQUESTS = 25
/** Requests that will not be answered, and that nobody has given up yet. */
let hanging = 0

/** Answers as the path says. */
function onConnection(socket: Socket): void {
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    const [, path = ''] = chunk.toString('latin1').split(' ', 2)
    if (path === '/orders/reset') socket.destroy()
    else if (path === '/orders/half') socket.end(ANSWER.slice(0, -100))
    else if (path === '/orders/chunks')
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n')
    else if (path !== '/orders/hang') socket.write(ANSWER)
    else {
      hanging += 1
      socket.once('close', () => {
        hanging -= 1
      })
    }
  })
}

/** The one that is still open, and the two refusals of overload, which are made once. */
const KEPT: Readonly<Record<string, number>> = { ClientConnection: 1, GatewayError: 2 }

describe.each(CLIENTS)('objects of requests that are over, with the upstream client %s', (upstreamClient) => {
  let shop: CountedShop
  beforeAll(async () => {
    shop = await startShop({ file: { upstreamClient }, onConnection })
  })
  afterAll(() => shop.close())

  async function leave(path: string): Promise<void> {
    const before = shop.upstream.text().split(path).length
    const callers = await connectCallers(shop.gateway.url, REQUESTS)
    const bytes = await shop.request(path)
    for (const caller of callers) caller.send(bytes).catch(() => {})
    await waitFor('the upstream to be asked', () => shop.upstream.text().split(path).length >= before + REQUESTS)
    for (const caller of callers) await caller.close()
    // Counting holds the process up, and with it the looks by which it finds out that a client has gone.
    await waitFor('the requests to be given up', () => hanging === 0)
  }

  it('are gone, whatever was answered, and when clients leave or are cut off', async () => {
    const { send, request } = shop
    const posted = (await request('/orders/7')).replace('GET', 'POST')
    const withBody = (text: string) => text.replace('\r\n\r\n', '\r\nContent-Length: 5\r\n\r\nhello')
    await send(await request('/orders/7'), REQUESTS, 200)
    await send(await request('/orders/chunks'), REQUESTS, 200)
    await send(withBody(posted), REQUESTS, 200)
    await send(head('/orders/7'), REQUESTS, 401)
    await send(await request('/hidden/7'), REQUESTS, 403)
    await send(await request('/nowhere'), REQUESTS, 404)
    await send(await request('/tight/7'), 1, 200)
    await send(await request('/tight/7'), REQUESTS, 429)
    await send(withBody(posted.replace('/7', '/reset')), REQUESTS, 502)
    await leave('/orders/hang')
    await leave('/orders/half')
    // While these are answered, most of what was cut off closes; a count takes longer.
    await send(await request('/orders/7'), REQUESTS)
    let left: unknown
    await waitFor('all to be gone', async () => {
      const all = Object.entries(await shop.gateway.objects())
      left = all.filter(([name, count]) => count > (KEPT[name] ?? 0))
      return isDeepStrictEqual(left, [])
    }).catch(() => {})
    expect(left).toEqual([])
  })
})
