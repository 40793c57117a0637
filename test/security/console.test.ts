/** The console and what else the admin listener shows to people: who reaches it, and what it never shows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTo, startGateway, type TestGateway } from '../support/gateway.ts'
import { closingAfterEach } from '../support/keep.ts'
import { type RawAnswer, request } from '../support/raw-http.ts'
import { shopFile } from '../support/shop-file.ts'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { startUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import { spawnWorkers } from '../support/workers.ts'

const keep = closingAfterEach()
const NOWHERE = 'http://127.0.0.1:1'
const PASSWORD = 'marked-admin-password'
const BASIC = `Authorization: Basic ${Buffer.from(`ops:${PASSWORD}`).toString('base64')}`
const PATHS = [
  '/console',
  '/console/',
  '/console/state',
  '/console/routes',
  '/console/console.js',
  '/console/style.css',
]

const get = (url: string, path: string, ...fields: string[]) => request(url, [`GET ${path} HTTP/1.1`, ...fields])

function post(url: string, body: string, ...fields: string[]): Promise<RawAnswer> {
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  return request(url, ['POST /console/try HTTP/1.1', length, ...fields], body)
}

const JSON_BODY = 'Content-Type: application/json'
const TRIAL = JSON.stringify({ method: 'GET', path: '/orders/1' })

describe('the console on the admin listener', () => {
  it.each(PATHS)('answers GET %s in a way that no other page can use', async (path) => {
    const gateway = keep(await startGateway(openTo(NOWHERE)))
    const { status, headers } = await get(gateway.adminUrl, path)
    expect(status).toBe(path === '/console/' ? 404 : 200)
    expect(headers.get('content-security-policy')?.[0]).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; .*form-action 'none'; frame-ancestors 'none'/,
    )
    expect(headers.get('content-security-policy')?.[0]).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toEqual(['nosniff'])
    expect(headers.get('cache-control')).toEqual(['no-store'])
    expect(headers.get('cross-origin-resource-policy')).toEqual(['same-origin'])
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
    expect(headers.has('set-cookie')).toBe(false)
  })

  it('has no page but its own, whatever the path looks like', async () => {
    const gateway = keep(await startGateway(openTo(NOWHERE)))
    const paths = ['/console/..', '/console/%2e%2e/console.ts', '/console/..%2fconsole.ts', '/console/tsconfig.json']
    for (const path of [
      ...paths,
      '/console/%00',
      '/console/state/x',
      '/console/page/console.ts',
      '/console/__proto__',
    ]) {
      expect((await get(gateway.adminUrl, path)).status, path).toBe(404)
    }
  })

  it('changes nothing: no method but GET, and POST for a trial', async () => {
    const gateway = keep(await startGateway(openTo(NOWHERE)))
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      for (const path of ['/console', '/console/state', '/console/routes']) {
        expect((await request(gateway.adminUrl, [`${method} ${path} HTTP/1.1`, 'Content-Length: 0'])).status).toBe(404)
      }
    }
    const before = await get(gateway.adminUrl, '/config/status')
    expect((await post(gateway.adminUrl, TRIAL, JSON_BODY)).status).toBe(200)
    expect((await get(gateway.adminUrl, '/config/status')).body).toBe(before.body)
  })

  it('refuses what another site sends, and what a form could send', async () => {
    const gateway = keep(await startGateway(openTo(NOWHERE)))
    const { adminUrl } = gateway
    expect((await post(adminUrl, TRIAL, JSON_BODY, 'Origin: https://attacker.example')).status).toBe(403)
    expect((await post(adminUrl, TRIAL, JSON_BODY, 'Sec-Fetch-Site: cross-site')).status).toBe(403)
    expect((await post(adminUrl, TRIAL, 'Content-Type: text/plain')).status).toBe(415)
    expect((await post(adminUrl, TRIAL)).status).toBe(415)
    for (const path of [...PATHS, '/config/status']) {
      expect((await get(adminUrl, path, 'Host: attacker.example')).status, path).toBe(421)
      expect((await get(adminUrl, path, 'Sec-Fetch-Site: cross-site')).status, path).toBe(403)
    }
  })

  it('refuses a trial that is too large or none', async () => {
    const { adminUrl } = keep(await startGateway(openTo(NOWHERE)))
    const large = JSON.stringify({ method: 'GET', path: '/', claims: { a: 'a'.repeat(70_000) } })
    expect((await post(adminUrl, large, JSON_BODY)).status).toBe(413)
    for (const body of ['', '[]', '{', '{"method":"GET"}', '{"method":"GET","path":"/","more":1}']) {
      expect((await post(adminUrl, body, JSON_BODY)).status, body).toBe(400)
    }
  })
})

describe('the console and the data listener', () => {
  it('answers each path of the console as any path that no route has', async () => {
    const issuer = keep(await createTestIssuer())
    const upstream = keep(await startUpstream())
    const gateway = keep(await startGateway(shopFile(issuer.issuer, upstream.url)))
    const bearer = `Authorization: Bearer ${await issuer.mint()}`
    for (const path of PATHS) {
      const masked = ({ status, body }: RawAnswer) => [status, body.replace(/"request_?id":"[^"]*"/i, '')]
      expect(masked(await get(gateway.url, path))).toEqual(masked(await get(gateway.url, '/nowhere')))
      expect((await get(gateway.url, path)).status).toBe(401)
      expect((await get(gateway.url, path, bearer)).status).toBe(404)
    }
    expect(upstream.received).toHaveLength(0)
  })
})

describe('an admin listener that others can reach', () => {
  it('does not serve the console without a password, and says so at the start', async () => {
    const gateway = keep(await startGateway({ ...openTo(NOWHERE), admin: { host: '0.0.0.0', port: 0 } }))
    const adminUrl = gateway.adminUrl.replace('0.0.0.0', '127.0.0.1')
    for (const path of PATHS) {
      const { status, body } = await get(adminUrl, path)
      expect(status).toBe(403)
      expect(body).toMatch(/admin\.password/)
    }
    expect((await post(adminUrl, TRIAL, JSON_BODY)).status).toBe(403)
    expect((await get(adminUrl, '/livez')).status).toBe(200)
    const warning = 'the console is not served: beyond loopback it needs admin.password'
    await waitFor('the warning', () => gateway.logs().some(({ level, msg }) => level === 'warn' && msg === warning))
  })

  it('serves it to those who have the password; health and metrics ask for nothing', async () => {
    const admin = { host: '0.0.0.0', port: 0, password: '${ADMIN_PASSWORD}' }
    const gateway = keep(await startGateway({ ...openTo(NOWHERE), admin }, { ADMIN_PASSWORD: PASSWORD }))
    const adminUrl = gateway.adminUrl.replace('0.0.0.0', '127.0.0.1')
    for (const path of ['/console', '/console/state', '/config/status']) {
      const refused = await get(adminUrl, path)
      expect(refused.status).toBe(401)
      expect(refused.headers.get('www-authenticate')?.[0]).toMatch(/^Basic realm=/)
      expect((await get(adminUrl, path, `Authorization: Bearer ${PASSWORD}x`)).status).toBe(401)
      expect((await get(adminUrl, path, BASIC)).status).toBe(200)
      expect((await get(adminUrl, path, `Authorization: Bearer ${PASSWORD}`)).status).toBe(200)
    }
    expect((await post(adminUrl, TRIAL, JSON_BODY)).status).toBe(401)
    for (const path of ['/livez', '/readyz', '/metrics']) expect((await get(adminUrl, path)).status).toBe(200)
    expect(gateway.logText()).not.toContain('is not served')
    expect(gateway.logText()).not.toContain('marked')
  })

  it('asks for the password on loopback too, where the file has one', async () => {
    const admin = { port: 0, password: PASSWORD }
    const { adminUrl } = keep(await startGateway({ ...openTo(NOWHERE), admin }))
    expect((await get(adminUrl, '/console')).status).toBe(401)
    expect((await get(adminUrl, '/console', BASIC)).status).toBe(200)
  })

  it('takes ten guesses a minute from one address, whatever page they are for', async () => {
    const { adminUrl } = keep(await startGateway({ ...openTo(NOWHERE), admin: { port: 0, password: PASSWORD } }))
    for (let i = 0; i < 10; i += 1) {
      const path = i % 2 === 0 ? '/console/state' : '/config/status'
      expect((await get(adminUrl, path, `Authorization: Bearer guess-${i}`)).status).toBe(401)
    }
    const refused = await get(adminUrl, '/config/status', BASIC)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after')?.[0])).toBeGreaterThan(0)
    expect((await get(adminUrl, '/livez')).status).toBe(200)
  })
})

describe('what the console shows and keeps', () => {
  let issuer: TestIssuer
  let gateway: TestGateway
  beforeAll(async () => {
    issuer = await createTestIssuer()
    const redis = { url: 'redis://user:marked-redis@127.0.0.1:1' }
    const admin = { port: 0, password: PASSWORD }
    gateway = await startGateway({ ...shopFile(issuer.issuer, NOWHERE), redis, admin })
  })
  afterAll(async () => {
    await gateway.close()
    await issuer.close()
  })

  it('is no secret, token, subject or client address', async () => {
    const token = await issuer.mint({ sub: 'marked-subject' })
    await get(gateway.url, '/orders/1', `Authorization: Bearer ${token}`, 'X-Forwarded-For: 203.0.113.77')
    await get(gateway.url, '/marked-path', 'Authorization: Bearer marked-token')
    const texts = await Promise.all(PATHS.map(async (path) => (await get(gateway.adminUrl, path, BASIC)).text))
    for (const secret of ['marked', token.slice(-40), '203.0.113.77', '127.0.0.1:1\n']) {
      expect(texts.join()).not.toContain(secret)
    }
    expect(texts.join()).toContain('"reason":')
  })

  it('keeps nothing of a trial, neither in the log nor in the metrics', async () => {
    const body = JSON.stringify({ method: 'GET', path: '/orders/stamped-path', claims: { sub: 'stamped-subject' } })
    expect((await post(gateway.adminUrl, body, JSON_BODY, BASIC)).body).toContain('stamped-subject')
    expect((await post(gateway.adminUrl, body.slice(5), JSON_BODY, BASIC)).status).toBe(400)
    const pages = ['/metrics', '/config/status', '/console/state', '/console/routes']
    const texts = await Promise.all(pages.map(async (path) => (await get(gateway.adminUrl, path, BASIC)).text))
    expect(texts.join() + gateway.logText()).not.toContain('stamped')
  })
})

describe('the console of several workers', () => {
  it('is asked for the password by the primary, and shows all of them', async () => {
    const gateway = keep(await spawnWorkers({ ...openTo(NOWHERE), admin: { port: 0, password: PASSWORD } }))
    expect((await get(gateway.adminUrl, '/console/state')).status).toBe(401)
    await get(gateway.url, '/')
    const state = JSON.parse((await get(gateway.adminUrl, '/console/state', BASIC)).body)
    expect(state.processes).toEqual({ running: 2, wanted: 2, restarts: 0 })
    expect(state.requests).toMatchObject([{ route: '/**', status: 502, outcome: 'failed', count: 1 }])
    expect(state.upstreams).toEqual([{ name: 'up', urls: [{ url: NOWHERE, isDown: true }] }])
  })
})
