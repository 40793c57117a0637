import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadConfigFile } from '../../../src/config/load.ts'
import { policyFile } from '../../support/policy-file.ts'
import { DOCUMENT } from './openapi-document.ts'
import { runCommand } from './test-io.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-openapi-import-'))
afterAll(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text)
write('orders.yaml', DOCUMENT)

const run = (...args: string[]) => runCommand(['openapi', ...args], { cwd: folder })

describe('scopegate openapi import', () => {
  it('drafts a route for each path, with the scopes of the document or a proposal', async () => {
    expect(await run('import', 'orders.yaml', '--upstream', 'orders')).toEqual({
      code: 0,
      out: `routes:
  - path: /orders
    to: orders
    allow:
      - { methods: [GET], scopes: orders:read }
      - { methods: [POST], scopes: { all: [orders:write, profile] } }
      - { methods: [POST], scopes: orders:all }

  - path: "/orders/{order_id}/items.json"
    to: orders
    allow:
      - { methods: [GET], scopes: orders:read }   # a proposal: the document names no scopes

  - path: /health
    to: orders
    methods: [GET]
    public: the document asks for no token
    allow:
      - { methods: [PUT], scopes: orders:read }
`,
      err: `left out: GET /orders/{order-id}/{name}.pdf (line 14): the route-scope file cannot say this path
left out: OPTIONS /health (line 19): the gateway does not forward this method
`,
    })
  })

  it('drafts what loads in a file with an issuer and the upstream, and agrees with the document', async () => {
    const { out } = await run('import', 'orders.yaml', '--upstream', 'orders')
    write('drafted.yaml', policyFile({}) + out)
    const { code, err } = await runCommand(['validate', '-c', 'drafted.yaml'], { cwd: folder })
    expect(code, err).toBe(0)
    const drift = await run('check', 'orders.yaml', '-c', 'drafted.yaml')
    expect(drift.out).toBe('orders.yaml:14: GET /orders/{order-id}/{name}.pdf: no route opens it\n')
  })

  it('opens nothing to everybody that the document does not open', async () => {
    const paths = (security: string) => `openapi: 3.0.3\ninfo: {}\npaths: { /a: { get: { ${security} } } }\n`
    const drafted = async (security: string) => {
      write('one.yaml', paths(security))
      return (await run('import', 'one.yaml')).out
    }
    for (const silent of ['summary: x', 'security: [{ a: [] }, {}]', 'security: [{ a: [] }]', 'security: no']) {
      expect(await drafted(silent), silent).not.toMatch(/public|token: any/)
    }
    expect(await drafted('security: []')).toContain('public: the document asks for no token')
  })

  it('proposes a scope where the document names none that a token could have', async () => {
    const security = [{ login: ['all orders'] }]
    const schemes = { login: { type: 'oauth2', flows: {} } }
    const document = {
      openapi: '3.1.0',
      paths: { '/orders/': { get: { security } } },
      components: { securitySchemes: schemes },
    }
    write('blank.json', JSON.stringify(document))
    const { out } = await run('import', 'blank.json', '--upstream', 'true')
    expect(parse(out).routes).toEqual([
      { path: '/orders', to: 'true', allow: [{ methods: ['GET'], scopes: 'orders:read' }] },
    ])
  })

  it('writes texts of the document so that they stay texts', async () => {
    const name = 'x, y: [admin] # } \\n"'
    const paths = { [`/${name}`]: { get: {} }, "/it's": { get: {} }, '/a/**': { get: {} }, '/no': { get: {} } }
    write('odd.json', JSON.stringify({ openapi: '3.1.0', paths }))
    const { out, err } = await run('import', 'odd.json', '--upstream', 'orders')
    expect(parse(out).routes.map((route: { path: string }) => route.path)).toEqual(["/it's", '/no'])
    expect(err.split('\n').filter((line) => line.startsWith('left out: '))).toHaveLength(2)
  })

  it('takes nothing from the environment for what the document says', async () => {
    const security = [{ login: ['${HOME}'] }, { login: ['a,${HOME}', '${PATH:-x}'] }]
    const schemes = { login: { type: 'oauth2', flows: {} } }
    const paths = { '/${HOME}': { get: {} }, '/$HOME': { get: { security } } }
    write('env.json', JSON.stringify({ openapi: '3.1.0', paths, components: { securitySchemes: schemes } }))
    const { out, err } = await run('import', 'env.json', '--upstream', 'orders')
    expect(err).toBe('left out: GET /${HOME} (line 1): the route-scope file cannot say this path\n')
    write('env.yaml', policyFile({}) + out)
    const { config } = loadConfigFile('env.yaml', { HOME: 'orders:read' }, { cwd: folder })
    const allow = config?.routes.flatMap((route) => route.policy.allow.map(({ scopes }) => scopes?.values)) ?? []
    expect([config?.routes[0]?.path, ...allow]).toEqual(['/$HOME', ['${HOME}'], ['a,${HOME}', '${PATH:-x}']])
  })
})
