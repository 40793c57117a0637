import { afterEach, describe, expect, it } from 'vitest'
import { waitFor } from '../support/wait-for.ts'
import { head } from './callers.ts'
import { type CountedShop, startShop } from './shop.ts'

const REQUESTS = 1000
/** Lines are written together: when there are so many bytes of them, or when the time has come. */
const FLUSH_BYTES = 32 * 1024
const FLUSHES = 'ticks of 200 ms'

let shop: CountedShop
afterEach(() => shop.close())

/** What requests make it write, `lines` of it in all. */
async function countUntil(lines: number, work: () => Promise<void>) {
  const { gateway } = shop
  // What it has to say about its start is out by then.
  await waitFor('a tick', async () => ((await gateway.counts())[FLUSHES] ?? 0) > 0)
  return gateway.count(async () => {
    const before = (await gateway.counts())['log lines'] ?? 0
    await work()
    await waitFor('the lines', async () => ((await gateway.counts())['log lines'] ?? 0) >= before + lines)
  })
}

describe('writes of the access log', () => {
  it.each([
    ['allowed', 200, async () => shop.request('/orders/7')],
    ['refused', 401, async () => head('/orders/7')],
  ])('takes one line for each %s request, and one write for 32 KiB or for a tick', async (_, status, request) => {
    shop = await startShop({ counters: ['log'], file: { log: { access: 'all' } } })
    const bytes = await request()
    const counts = await countUntil(REQUESTS, () => shop.send(bytes, REQUESTS, status))
    const flushes = Math.floor((counts['log bytes'] ?? 0) / FLUSH_BYTES) + (counts[FLUSHES] ?? 0)
    expect(counts['log lines']).toBe(REQUESTS)
    expect(counts['log writes']).toBeGreaterThan(0)
    expect(counts['log writes']).toBeLessThanOrEqual(flushes)
  })

  it('takes none for requests that are left out', async () => {
    shop = await startShop({ counters: ['log'], file: { log: { access: 'denials' } } })
    const bytes = await shop.request('/orders/7')
    // The one line is that of the last request.
    const counts = await countUntil(1, async () => {
      await shop.send(bytes, REQUESTS)
      await shop.send(head('/orders/7'), 1, 401)
    })
    expect(counts).toMatchObject({ 'log lines': 1, 'log writes': 1 })
  })
})
