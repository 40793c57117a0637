import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Collected } from './answers.ts'
import { sendAll } from './callers.ts'
import { CLIENTS, type CountedShop, startShop } from './shop.ts'

const WARM_UP = 1500
const REQUESTS = 1200

/** Bytes of the heap that a request may allocate: a quarter more than what was counted when this was written. */
const ALLOCATED = { lean: 28 * 1024, undici: 35 * 1024 }

/** A young generation that does not grow: so many collections come for so many requests, however fast the machine is. */
const nodeOptions = ['--min-semi-space-size=1', '--max-semi-space-size=1']

describe.each(CLIENTS)('the heap, with the upstream client %s', (upstreamClient) => {
  let shop: CountedShop
  let heap: Collected
  beforeAll(async () => {
    shop = await startShop({ nodeOptions, file: { upstreamClient } })
    const { callers, gateway } = shop
    const bytes = await shop.request('/orders/7')
    // No two paths are the same, and all are long.
    const bytesOf = (i: number) => bytes.replace('/orders/7', `/orders/${String(i).padStart(400, '0')}`)
    await sendAll(callers, WARM_UP, bytesOf)
    heap = await gateway.collect(() => sendAll(callers, REQUESTS, (i) => bytesOf(WARM_UP + i)))
  })
  afterAll(() => shop.close())

  it('is collected many times, for what follows to be true', () => {
    expect(heap.collections).toBeGreaterThan(20)
  })

  it('keeps nothing of a request that is over: what survives a collection is the request under way, and what is warm', () => {
    // A closure in a field of an exchange once made all of it survive.
    expect(heap.survived / heap.allocated).toBeLessThan(0.1)
  })

  it('keeps no path in the old generation', () => {
    expect(heap.aged / REQUESTS).toBeLessThan(200)
  })

  it('takes a bounded number of bytes for each request', () => {
    expect(heap.allocated / REQUESTS).toBeLessThan(ALLOCATED[upstreamClient])
  })
})
