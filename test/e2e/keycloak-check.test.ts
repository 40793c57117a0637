import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { dispatch } from '../../src/cli/dispatch.ts'
import { readProjectFile } from '../support/documents.ts'
import { createRealm, sharedKeycloak } from '../support/keycloak.ts'
import { keycloakAdmin, type RealmAdmin } from '../support/keycloak-admin.ts'
import { jwtPart, passwordTokens } from '../support/oidc-client.ts'
import { createTestIo } from '../unit/cli/test-io.ts'

const keycloak = sharedKeycloak()
const SECRET = 'auditor-secret-that-nobody-may-see'

/** Asks for what the realm of the repository has not: an audience, a scope, roles of both kinds, a claim. */
const GIFTS = {
  version: 1,
  upstreams: { gifts: 'http://127.0.0.1:1' },
  rateLimits: { 'per-tenant': { limit: 5, window: '1m', key: 'token.tenant' } },
  routes: [
    {
      path: '/gifts/**',
      to: 'gifts',
      rateLimits: ['per-tenant'],
      allow: [
        { methods: ['POST'], scopes: 'gifts:send' },
        { methods: 'any', roles: { any: ['courier', 'gifts-api:manager'] } },
      ],
    },
  ],
}

describe.skipIf(keycloak === undefined)('scopegate keycloak, with a real Keycloak', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scopegate-keycloak-'))
  let realm: RealmAdmin

  async function run(args: readonly string[], env: Record<string, string> = {}) {
    const credentials = { KEYCLOAK_CLIENT_ID: 'auditor', KEYCLOAK_CLIENT_SECRET: SECRET }
    const io = createTestIo({ cwd: folder, env: { ...credentials, ...env } })
    const code = await dispatch(io, ['keycloak', ...args], '')
    expect(io.out + io.err).not.toContain(SECRET)
    return { code, out: io.out, err: io.err }
  }

  async function codes(args: readonly string[] = []): Promise<string[]> {
    const { out } = await run(['check', '--json', ...args])
    const { findings } = JSON.parse(out) as { findings: { code: string; name: string }[] }
    return findings.map(({ code, name }) => `${code} ${name}`)
  }

  const writeFile = (name: string, audience: string, file: object) => {
    const text = stringify({ ...file, issuers: { main: { issuer: realm.issuer, audience } } })
    writeFileSync(join(folder, name), text)
  }

  beforeAll(async () => {
    if (keycloak === undefined) return
    realm = await createRealm(keycloak, 'check')
    const auditor = { clientId: 'auditor', secret: SECRET, serviceAccountsEnabled: true, standardFlowEnabled: false }
    await realm.request('POST', '/clients', auditor)
    const [client] = await realm.get<{ id: string }[]>('/clients?clientId=auditor')
    const [management] = await realm.get<{ id: string }[]>('/clients?clientId=realm-management')
    const user = await realm.get<{ id: string }>(`/clients/${client?.id}/service-account-user`)
    const roles = await Promise.all(
      ['view-realm', 'view-clients'].map((role) => realm.get(`/clients/${management?.id}/roles/${role}`)),
    )
    await realm.request('POST', `/users/${user.id}/role-mappings/clients/${management?.id}`, roles)
    writeFile('scopegate.yaml', 'gifts-api', GIFTS)
  })

  afterAll(async () => {
    await realm?.delete()
    await rm(folder, { recursive: true, force: true })
  })

  it('reads a live realm with nothing but the right to look, and finds what it lacks', async () => {
    const { code, out } = await run(['check'])
    expect(code).toBe(1)
    expect(out).toContain(
      'client scope gifts:send: the realm has no such client scope; nobody can ever call POST /gifts/**',
    )
    expect(await codes()).toEqual(
      expect.arrayContaining([
        'scope-missing gifts:send',
        'audience-missing gifts-api',
        'role-missing courier',
        'role-missing gifts-api:manager',
        'claim-missing tenant',
      ]),
    )
  })

  it('finds in the export of a realm what it finds in the realm itself', async () => {
    const hasDirectGrants = (finding: string) => finding === 'direct-grant shop-cli'
    writeFile('shop.yaml', 'shop-api', {
      ...GIFTS,
      routes: [{ path: '/a', to: 'gifts', allow: [{ methods: ['GET'], scopes: 'orders:read' }] }],
    })
    writeFileSync(join(folder, 'realm.json'), readProjectFile('keycloak-realm.json'))
    expect(await codes(['-c', 'shop.yaml', '--realm', 'realm.json'])).toSatisfy((all: string[]) =>
      all.every(hasDirectGrants),
    )
    expect(await codes(['-c', 'shop.yaml'])).toEqual(await codes(['-c', 'shop.yaml', '--realm', 'realm.json']))
  })

  it('begins a route-scope file from the live realm, with its issuer, audience, scopes and roles', async () => {
    const env = { KEYCLOAK_CLIENT_ID: 'auditor', KEYCLOAK_CLIENT_SECRET: SECRET }
    const io = createTestIo({ cwd: folder, env })
    const args = [
      'init',
      '--yes',
      '--from-realm',
      realm.issuer,
      '--upstream',
      'shop=http://127.0.0.1:1',
      '-o',
      'new.yaml',
    ]
    expect(await dispatch(io, args, ''), io.err).toBe(0)
    const text = readFileSync(join(folder, 'new.yaml'), 'utf8')
    expect(parse(text)).toMatchObject({
      issuers: { main: { issuer: realm.issuer, audience: 'shop-api' } },
      cors: { pages: { origins: ['http://127.0.0.1:8080', 'http://127.0.0.1:18083'] } },
    })
    for (const found of ['scopes: orders:read', 'scopes: refunds:write', 'support', 'shop-api:manager']) {
      expect(text).toContain(found)
    }
    expect(text + io.out + io.err).not.toContain(SECRET)
    expect(await codes(['-c', 'new.yaml'])).toEqual(['direct-grant shop-cli'])
  })

  it('plans requests after which it finds nothing, and tokens have what the file asks for', async () => {
    const { code, out } = await run(['plan', '--client', 'shop-cli'])
    expect(code).toBe(0)
    for (const { method, path, body } of JSON.parse(out) as { method: string; path: string; body: unknown }[]) {
      await realm.request(method, path, body)
    }
    const left = (await codes()).filter((finding) => !/^(direct-grant|lifespan-long) /.test(finding))
    expect(left).toEqual([])
    expect((await run(['check'])).code).toBe(0)
    expect(await run(['plan', '--client', 'shop-cli'])).toMatchObject({ out: '[]\n', err: 'nothing is missing\n' })
    const { access_token: token } = await passwordTokens(realm.issuer, { scope: 'openid gifts:send' })
    const { aud, scope } = jwtPart(token, 1) as { aud: string[]; scope: string }
    expect([aud].flat()).toContain('gifts-api')
    expect(scope.split(' ')).toContain('gifts:send')
  })

  it('merges the plan into a realm file that Keycloak imports, and then finds nothing', async () => {
    if (keycloak === undefined) return
    const name = `${realm.name}-merged`
    const file = { ...(JSON.parse(readProjectFile('keycloak-realm.json')) as object), realm: name, id: name, users: [] }
    writeFileSync(
      join(folder, 'realm.json'),
      JSON.stringify(file).replaceAll('default-roles-shop', `default-roles-${name}`),
    )
    const { out } = await run(['plan', '--realm', 'realm.json', '--client', 'shop-spa', '--format', 'merged'])
    const admin = keycloakAdmin(keycloak)
    await admin.request('POST', '', JSON.parse(out))
    try {
      writeFileSync(join(folder, 'merged.json'), out)
      const { code } = await run(['check', '--realm', 'merged.json'])
      expect(code).toBe(0)
      const scopes = (await (await admin.request('GET', `/${name}/client-scopes`)).json()) as { name: string }[]
      expect(scopes.map((scope) => scope.name)).toEqual(expect.arrayContaining(['gifts:send', 'gifts-api-audience']))
    } finally {
      await admin.request('DELETE', `/${name}`)
    }
  })

  it.each([
    [
      'wrong credentials',
      { KEYCLOAK_CLIENT_SECRET: 'wrong' },
      'Keycloak refuses the credentials: 401 unauthorized_client',
    ],
    ['no credentials', { KEYCLOAK_CLIENT_SECRET: '' }, 'a live realm needs KEYCLOAK_CLIENT_ID'],
    [
      'an address that nobody answers at',
      { KEYCLOAK_URL: 'http://127.0.0.1:1' },
      'http://127.0.0.1:1 cannot be reached',
    ],
    [
      'a client that may not look',
      { KEYCLOAK_CLIENT_ID: 'shop-service', KEYCLOAK_CLIENT_SECRET: 'development-only-shop-service-secret' },
      'they need the roles view-realm and view-clients',
    ],
  ])('says what is wrong with %s', async (_, env, text) => {
    const { code, err } = await run(['check'], env)
    expect(code).toBe(2)
    expect(err).toContain(text)
  })
})
