import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { head } from './callers.ts'
import { CLIENTS, type CountedShop, startShop } from './shop.ts'

const REQUESTS = 300

describe.each(CLIENTS)('writes to sockets, with the upstream client %s', (upstreamClient) => {
  let shop: CountedShop
  beforeAll(async () => {
    shop = await startShop({ counters: ['writes'], file: { upstreamClient } })
    await shop.send(await shop.request('/orders/7'), 1)
  })
  afterAll(() => shop.close())

  async function writes(work: () => Promise<unknown>): Promise<object> {
    const counts = await shop.gateway.count(work)
    return { toClient: counts['writes to clients'], toUpstream: counts[`writes to ${new URL(shop.upstream.url).port}`] }
  }

  it('takes one to the upstream and one to the client, for a short answer', async () => {
    const bytes = await shop.request('/orders/7')
    expect(await writes(() => shop.send(bytes, REQUESTS))).toEqual({ toClient: REQUESTS, toUpstream: REQUESTS })
  })

  it('has head and body of a short answer in one piece', async () => {
    const bytes = await shop.request('/orders/7')
    const counts = await shop.gateway.count(() => shop.send(bytes, REQUESTS))
    expect(counts['pieces to clients']).toBe(REQUESTS)
  })

  it('takes one to the client alone, for a refusal', async () => {
    expect(await writes(() => shop.send(head('/orders/7'), REQUESTS, 401))).toEqual({
      toClient: REQUESTS,
      toUpstream: 0,
    })
  })

  it('takes one to the upstream for a short body, which goes with its head', async () => {
    const bytes = (await shop.request('/orders/7'))
      .replace('GET', 'POST')
      .replace('\r\n\r\n', '\r\nContent-Length: 5\r\n\r\nhello')
    expect(await writes(() => shop.send(bytes, REQUESTS))).toEqual({ toClient: REQUESTS, toUpstream: REQUESTS })
  })
})
