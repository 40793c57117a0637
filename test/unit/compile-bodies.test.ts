import { describe, expect, it, vi } from 'vitest'
import { withBodies } from '../../src/compile-bodies.ts'
import { loadConfig } from '../../src/config/load.ts'

const OPERATIONS = ['a', 'b', 'c'].map((name) => ({ name, schema: { type: `no-${name}` } }))
const DOCUMENT = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: Object.fromEntries(
    OPERATIONS.map(({ name, schema }) => [
      `/${name}`,
      { post: { requestBody: { content: { 'application/json': { schema } } } } },
    ]),
  ),
})

function load(schema: string, files: Readonly<Record<string, string>>) {
  const route = (path: string) =>
    `  - { path: ${path}, to: orders, body: { schema: ${schema} }, allow: [{ methods: [POST], token: any }] }\n`
  const result = loadConfig({
    text: `version: 1
issuers: { main: { issuer: https://id.example, audience: shop-api } }
upstreams: { orders: { urls: [http://orders], openapi: orders.json } }
routes:
${route('/**')}${route('/a/**')}`,
    file: 'a.yaml',
    env: {},
    readFile: (name) => files[name] as string,
    now: 0,
  })
  if (result.config === undefined) throw new Error(JSON.stringify(result.problems))
  return result
}

describe('withBodies', () => {
  it('tells of each operation, without reading the document again for each', async () => {
    const result = load('openapi', { 'orders.json': DOCUMENT })
    const read = vi.spyOn(result.schemas as Map<string, string>, 'get')
    const { problems } = await withBodies(result)
    expect(problems?.map(({ file, message }) => [file, message.split(':')[0]])).toEqual([
      ['orders.json', 'POST /a'],
      ['orders.json', 'POST /b'],
      ['orders.json', 'POST /c'],
    ])
    expect(read).not.toHaveBeenCalled()
  })

  it('has one schema for all routes that name the file, and tells once what is wrong with it', async () => {
    const result = load('order.json', { 'order.json': '{ "requried": ["item"] }' })
    const [first, second] = result.config.routes
    expect(first?.body?.root).toEqual({ requried: ['item'] })
    expect(second?.body?.root).toBe(first?.body?.root)
    const { problems } = await withBodies(result)
    expect(problems?.map(({ message }) => message)).toEqual(['JSON Schema has no such word'])
  })
})
