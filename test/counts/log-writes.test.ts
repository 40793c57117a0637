import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitFor } from '../support/wait-for.ts'
import { head } from './callers.ts'
import { type CountedShop, startShop } from './shop.ts'

const REQUESTS = 500
/** Lines are written together: when there are so many bytes of them, or when the time has come. */
const FLUSH_BYTES = 32 * 1024
const FLUSHES = 'ticks of 200 ms'

/** What requests make it write, `lines` of it in all. */
async function countUntil({ gateway }: CountedShop, lines: number, work: () => Promise<void>) {
  // What it has to say about its start is out by then.
  await waitFor('a tick', async () => ((await gateway.counts())[FLUSHES] ?? 0) > 0)
  return gateway.count(async () => {
    const before = (await gateway.counts())['log lines'] ?? 0
    await work()
    await waitFor('the lines', async () => ((await gateway.counts())['log lines'] ?? 0) >= before + lines)
  })
}

describe('writes of the access log', () => {
  let shop: CountedShop
  beforeAll(async () => {
    shop = await startShop({ counters: ['log'], file: { log: { access: 'all' } } })
  })
  afterAll(() => shop.close())

  it.each([
    ['allowed', 200, async () => shop.request('/orders/7')],
    ['refused', 401, async () => head('/orders/7')],
  ])('takes one line for each %s request, and one write for 32 KiB or for a tick', async (_, status, request) => {
    const bytes = await request()
    const counts = await countUntil(shop, REQUESTS, () => shop.send(bytes, REQUESTS, status))
    const flushes = Math.floor((counts['log bytes'] ?? 0) / FLUSH_BYTES) + (counts[FLUSHES] ?? 0)
    expect(counts['log lines']).toBe(REQUESTS)
    expect(counts['log writes']).toBeGreaterThan(0)
    expect(counts['log writes']).toBeLessThanOrEqual(flushes)
  })
})

describe('writes of an access log of denials', () => {
  it('takes none for requests that are allowed', async () => {
    const shop = await startShop({ counters: ['log'], file: { log: { access: 'denials' } } })
    const bytes = await shop.request('/orders/7')
    // The one line is that of the last request.
    const counts = await countUntil(shop, 1, async () => {
      await shop.send(bytes, REQUESTS)
      await shop.send(head('/orders/7'), 1, 401)
    })
    await shop.close()
    expect(counts).toMatchObject({ 'log lines': 1, 'log writes': 1 })
  })
})
