/** Claims are JSON of any shape: what is not exactly what the file asks for grants nothing, and is no failure either. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTarget, type Target } from './target.ts'

let target: Target

beforeAll(async () => {
  target = await startTarget(() => ({
    routes: [
      { path: '/scope', to: 'app', allow: [{ methods: 'any', scopes: 'orders:read' }] },
      { path: '/realm-role', to: 'app', allow: [{ methods: 'any', roles: 'admin' }] },
      { path: '/client-role', to: 'app', allow: [{ methods: 'any', roles: 'shop-api:manager' }] },
      { path: '/mail', to: 'app', allow: [{ methods: 'any', claims: { email: 'alice@corp.com' } }] },
      { path: '/level', to: 'app', allow: [{ methods: 'any', claims: { level: 1 } }] },
      { path: '/flag', to: 'app', allow: [{ methods: 'any', claims: { vip: true } }] },
      { path: '/users/{id}', to: 'app', allow: [{ methods: 'any', where: { 'path.id': 'token.owner' } }] },
    ],
  }))
})
afterAll(() => target.close())
beforeEach(() => target.upstream.clear())

const statusOf = async (path: string, claims: Record<string, unknown>) =>
  (await target.ask(`GET ${path} HTTP/1.1`, await target.bearer({ scope: 'none', ...claims }))).status

describe('what a claim grants', () => {
  it.each<[string, Record<string, unknown>]>([
    ['/scope', { scope: 'openid orders:read' }],
    ['/scope', { scp: ['orders:read'] }],
    ['/realm-role', { realm_access: { roles: ['admin'] } }],
    ['/client-role', { resource_access: { 'shop-api': { roles: ['manager'] } } }],
    ['/mail', { email: 'alice@corp.com' }],
    ['/mail', { email: ['bob@corp.com', 'alice@corp.com'] }],
    ['/level', { level: 1 }],
    ['/flag', { vip: true }],
    ['/users/u1', { owner: 'u1' }],
    ['/users/u1', { owner: ['u2', 'u1'] }],
  ])('is %s for %j', async (path, claims) => {
    expect(await statusOf(path, claims)).toBe(200)
  })

  it.each<[string, string, Record<string, unknown>]>([
    ['pitfall 9', '/scope', { scope: ['orders:read'] }],
    ['pitfall 9', '/scope', { scope: [['orders:read']] }],
    ['pitfall 9', '/scope', { scope: { 'orders:read': true } }],
    ['pitfall 9', '/scope', { scope: 7 }],
    ['pitfall 9', '/scope', { scope: 'orders:readx xorders:read ORDERS:READ orders:rea' }],
    ['pitfall 9', '/scope', { scp: ['orders:write orders:read'] }],
    ['pitfall 9', '/realm-role', { realm_access: { roles: 'superadmin' } }],
    ['pitfall 9', '/realm-role', { realm_access: { roles: 'admin' } }],
    ['flaw 3', '/realm-role', { realm_access: { roles: [['admin'], { admin: 1 }, null, 7] } }],
    ['flaw 3', '/realm-role', { realm_access: ['admin'] }],
    ['flaw 3', '/realm-role', { realm_access: null, roles: ['admin'] }],
    ['flaw 3', '/client-role', { resource_access: ['shop-api'] }],
    ['flaw 3', '/client-role', { resource_access: null }],
    ['another client', '/client-role', { resource_access: { other: { roles: ['manager'] } } }],
    ['a realm role', '/client-role', { realm_access: { roles: ['shop-api:manager'] } }],
    ['GHSA-c5c4-8r6x-56w3', '/mail', { email: 'evil@evil.com@corp.com' }],
    ['GHSA-c5c4-8r6x-56w3', '/mail', { email: 'xalice@corp.com' }],
    ['GHSA-c5c4-8r6x-56w3', '/mail', { email: 'alice@corp.com.evil.com' }],
    ['GHSA-c5c4-8r6x-56w3', '/mail', { email: 'ALICE@corp.com' }],
    ['GHSA-c5c4-8r6x-56w3', '/mail', { email: { 0: 'alice@corp.com', length: 1 } }],
    ['flaw 3', '/level', { level: '1' }],
    ['flaw 3', '/level', { level: true }],
    ['flaw 3', '/flag', { vip: 'true' }],
    ['flaw 3', '/flag', { vip: 1 }],
    ['flaw 3', '/flag', {}],
    ['flaw 3', '/users/1', { owner: 1 }],
    ['flaw 3', '/users/undefined', {}],
    ['flaw 3', '/users/null', { owner: null }],
    ['flaw 3', '/users/u1', { owner: [['u1']] }],
    ['flaw 3', '/users/u1', { owner: { u1: true } }],
  ])('%s: is no %s for %j, with 403', async (_, path, claims) => {
    expect(await statusOf(path, claims)).toBe(403)
    expect(target.upstream.text()).toBe('')
  })
})
