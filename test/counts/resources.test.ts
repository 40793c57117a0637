import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectCaller, head, sendAll } from './callers.ts'
import { type CountedProcess, startBareServer } from './counted-gateway.ts'
import { CLIENTS, type CountedShop, startShop, withToken } from './shop.ts'

const REQUESTS = 300
/** What the process makes beside its requests, such as the answer to the question for the counts: not one for each. */
const BESIDE = 50

const TYPES = ['PROMISE', 'Timeout', 'Immediate', 'TickObject', 'Microtask'] as const

type Counts = Readonly<Record<(typeof TYPES)[number], number>>

/** Of each type as many as there are for every request. */
async function perRequest(process: CountedProcess, work: () => Promise<unknown>): Promise<Counts> {
  const counts = await process.count(work)
  const each = (type: string) => Math.ceil(((counts[type] ?? 0) - BESIDE) / REQUESTS)
  return Object.fromEntries(TYPES.map((type) => [type, each(type)])) as Counts
}

let ofNode: Counts
beforeAll(async () => {
  const server = await startBareServer({ counters: ['resources'] })
  const caller = await connectCaller(server.url)
  const bytes = head('/orders/7', ...withToken('a.b.c'))
  await sendAll([caller], 10, () => bytes)
  ofNode = await perRequest(server, () => sendAll([caller], REQUESTS, () => bytes))
  await caller.close()
  await server.close()
})

/** What a request takes beyond what `node:http` takes by itself. */
const WANTED = {
  lean: {
    // A connection is handed out in the next turn; one timer watches the exchange; one tick is the write to the upstream.
    allowed: { PROMISE: 0, Microtask: 0, Timeout: 1, Immediate: 1, TickObject: 1 },
    // Denials are counted for each turn.
    refused: { PROMISE: 0, Microtask: 0, Timeout: 0, Immediate: 1, TickObject: 0 },
  },
  undici: {
    // A timer and an immediate more are the library's, with a tick.
    allowed: { PROMISE: 0, Microtask: 0, Timeout: 2, Immediate: 2, TickObject: 2 },
    refused: { PROMISE: 0, Microtask: 0, Timeout: 0, Immediate: 1, TickObject: 0 },
  },
} as const

describe.each(CLIENTS)('what a request takes, with the upstream client %s', (upstreamClient) => {
  let shop: CountedShop
  beforeAll(async () => {
    shop = await startShop({ counters: ['resources'], file: { upstreamClient, log: { access: 'all' } } })
    await shop.send(await shop.request('/orders/7'), 10)
  })
  afterAll(() => shop.close())

  function expectAtMost(counts: Counts, wanted: Counts): void {
    for (const type of TYPES) expect(counts[type] - ofNode[type], type).toBeLessThanOrEqual(wanted[type])
  }

  it('is no promise, for one with a known token and a limit in memory', async () => {
    const bytes = await shop.request('/orders/7')
    expectAtMost(await perRequest(shop.gateway, () => shop.send(bytes, REQUESTS)), WANTED[upstreamClient].allowed)
  })

  it('is neither promise nor timer, for one that is refused without a token', async () => {
    const work = () => shop.send(head('/orders/7'), REQUESTS, 401)
    expectAtMost(await perRequest(shop.gateway, work), WANTED[upstreamClient].refused)
  })
})
