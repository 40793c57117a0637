import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectCaller, head, sendAll } from './callers.ts'
import { type CountedProcess, startBareServer } from './counted-gateway.ts'
import { type CountedShop, startShop, withToken } from './shop.ts'

const REQUESTS = 300

/** Passes over the fields of a request that `node:http` itself makes. */
async function passesOfNode(): Promise<number> {
  const server = await startBareServer({ counters: ['fields'] })
  const caller = await connectCaller(server.url)
  const bytes = head('/orders/7', ...withToken('a.b.c'))
  const passes = await passesOverRequest(server, () => sendAll([caller], REQUESTS, () => bytes))
  await caller.close()
  await server.close()
  return passes
}

async function passesOverRequest(process: CountedProcess, work: () => Promise<unknown>): Promise<number> {
  const counts = await process.count(work)
  return (counts['reads of request fields'] ?? 0) / (counts['request fields'] ?? 0)
}

let ofNode = 0
beforeAll(async () => {
  ofNode = await passesOfNode()
})

describe('passes over the fields', () => {
  let shop: CountedShop
  beforeAll(async () => {
    shop = await startShop({ counters: ['fields'] })
    await shop.send(await shop.request('/orders/7'), 1)
  })
  afterAll(() => shop.close())

  it('takes one over those of a request, beside that of node:http', async () => {
    const bytes = await shop.request('/orders/7')
    const passes = await passesOverRequest(shop.gateway, () => shop.send(bytes, REQUESTS))
    expect(passes - ofNode).toBe(1)
  })

  it('takes one over those of an answer, which are handed on as one list', async () => {
    const bytes = await shop.request('/orders/7')
    const counts = await shop.gateway.count(() => shop.send(bytes, REQUESTS))
    expect(counts['reads of answer fields']).toBe(counts['answer fields'])
    expect(counts['heads written']).toBe(REQUESTS)
    expect(counts['answer fields one by one']).toBe(0)
  })
})
