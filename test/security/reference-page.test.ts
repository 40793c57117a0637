/** The API reference page over sockets: what it answers, to whom, and what it never tells. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DOCS_FILES, docsFilePath } from '../../src/config/docs-config.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { type RawAnswer, request } from '../support/raw-http.ts'
import { PRIVATE_WORDS, REFERENCE_FILES, referenceFile } from '../support/reference-file.ts'
import { startUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'

const PATHS = DOCS_FILES.map((file) => docsFilePath('/docs', file))
const one = (answer: RawAnswer, name: string) => answer.headers.get(name)?.join()

describe('the API reference page', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startGateway(referenceFile(), {}, { files: REFERENCE_FILES })
  })
  afterAll(() => gateway?.close())
  const ask = (line: string, ...fields: string[]) => request(gateway.url, [`${line} HTTP/1.1`, ...fields])

  it.each(PATHS)('answers %s with a policy that lets in no script, style or frame of others', async (path) => {
    const answer = await ask(`GET ${path}`)
    expect(answer.status).toBe(200)
    expect(one(answer, 'content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' https://id.example.com; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    expect(one(answer, 'x-content-type-options')).toBe('nosniff')
    expect(one(answer, 'x-frame-options')).toBe('DENY')
    expect(one(answer, 'referrer-policy')).toBe('no-referrer')
    expect(one(answer, 'cross-origin-resource-policy')).toBe('same-origin')
    expect(one(answer, 'cross-origin-opener-policy')).toBe(
      path.endsWith('redirect.html') ? undefined : 'same-origin-allow-popups',
    )
    expect(one(answer, 'cache-control')).toBe('no-cache')
    expect(one(answer, 'x-request-id')).toMatch(/\S/)
    expect(answer.headers.has('set-cookie')).toBe(false)
    expect(answer.headers.has('access-control-allow-origin')).toBe(false)
    expect(Number(one(answer, 'content-length'))).toBe(answer.body.length)
  })

  it.each([
    ['/docs', 'text/html; charset=utf-8'],
    ['/docs/', 'text/html; charset=utf-8'],
    ['/docs?url=https://evil.example/x.json', 'text/html; charset=utf-8'],
    ['/docs/page.js', 'text/javascript; charset=utf-8'],
    ['/docs/swagger-ui.css', 'text/css; charset=utf-8'],
    ['/docs/openapi.json', 'application/json'],
  ])('answers %s as %s', async (path, type) => {
    const answer = await ask(`GET ${path}`)
    expect(answer.status).toBe(200)
    expect(one(answer, 'content-type')).toBe(type)
  })

  it('has no inline script, style or handler, and loads nothing from elsewhere', async () => {
    for (const path of ['/docs', '/docs/oauth2-redirect.html']) {
      const { body } = await ask(`GET ${path}`)
      expect(body).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|https?:/i)
      for (const [, address = ''] of body.matchAll(/(?:src|href)="([^"]+)"/g))
        expect(address).toMatch(/^(\/docs\/|data:,$)/)
      expect(body).toContain('Shop &#60;b&#62; $&#38;</title>')
    }
  })

  it.each([
    '/docs/..%2fscopegate.yaml',
    '/docs/%2e%2e/scopegate.yaml',
    '/docs/../scopegate.yaml',
    '/docs/..;/scopegate.yaml',
    '/docs/private/orders.openapi.yaml',
    '/docs/index.html',
    '/docs/page.js/x',
    '/docs/page.js%00',
    '/docs//page.js',
    '/docs/swagger-ui-bundle.js.map',
    '/docs/constructor',
    '/Docs',
    '/docs/PAGE.JS',
  ])('answers nothing of a disk for %s', async (path) => {
    const answer = await ask(`GET ${path}`)
    expect([400, 401]).toContain(answer.status)
    expect(one(answer, 'content-type')).toBe('application/problem+json')
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('takes no %s', async (method) => {
    const answer = await ask(`${method} /docs/openapi.json`, 'Content-Length: 0')
    expect(answer.status).toBe(405)
    expect(one(answer, 'allow')).toBe('GET, HEAD')
  })

  it('answers HEAD as GET, without the body', async () => {
    const [get, head] = [await ask('GET /docs'), await ask('HEAD /docs')]
    expect(head.status).toBe(200)
    expect(head.body).toBe('')
    expect(one(head, 'content-length')).toBe(one(get, 'content-length'))
    expect(one(head, 'etag')).toBe(one(get, 'etag'))
  })

  it.each([
    ['the tag', (etag: string) => etag, 304],
    ['a list with the tag', (etag: string) => `"x", W/${etag}`, 304],
    ['any tag', () => '*', 304],
    ['another tag', () => '"x"', 200],
    ['half of the tag', (etag: string) => etag.slice(0, -1), 200],
  ])('answers If-None-Match with %s (RFC 9110 section 13.1.2)', async (_, toField, status) => {
    const etag = one(await ask('GET /docs/page.js'), 'etag') ?? ''
    expect(etag).toMatch(/^"[\w-]{27}"$/)
    const answer = await ask('GET /docs/page.js', `If-None-Match: ${toField(etag)}`)
    expect(answer.status).toBe(status)
    expect(one(answer, 'etag')).toBe(etag)
    expect(answer.body === '').toBe(status === 304)
    if (status === 304) expect(answer.headers.has('content-length')).toBe(false)
  })

  it('tells nothing private in any of its files', async () => {
    const written = JSON.stringify(referenceFile()) + REFERENCE_FILES['private/orders.openapi.yaml']
    for (const word of PRIVATE_WORDS) expect(written).toContain(word)
    for (const path of PATHS) {
      const { text } = await ask(`GET ${path}`)
      for (const word of PRIVATE_WORDS) expect(text.includes(word), `${path}: ${word}`).toBe(false)
      expect(text.includes(gateway.configFile)).toBe(false)
    }
  })

  it('tells who may as far as a refusal does: scopes, reasons, that there is more', async () => {
    const { body } = await ask('GET /docs/openapi.json')
    const { paths, info, servers } = JSON.parse(body)
    expect(Object.keys(paths)).toEqual(['/orders', '/far'])
    expect(paths['/orders'].get).toMatchObject({
      summary: 'All orders',
      description: 'Needs a token with scope orders:read, or a role; a claim (support needs a step-up login).',
      security: [{ main: ['orders:read'] }, { main: [] }],
    })
    expect(paths['/far'].get).toMatchObject({ description: 'No token is needed.', security: [] })
    expect(servers).toEqual([{ url: '/' }])
    expect(info.title).toBe('Shop <b> $&')
    expect(JSON.parse((await ask('GET /docs/settings.json')).body)).toEqual({
      ...{ issuer: 'https://id.example.com/realms/shop', scheme: 'main', clientId: 'shop-docs' },
      ...{ scopes: ['orders:read'], offeredScopes: ['orders:read'] },
    })
  })

  it('does not tell the digest of the file, which is made of its secrets too', async () => {
    const { body } = await ask('GET /docs/openapi.json')
    const status = await fetch(`${gateway.adminUrl}/config/status`, {
      headers: { Authorization: `Basic ${btoa('admin:admin-password-1')}` },
    })
    const { digest } = (await status.json()) as { digest: string }
    expect(digest).toMatch(/^[\w-]{43}$/)
    expect(body).not.toContain(digest.slice(0, 12))
  })

  it('is a request like others in the access log', async () => {
    await ask('GET /docs/page.css', 'X-Request-Id: docs-1')
    await waitFor('the line', () => gateway.logText().includes('/docs/page.css'))
    expect(gateway.logs().find(({ path }) => path === '/docs/page.css')).toMatchObject({
      route: '/docs/page.css',
      status: 200,
      decision: 'allowed',
      reason: 'docs',
    })
  })
})

describe('a file with an API reference page', () => {
  let gateway: TestGateway | undefined
  afterEach(() => gateway?.close())
  const statusOf = async (path: string) => (await request(gateway?.url ?? '', [`GET ${path} HTTP/1.1`])).status
  const documentOf = async (path = '/docs') =>
    (await request(gateway?.url ?? '', [`GET ${path}/openapi.json HTTP/1.1`])).body

  it('that does not ask for it has none, as if the paths were nowhere', async () => {
    const { docs: _, ...file } = referenceFile()
    gateway = await startGateway(file, {}, { files: REFERENCE_FILES })
    for (const path of [...PATHS, '/nowhere']) expect(await statusOf(path), path).toBe(401)
  })

  it('changes with it, at a reload, in one step', async () => {
    gateway = await startGateway(referenceFile(), {}, { files: REFERENCE_FILES })
    const before = await documentOf()
    const docs = { title: 'Shop 2', clientId: 'shop-docs', path: '/reference' }
    await gateway.rewrite(referenceFile({ docs }))
    await gateway.reload()
    expect(await statusOf('/docs')).toBe(401)
    const after = JSON.parse(await documentOf('/reference'))
    expect(after.info.title).toBe('Shop 2')
    expect(after.info.version).not.toBe(JSON.parse(before).info.version)
    expect(after.paths['/hidden-route'].get.summary).toBe('hidden operation')
  })

  it('is read again when the document of a service changes, and a broken one changes nothing', async () => {
    gateway = await startGateway(referenceFile(), {}, { files: REFERENCE_FILES })
    const text = REFERENCE_FILES['private/orders.openapi.yaml']
    await gateway.writeBeside('private/orders.openapi.yaml', text.replace('All orders', 'Each order'))
    await waitFor('the new document', async () => (await documentOf()).includes('Each order'))
    await gateway.writeBeside('private/orders.openapi.yaml', 'openapi: 2.0')
    await gateway.reload()
    expect(await documentOf()).toContain('Each order')
    const running = gateway
    await waitFor('the refusal', () => running.logText().includes('expected a document of OpenAPI 3.0 or 3.1'))
  })

  it('counts for its limits by address', async () => {
    gateway = await startGateway(
      referenceFile({
        rateLimits: { 'per-ip': { limit: 3, window: '1h', key: 'client.ip', when: 'before-auth' } },
        defaults: { rateLimits: ['per-ip'] },
      }),
      {},
      { files: REFERENCE_FILES },
    )
    const statuses: number[] = []
    for (let n = 0; n < 4; n++) statuses.push(await statusOf('/docs/page.js'))
    expect(statuses).toEqual([200, 200, 200, 429])
  })

  it('keeps to its own paths beside a route for everything', async () => {
    const upstream = await startUpstream()
    try {
      const routes = [{ path: '/**', to: 'all', methods: ['GET'], public: 'for a test' }]
      gateway = await startGateway(
        referenceFile({ upstreams: { all: upstream.url }, routes, docs: { clientId: 'shop-docs' } }),
      )
      expect(await documentOf()).toContain('"openapi":"3.1.0"')
      expect(upstream.received.length).toBe(0)
    } finally {
      await upstream.close()
    }
  })
})
