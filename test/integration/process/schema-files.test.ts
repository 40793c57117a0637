/** Schemas of bodies belong to the configuration: they are in force with it, or not at all. */
import { describe, expect, it } from 'vitest'
import { readConfigStatus } from '../../support/config-status.ts'
import { openTo, startGateway, type TestGateway } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { request } from '../../support/raw-http.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const keep = closingAfterEach()

const post = async (gateway: TestGateway, body: string) => {
  const fields = ['Content-Type: application/json', `Content-Length: ${body.length}`]
  return (await request(gateway.url, ['POST /orders HTTP/1.1', ...fields], body)).status
}
const schemaOf = (type: string) => JSON.stringify({ type })

async function start() {
  const upstream = keep(await startUpstream())
  const file = (schema: string) => openTo(upstream.url, { body: { schema } })
  const files = { 'order.json': schemaOf('array'), 'below/order.json': schemaOf('object') }
  const gateway = keep(await startGateway(file('order.json'), {}, { files }))
  return { gateway, file }
}

describe('a schema file', () => {
  it('is in force as soon as it changes, though the route-scope file has not', async () => {
    const { gateway } = await start()
    const before = await readConfigStatus(gateway)
    expect([await post(gateway, '[]'), await post(gateway, '{}')]).toEqual([200, 422])
    await gateway.writeBeside('order.json', schemaOf('object'))
    await waitFor('the new schema', async () => (await post(gateway, '{}')) === 200)
    expect(await post(gateway, '[]')).toBe(422)
    expect((await readConfigStatus(gateway)).digest).not.toBe(before.digest)
  })

  it('is followed in its own folder, also when the route-scope file begins to name it later', async () => {
    const { gateway, file } = await start()
    await gateway.rewrite(file('below/order.json'))
    await waitFor('the other schema', async () => (await post(gateway, '{}')) === 200)
    await gateway.writeBeside('below/order.json', schemaOf('string'))
    await waitFor('the new schema', async () => (await post(gateway, '"a"')) === 200)
  })

  it('changes nothing when it is broken, says where, and is taken when it is mended', async () => {
    const { gateway } = await start()
    const before = await readConfigStatus(gateway)
    await gateway.writeBeside('order.json', '{\n "type": "arry" }')
    const refusal = await waitFor('the refusal', async () => (await readConfigStatus(gateway)).lastRefusal)
    expect(refusal.problems[0]?.text).toMatch(/^order\.json:2:2: type: must be equal to one of/)
    expect((await readConfigStatus(gateway)).digest).toBe(before.digest)
    expect([await post(gateway, '[]'), await post(gateway, '{}')]).toEqual([200, 422])
    await gateway.writeBeside('order.json', schemaOf('object'))
    await waitFor('the new schema', async () => (await post(gateway, '{}')) === 200)
    expect((await readConfigStatus(gateway)).lastRefusal).toBeUndefined()
  })

  it('may come after the route-scope file that names it, in a folder of its own', async () => {
    const { gateway, file } = await start()
    await gateway.writeBeside('later/readme.txt', 'schemas come here')
    await gateway.rewrite(file('later/order.json'))
    const refusal = await waitFor('the refusal', async () => (await readConfigStatus(gateway)).lastRefusal)
    expect(refusal.problems[0]?.text).toContain('the file "later/order.json" does not exist')
    await gateway.writeBeside('later/order.json', schemaOf('object'))
    await waitFor('the new schema', async () => (await post(gateway, '{}')) === 200)
  })

  it('that is bad refuses a start', async () => {
    const upstream = keep(await startUpstream())
    const file = openTo(upstream.url, { body: { schema: 'order.json' } })
    await expect(startGateway(file, {}, { files: { 'order.json': '{"type":"arry"}' } })).rejects.toThrow(
      'order.json:1:2',
    )
  })
})
