import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { policyFile } from '../../support/policy-file.ts'
import { DOCUMENT } from './openapi-document.ts'
import { runCommand } from './test-io.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-openapi-'))
const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text)

const read = { methods: ['GET'], scopes: 'orders:read' }
const file = (openapi: string | undefined, routes: readonly object[]) =>
  policyFile({ upstreams: { orders: { urls: ['http://127.0.0.1:1'], ...(openapi && { openapi }) } }, routes })

let server: Server
let base: string

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { Location: '/orders.yaml' }).end()
    else if (request.url === '/large') response.end('#'.repeat(5 * 1024 * 1024))
    else response.writeHead(request.url === '/orders.yaml' ? 200 : 404).end(DOCUMENT)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  write('orders.yaml', DOCUMENT)
  write('scopegate.yaml', file('orders.yaml', [{ path: '/orders/**', to: 'orders', allow: [read] }]))
  write('url.yaml', file(`${base}/orders.yaml`, [{ path: '/orders', to: 'orders', allow: [read] }]))
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

const run = (...args: string[]) => runCommand(['openapi', ...args], { cwd: folder })

describe('scopegate openapi', () => {
  it('prints YAML, or with --json JSON, of the same document', async () => {
    const yaml = await run('--title', 'Shop')
    const json = await run('--json', '--title', 'Shop')
    expect(yaml).toMatchObject({ code: 0, err: '' })
    expect(parse(yaml.out)).toEqual(JSON.parse(json.out))
    expect(JSON.parse(json.out)).toMatchObject({ openapi: '3.1.0', info: { title: 'Shop' } })
    expect((await run('--yaml')).out).toMatch(/^openapi: 3\.1\.0\n/)
  })

  it("takes the service's document from a file beside the route-scope file, wherever it runs", async () => {
    const args = ['openapi', '-c', path.join(folder, 'scopegate.yaml'), '--json']
    const { code, out, err } = await runCommand(args, { cwd: '/' })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(Object.keys(JSON.parse(out).paths)).toEqual([
      ...['/orders', '/orders/{order-id}/items.json', '/orders/{order-id}/{name}.pdf'],
    ])
  })

  it('takes it from a URL, without redirects, and not without end', async () => {
    const document = await run('-c', 'url.yaml', '--json')
    expect(JSON.parse(document.out).paths['/orders'].get.responses[200].description).toBe('All')
    for (const [at, message] of [
      ['moved', 'cannot be fetched'],
      ['nowhere', 'cannot be fetched: status 404'],
      ['large', 'has more than 4194304 bytes'],
    ]) {
      write('bad.yaml', file(`${base}/${at}`, [{ path: '/orders', to: 'orders', allow: [read] }]))
      expect(await run('-c', 'bad.yaml')).toEqual({ code: 2, out: '', err: `${base}/${at}: the document ${message}\n` })
    }
  })

  it('shows what is wrong with a document, with its line', async () => {
    write('broken.openapi.yaml', DOCUMENT.replace('{ description: All }', '{ $ref: "other.yaml" }'))
    write('broken.yaml', file('broken.openapi.yaml', [{ path: '/orders', to: 'orders', allow: [read] }]))
    const { code, out, err } = await run('-c', 'broken.yaml')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^broken\.openapi\.yaml:7:\d+: .*leads out of the document/)
    write('large.openapi.yaml', `${DOCUMENT}${'#'.repeat(4 * 1024 * 1024)}`)
    const { err: large } = await run('check', 'large.openapi.yaml', '-c', 'broken.yaml')
    expect(large).toBe('large.openapi.yaml: the document has more than 4194304 bytes\n')
    write('broken.yaml', file('nowhere.yaml', [{ path: '/orders', to: 'orders', allow: [read] }]))
    expect(await run('-c', 'broken.yaml')).toEqual({
      code: 2,
      out: '',
      err: 'nowhere.yaml: the document does not exist\n',
    })
  })

  it('refuses what makes no sense', async () => {
    for (const args of [
      ['bogus'],
      ['--json', '--yaml'],
      ['check', 'a', 'b'],
      ['import'],
      ['import', 'a', '--upstream', '/'],
    ]) {
      expect((await run(...args)).code, args.join(' ')).toBe(2)
    }
    expect((await run('-c', 'nowhere.yaml')).code).toBe(2)
  })
})

describe('scopegate openapi check', () => {
  it('exits with 1 and names both directions, with their lines', async () => {
    write(
      'drift.yaml',
      file('orders.yaml', [
        { path: '/orders', to: 'orders', allow: [read, { methods: ['DELETE'], roles: 'a' }] },
        { path: '/more', to: 'orders', public: 'yes' },
      ]),
    )
    const { code, out, err } = await run('check', '-c', 'drift.yaml')
    expect({ code, err }).toEqual({ code: 1, err: '' })
    expect(out).toBe(`orders.yaml:8: POST /orders: no route opens it
orders.yaml:12: GET /orders/{order-id}/items.json: no route opens it
orders.yaml:14: GET /orders/{order-id}/{name}.pdf: no route opens it
orders.yaml:16: GET /health: no route opens it
orders.yaml:17: HEAD /health: no route opens it
orders.yaml:18: PUT /health: no route opens it
drift.yaml:12: /orders: orders has no operation for DELETE
drift.yaml:21: /more: orders has no operation for GET, POST, PUT, PATCH, DELETE
`)
    const { ok, upstreams } = JSON.parse((await run('check', '-c', 'drift.yaml', '--json')).out)
    expect(ok).toBe(false)
    expect(upstreams[0].operationsWithoutRoute[0]).toEqual({ method: 'POST', path: '/orders', line: 8 })
    expect(upstreams[0].routesWithoutOperation[0]).toEqual({ path: '/orders', line: 12, methods: ['DELETE'] })
  })

  it('exits with 0 when they agree; methods: any is met by some', async () => {
    const any = [{ methods: 'any', token: 'any' }]
    write('good.yaml', file(undefined, [{ path: '/**', to: 'orders', allow: any }]))
    const good = { code: 0, out: 'orders: routes and document agree\n', err: '' }
    expect(await run('check', 'orders.yaml', '-c', 'good.yaml')).toEqual(good)
    expect(await run('check', `${base}/orders.yaml`, '-c', 'good.yaml', '--upstream', 'orders')).toEqual(good)
  })

  it('refuses to guess what is compared', async () => {
    write(
      'two.yaml',
      policyFile({
        upstreams: { a: 'http://127.0.0.1:1', b: 'http://127.0.0.1:2' },
        routes: [
          { path: '/a', to: 'a', public: 'x' },
          { path: '/b', to: 'b', public: 'x' },
        ],
      }),
    )
    expect(await run('check', '-c', 'two.yaml')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no document to compare with'),
    })
    expect(await run('check', 'orders.yaml', '-c', 'two.yaml')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--upstream NAME'),
    })
    expect(await run('check', '-c', 'two.yaml', '--upstream', 'c')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no upstream of this name'),
    })
  })
})
