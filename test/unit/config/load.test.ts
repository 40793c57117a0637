import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { GatewayConfig } from '../../../src/config/gateway-config.ts'
import { loadConfigFile, MAX_FILE_BYTES } from '../../../src/config/load.ts'
import { createKnownPieces } from '../../../src/config/read-pieces.ts'
import { complete, load, show } from './mistakes.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-load-'))
afterAll(() => rmSync(folder, { recursive: true }))

function good(text: string, env: Record<string, string> = {}): GatewayConfig {
  const result = load(complete(text), env)
  expect(show(result)).toBe('')
  return result.config as GatewayConfig
}

const toPlain = (_key: string, value: unknown) =>
  value instanceof Map ? Object.fromEntries(value) : value instanceof Set ? [...value] : value

describe('loadConfigFile', () => {
  it('loads the whole grammar to what full.json says', async () => {
    const { config } = loadConfigFile(`${ROOT}test/fixtures/config/full.yaml`, { REDIS_URL: 'rediss://cache:6379' })
    const plain = JSON.stringify({ ...config, digest: '' }, toPlain, 2)
    await expect(`${plain}\n`).toMatchFileSnapshot('../../fixtures/config/full.json')
  })

  it('reads what routes say alike once, also from one file to the next', () => {
    const known = createKnownPieces()
    const loadFull = () => {
      const { config } = loadConfigFile(
        `${ROOT}test/fixtures/config/full.yaml`,
        { REDIS_URL: 'rediss://cache:6379' },
        { known },
      )
      return config?.routes.flatMap(({ policy }) => policy.allow.map(({ scopes }) => scopes)) ?? []
    }
    const [first, second] = [loadFull(), loadFull()]
    expect(first.filter((scopes) => scopes !== undefined).length).toBeGreaterThan(0)
    expect(second.every((scopes, index) => scopes === first[index])).toBe(true)
  })

  it("loads the project's own file, with no warnings", () => {
    const result = loadConfigFile(`${ROOT}scopegate.yaml`, {})
    expect(result.problems).toBeUndefined()
    expect(result.config && result.warnings).toEqual([])
  })

  it('tells a file that cannot be read from a bad one', () => {
    expect(loadConfigFile('nowhere.yaml', {}, { cwd: folder })).toMatchObject({
      unreadable: true,
      problems: [{ file: 'nowhere.yaml', message: 'the file does not exist' }],
    })
    expect(loadConfigFile('.', {}, { cwd: folder })).toMatchObject({ problems: [{ message: 'the file is a folder' }] })
    writeFileSync(path.join(folder, 'latin.yaml'), Buffer.from([0x61, 0xff]))
    expect(loadConfigFile('latin.yaml', {}, { cwd: folder })).toMatchObject({
      problems: [{ message: 'the file is not UTF-8' }],
    })
  })

  it('reads no more of a file than it may have', () => {
    writeFileSync(path.join(folder, 'large.yaml'), ' '.repeat(MAX_FILE_BYTES + 1))
    expect(loadConfigFile('large.yaml', {}, { cwd: folder })).toMatchObject({ unreadable: true })
    expect(load(' '.repeat(MAX_FILE_BYTES + 1)).problems).toMatchObject([{ message: 'the file has more than 1 MiB' }])
    expect(loadConfigFile('/dev/zero', {})).toMatchObject({ unreadable: true })
  })

  it('reads secrets relative to its folder and takes one line break off their end', () => {
    writeFileSync(path.join(folder, 'password'), 'hunter2\n\n')
    writeFileSync(path.join(folder, 'a.yaml'), complete('redis: { url: "redis://r", password: { file: password } }\n'))
    expect(loadConfigFile('a.yaml', {}, { cwd: folder }).config?.server.redis?.password).toBe('hunter2\n')
  })
})

describe('loadConfig: defaults and overrides', () => {
  it('fills in every default', () => {
    const { server, limits, log, trustedProxies } = good('')
    expect(server).toEqual({
      listen: { host: '0.0.0.0', port: 8080 },
      admin: { host: '127.0.0.1', port: 9090 },
      workers: 1,
      upstreamClient: 'lean',
      headersBytes: 16 * 1024,
      urlBytes: 8 * 1024,
      headerTimeoutMs: 10_000,
      requestTimeoutMs: 300_000,
      keepAliveTimeoutMs: 65_000,
      connections: 10_000,
      inFlight: 5000,
      loopDelayMs: 200,
      shutdownGraceMs: 30_000,
    })
    expect(limits).toEqual({ bodyBytes: 1024 ** 2, urlBytes: 8 * 1024, headersBytes: 16 * 1024 })
    expect(log).toEqual({ level: 'info', access: 'all', subject: 'hash' })
    expect(trustedProxies).toEqual([])
  })

  it('accepts RS256 alone, with the default times, from an issuer that says nothing else', () => {
    expect(good('').issuers.get('main')).toEqual({
      ...{ name: 'main', issuer: 'https://id.example.com', audience: ['a'], roles: 'keycloak' },
      ...{ algorithms: ['RS256'], clockSkewMs: 30_000, maxTokenAgeMs: 86_400_000, tokenTypes: ['at+jwt', 'keycloak'] },
      keys: { freshForMs: 600_000, staleForMs: 86_400_000, refetchEveryMs: 30_000, timeoutMs: 3_000 },
    })
  })

  it("lets a route override the upstream's time limits one by one, and the global body limit", () => {
    const { routes } = good(`upstreams: { up: { urls: [http://up:80], timeouts: { connect: 1s, response: 2s } } }
routes: [{ path: /, to: up, timeouts: { response: 9s }, limits: { body: 2MiB }, allow: [{ methods: any, token: any }] }]
`)
    expect(routes[0]).toMatchObject({
      timeouts: { connectMs: 1000, responseMs: 9000, idleMs: 60_000 },
      bodyBytes: 2 ** 21,
    })
  })

  it("lets a route's limits, CORS policy and identity replace the defaults", () => {
    const { routes, unmatched } = good(`rateLimits:
  ip: { limit: 1, window: 1s, key: client.ip, when: before-auth }
  sub: { limit: 1, window: 1s, key: token.sub }
  form: { limit: 1, window: 1s, key: [header.X-Key, form.userName] }
cors: { spa: { origins: [https://a.example/] }, other: { origins: ["*"] } }
defaults: { rateLimits: [ip, sub], cors: spa }
identity: { headers: { X-Sub: sub }, authorization: forward }
routes:
  - { path: /a, to: up, allow: [{ methods: any, token: any }] }
  - { path: /b, to: up, rateLimits: [form], cors: other, identity: { authorization: strip }, public: all may }
  - { path: /c, to: up, rateLimits: [], cors: false, identity: { headers: { X-Mail: /a~1b/c } }, public: all may }
`)
    const shown = routes.map((route) => ({
      limits: route.rateLimits.map(({ name }) => name),
      cors: route.cors?.name,
      headers: Object.fromEntries(route.identity.headers),
      authorization: route.identity.authorization,
    }))
    expect(shown).toEqual([
      { limits: ['ip', 'sub'], cors: 'spa', headers: { 'X-Sub': ['sub'] }, authorization: 'forward' },
      { limits: ['form'], cors: 'other', headers: { 'X-Sub': ['sub'] }, authorization: 'strip' },
      { limits: [], cors: undefined, headers: { 'X-Mail': ['a/b', 'c'] }, authorization: 'forward' },
    ])
    expect(routes[1]?.rateLimits[0]?.key).toEqual([
      { from: 'header', name: 'x-key' },
      { from: 'form', name: 'userName' },
    ])
    expect(unmatched.rateLimits.map(({ name }) => name)).toEqual(['ip'])
    expect(unmatched.cors?.origins).toEqual(new Set(['https://a.example']))
  })

  it('gives HEAD wherever it gives GET, and any is the six methods', () => {
    const { routes } = good(`routes:
  - path: /
    to: up
    methods: GET
    public: all may read
    allow: [{ methods: [POST, PUT], scopes: a }, { methods: DELETE, roles: b }]
  - { path: /b, to: up, methods: [GET], allow: [{ scopes: a }, { methods: any, roles: b }] }
`)
    expect([...(routes[0]?.policy.public?.methods ?? [])]).toEqual(['GET', 'HEAD'])
    expect(routes[0]?.policy.allow.map(({ methods }) => [...methods])).toEqual([['POST', 'PUT'], ['DELETE']])
    expect(routes[1]?.policy.allow.map(({ methods }) => [...methods])).toEqual([
      ['GET', 'HEAD'],
      ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    ])
  })

  it('takes the only issuer where none is named, and the default where there are several', () => {
    const issuers =
      'issuers: { a: { issuer: https://a.example, audience: x }, b: { issuer: https://b.example, audience: x } }'
    expect(good('').routes[0]?.issuers).toEqual(['main'])
    expect(good(`${issuers}\ndefaults: { issuer: [a, b] }\n`).routes[0]?.issuers).toEqual(['a', 'b'])
    expect(good(`${issuers}\nroutes: [{ path: /, to: up, public: all may }]\n`).routes[0]?.issuers).toEqual([])
    const own = 'routes: [{ path: /, to: up, issuer: b, allow: [{ methods: any, token: any }] }]\n'
    expect(good(`${issuers}\n${own}`).routes[0]?.issuers).toEqual(['b'])
  })

  it('needs no issuer when everything is public', () => {
    expect(good('issuers: {}\nroutes: [{ path: /, to: up, public: all may }]\n').issuers.size).toBe(0)
  })

  it('lists the distinct scopes of all lines in order', () => {
    const { scopesSupported } = good(`routes:
  - { path: /, to: up, allow: [{ methods: GET, scopes: { any: [b, a] } }, { methods: PUT, scopes: a }, { methods: any, roles: c }] }
`)
    expect(scopesSupported).toEqual(['a', 'b'])
  })

  it('gives each route its line', () => {
    expect(good('routes:\n  - path: /\n    to: up\n    public: all may\n').routes[0]?.line).toBe(2)
  })

  it('is frozen, and its digest is that of the text', () => {
    const config = good('# one\n')
    expect(Object.isFrozen(config.routes[0]?.policy.allow[0])).toBe(true)
    expect(Object.isFrozen(config.issuers.get('main')?.keys)).toBe(true)
    expect(config.digest).toMatch(/^[\w-]{43}$/)
    expect(good('# two\n').digest).not.toBe(config.digest)
  })

  it('reads Windows line ends, JSON, a byte order mark, and anchors', () => {
    expect(good(complete('listen: { port: 1 }\n').replaceAll('\n', '\r\n')).server.listen.port).toBe(1)
    expect(good('\uFEFFlisten: { port: 2 }\n').server.listen.port).toBe(2)
    const json = '{"version":1,"upstreams":{"up":"http://up:80"},"routes":[{"path":"/","to":"up","public":"yes"}]}'
    expect(load(json).config?.routes).toHaveLength(1)
    const anchors = 'upstreams: { up: &u { urls: [http://up:81] }, two: *u }\n'
    expect(good(anchors).upstreams.get('two')?.urls).toEqual(['http://up:81'])
  })
})
