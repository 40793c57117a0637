/** `scopegate init` from a realm and from a document, as a process. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readProjectFile } from '../support/documents.ts'
import { expectGood, folder, inProcess, read, scopegate } from '../support/init-command.ts'

describe('scopegate init --from-realm', { timeout: 60_000 }, () => {
  const realm = (content: object) =>
    writeFileSync(join(folder, 'realm.json'), JSON.stringify({ realm: 'shop', ...content }))
  const init = (...more: string[]) => scopegate(['init', '--yes', '--from-realm', 'realm.json', ...more])

  it('takes issuer, audience, scopes, roles and origins, and keycloak check then finds no error', async () => {
    writeFileSync(join(folder, 'realm.json'), readProjectFile('keycloak-realm.json'))
    expect(init('--upstream', 'orders=http://orders:8080', '--upstream', 'catalog=http://catalog:8080')).toMatchObject({
      status: 0,
      stderr: '',
    })
    expect(parse(read())).toMatchObject({
      issuers: { main: { issuer: 'http://127.0.0.1:8080/realms/shop', audience: 'shop-api' } },
      cors: { pages: { origins: ['http://127.0.0.1:18083', 'http://127.0.0.1:8080'] } },
      routes: [
        {
          path: '/catalog/**',
          to: 'catalog',
          allow: [{ methods: ['POST', 'PUT', 'PATCH', 'DELETE'], scopes: 'catalog:write' }],
        },
        {
          path: '/orders/**',
          to: 'orders',
          allow: [{ methods: ['GET'], scopes: 'orders:read' }, { scopes: 'orders:write' }],
        },
        { path: '/refunds/**', to: 'orders', allow: [{ scopes: 'refunds:write' }] },
      ],
    })
    expect(read()).toContain('`roles`: customer, support, admin, shop-api:manager\n')
    await expectGood()
    expect(await inProcess('keycloak', 'check', '--realm', 'realm.json')).toMatchObject({ status: 0 })
  })

  it('opens nothing by role, and shows how, where a realm has no scopes of its own', async () => {
    realm({ roles: { realm: [{ name: 'clerk' }, { name: 'default-roles-shop' }, { name: 'a${b}, c' }] } })
    expect(init()).toMatchObject({ status: 0, stderr: '' })
    const [route] = parse(read()).routes
    expect(route.allow).toEqual([
      { methods: ['GET'], scopes: 'service:read' },
      expect.objectContaining({ scopes: 'service:write' }),
    ])
    const [, line = ''] = /# Or by role: (.*)\n/.exec(read()) ?? []
    expect(parse(line)).toEqual([{ methods: ['GET'], roles: { any: ['clerk', 'a$${b}, c'] } }])
    await expectGood()
  })

  it('keeps every name of a realm within a comment or a value', async () => {
    const scope = { name: 'orders:read', attributes: {}, protocolMappers: [] }
    const odd = { name: 'read\nroutes: []', attributes: {} }
    const client = {
      clientId: 'spa',
      webOrigins: ['+', 'https://*.example'],
      redirectUris: ['https://shop.example/cb', '/x'],
    }
    const assigned = { ...client, optionalClientScopes: ['orders:read', odd.name] }
    realm({ clients: [assigned], clientScopes: [scope, odd], roles: { realm: [{ name: 'x\nroutes: []' }] } })
    expect(init()).toMatchObject({ status: 0, stderr: '' })
    expect(parse(read())).toMatchObject({
      cors: { pages: { origins: ['https://shop.example'] } },
      routes: [{ path: '/orders/**', allow: [{ scopes: 'orders:read' }] }],
    })
    await expectGood()
  })

  it('says of what it cannot read why, and writes nothing', () => {
    writeFileSync(join(folder, 'realm.json'), '{}')
    expect(init()).toMatchObject({ status: 2, stderr: expect.stringContaining('not a Keycloak realm') })
    writeFileSync(join(folder, 'realm.json'), '{')
    expect(init()).toMatchObject({ status: 2, stderr: 'scopegate: the realm file realm.json is not JSON\n' })
    const live = scopegate(['init', '--yes', '--from-realm', 'http://127.0.0.1:1/shop'])
    expect(live).toMatchObject({ status: 2, stderr: expect.stringContaining('it ends in /realms/NAME') })
    expect(readdirSync(folder)).toEqual(['realm.json'])
  })
})

describe('scopegate init --from-openapi', { timeout: 60_000 }, () => {
  const login =
    'login: { type: openIdConnect, openIdConnectUrl: https://id.example/realms/shop/.well-known/openid-configuration }'
  const documentOf = (paths: string) => `openapi: 3.1.0
info: { title: "Orders: API", version: "1" }
servers: [{ url: https://orders.example:8443 }]
paths:
${paths}
components: { securitySchemes: { ${login} } }
`

  it('takes routes and scopes, the address, the issuer, and agrees with the document', async () => {
    const paths = [
      '/orders: { get: { security: [{ login: [orders:read] }] }, delete: {} }',
      '/orders/{id}.pdf: { get: {} }',
    ]
    writeFileSync(
      join(folder, 'api.yaml'),
      documentOf(
        paths
          .slice(0, 1)
          .map((line) => `  ${line}`)
          .join('\n'),
      ),
    )
    expect(scopegate(['init', '--yes', '--from-openapi', 'api.yaml'])).toMatchObject({ status: 0, stderr: '' })
    expect(parse(read())).toMatchObject({
      issuers: { main: { issuer: 'https://id.example/realms/shop' } },
      upstreams: { 'orders-api': { urls: ['https://orders.example:8443'], openapi: 'api.yaml' } },
      routes: [{ path: '/orders', allow: [{ methods: ['GET'], scopes: 'orders:read' }, { methods: ['DELETE'] }] }],
    })
    await expectGood()
    expect(await inProcess('openapi', 'check')).toMatchObject({ status: 0 })
    writeFileSync(join(folder, 'api.yaml'), documentOf(paths.map((line) => `  ${line}`).join('\n')))
    expect(scopegate(['init', '--yes', '--force', '--from-openapi', 'api.yaml'])).toMatchObject({ status: 0 })
    expect(read()).toContain('# Left out: GET /orders/{id}.pdf (line 6): the route-scope file cannot say this path\n')
  })

  it('takes nothing from the environment for what the document says', async () => {
    const security = 'security: [{ login: ["${HOME}"] }, { login: ["a,${PATH}", "${PATH:-x}"] }]'
    writeFileSync(join(folder, 'api.yaml'), documentOf(`  /orders: { get: { ${security} } }`))
    expect(scopegate(['init', '--yes', '--from-openapi', 'api.yaml'])).toMatchObject({ status: 0, stderr: '' })
    expect(parse(read()).routes[0].allow).toEqual([
      { methods: ['GET'], scopes: '$${HOME}' },
      { methods: ['GET'], scopes: { all: ['a,$${PATH}', '$${PATH:-x}'] } },
    ])
    await expectGood()
  })

  it.each([
    ['scopegate.yaml', './v1:orders.yaml'],
    ['gateway/scopegate.yaml', '../v1:orders.yaml'],
  ])('names in %s a document whose name looks like a scheme as the file that it is', async (out, named) => {
    const paths = '  /orders: { get: { security: [{ login: [orders:read] }] } }'
    writeFileSync(join(folder, 'v1:orders.yaml'), documentOf(paths))
    mkdirSync(join(folder, 'gateway'))
    const init = await inProcess('init', '--yes', '--from-openapi', 'v1:orders.yaml', '--out', out)
    expect(init).toMatchObject({ status: 0, stderr: '' })
    expect(parse(read(out)).upstreams['orders-api'].openapi).toBe(named)
    expect(await inProcess('openapi', 'check', '-c', out)).toMatchObject({ status: 0 })
  })

  it('says in comments what validate will warn of', async () => {
    const paths = '  /a/{b}/c: { get: { security: [{ login: [a:read] }] } }\n  /a/x/{d}: { get: { security: [] } }'
    writeFileSync(join(folder, 'api.yaml'), documentOf(paths))
    expect(scopegate(['init', '--yes', '--from-openapi', 'api.yaml'])).toMatchObject({ status: 0 })
    const { warnings } = JSON.parse((await inProcess('validate', '--json')).stdout) as {
      warnings: { code: string; path: string }[]
    }
    expect(warnings.length).toBeGreaterThan(0)
    for (const { code, path } of warnings) expect(read()).toContain(`# - ${code} at ${path}: `)
  })
})
