import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DemoUpstream, startDemoUpstream } from '../../src/dev/demo-upstreams.ts'

describe('startDemoUpstream', () => {
  let orders: DemoUpstream
  let catalog: DemoUpstream

  beforeAll(async () => {
    orders = await startDemoUpstream('orders', '127.0.0.1', 0)
    catalog = await startDemoUpstream('catalog', '127.0.0.1', 0)
  })

  afterAll(() => Promise.all([orders.close(), catalog.close()]))

  it('answers with what it got, and never with a token', async () => {
    const headers = { 'X-User-Id': 'alice', Authorization: 'Bearer very-secret', 'X-Forwarded-For': '192.0.2.1' }
    const response = await fetch(`${orders.url}/orders/7?full=1`, { headers })
    const text = await response.text()
    expect(JSON.parse(text)).toEqual({
      service: 'orders',
      method: 'GET',
      path: '/orders/7?full=1',
      identity: { 'x-user-id': 'alice', authorization: 'forwarded' },
      data: { id: '7', user: 'alice', item: 'tea pot', total: '24.00' },
    })
    expect(text).not.toContain('very-secret')
  })

  it('answers 201 to POST and no body to HEAD', async () => {
    expect((await fetch(`${orders.url}/refunds`, { method: 'POST', body: '{}' })).status).toBe(201)
    expect(await (await fetch(`${catalog.url}/catalog`, { method: 'HEAD' })).text()).toBe('')
  })

  it('has the orders of one user below /internal', async () => {
    const response = await fetch(`${orders.url}/internal/u1/orders`)
    expect(await response.json()).toMatchObject({ data: { user: 'u1', orders: expect.any(Array) } })
  })

  it('sends the first event at once', async () => {
    const controller = new AbortController()
    const response = await fetch(`${orders.url}/orders/events`, { signal: controller.signal })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const chunk = await response.body?.getReader().read()
    expect(Buffer.from(chunk?.value ?? []).toString()).toMatch(/^id: 1\ndata: \{.*\}\n\n$/)
    controller.abort()
  })
})
