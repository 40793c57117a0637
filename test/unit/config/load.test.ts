import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { GatewayConfig } from '../../../src/config/gateway-config.ts'
import { loadConfig, loadConfigFile, MAX_FILE_BYTES } from '../../../src/config/load.ts'
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
      headersBytes: 16 * 1024,
      urlBytes: 8 * 1024,
      headerTimeoutMs: 10_000,
      requestTimeoutMs: 300_000,
      keepAliveTimeoutMs: 65_000,
      connections: 10_000,
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

describe('loadConfig: ${NAME}', () => {
  it('fills in values, defaults, and parts of texts', () => {
    const env = { HOST: 'up', EMPTY: '' }
    const { upstreams, server } = good(
      'upstreams: { up: "http://${HOST}:${PORT:-81}" }\nlisten: { host: "${EMPTY:-h}" }\n',
      env,
    )
    expect(upstreams.get('up')?.urls).toEqual(['http://up:81'])
    expect(server.listen.host).toBe('h')
  })

  it('types a value for its field: a number where one is due, a text where one is due', () => {
    const env = { PORT: '8443', ID: '12345', ADMIN: 'false', ON: 'true' }
    const text = `listen:
  port: \${PORT}
admin: \${ADMIN}
issuers: { main: { issuer: https://a.example, audience: "\${ID}" } }
routes: [{ path: /, to: up, websocket: "\${ON}", allow: [{ methods: any, claims: { level: "\${ID}" } }] }]
`
    const { server, issuers, routes } = good(text, env)
    expect(server).toMatchObject({ listen: { port: 8443 }, admin: false })
    expect(issuers.get('main')?.audience).toEqual(['12345'])
    expect(routes[0]).toMatchObject({ websocket: true, policy: { allow: [{ claims: [{ values: ['12345'] }] }] } })
  })

  it('does not read what was filled in again, neither as YAML nor as a reference', () => {
    const { routes } = good('routes: [{ path: /, to: up, public: "${A} $${B}" }]\n', { A: '{ x: [1] } ${B}', B: 'no' })
    expect(routes[0]?.policy.public?.reason).toBe('{ x: [1] } ${B} ${B}')
  })

  it('knows only variables of its own, not those of every object', () => {
    expect(show(load(complete('listen: { host: "${constructor}" }\n')))).toContain('constructor is not set')
  })
})

describe('loadConfig: YAML', () => {
  it('refuses aliases that multiply, and one that holds itself', () => {
    const levels = Array.from({ length: 12 }, (_, i) => `  - &l${i + 1} [${`*l${i}, `.repeat(9)}*l${i}]`).join('\n')
    const bomb = `tests:\n  - &l0 [a, b, c, d]\n${levels}\n`
    expect(show(load(complete(bomb)))).toContain('too many values')
    expect(show(load(complete('tests: &a [*a]\n')))).toContain('part of')
  })

  it('refuses what is nested too deeply', () => {
    expect(load('['.repeat(50_000)).problems).toBeDefined()
    expect(load(`a: ${'['.repeat(5_000)}${']'.repeat(5_000)}`).problems).toBeDefined()
  })

  it('refuses a file that is empty, a list or a text', () => {
    for (const text of ['', '# nothing\n', '- a\n', 'a\n']) expect(load(text).problems?.length).toBeGreaterThan(0)
  })
})

describe('loadConfig: warnings', () => {
  const warnings = (text: string) => {
    const result = load(complete(text))
    expect(show(result)).toBe('')
    return result.config ? result.warnings.map(({ line, path: at, message }) => `${line} ${at}: ${message}`) : []
  }

  it('names what nothing uses', () => {
    const text = `upstreams: { up: http://up:80, down: http://down:80 }
cors: { spa: { origins: ["*"] } }
rateLimits: { ip: { limit: 1, window: 1s, key: client.ip } }
`
    expect(warnings(text)).toEqual([
      '1 upstreams.down: nothing uses this',
      '2 cors.spa: nothing uses this',
      '3 rateLimits.ip: nothing uses this',
    ])
  })

  it('warns of workers without redis, of trusting everybody, and of a literal that looks like a parameter', () => {
    const route = 'routes: [{ path: "/a/:id", to: up, public: all may }]\nissuers: {}\n'
    expect(warnings(`workers: auto\ntrustedProxies: [0.0.0.0/0]\n${route}`)).toHaveLength(3)
    expect(warnings('workers: 2\nredis: { url: "redis://r" }\n')).toEqual([])
  })

  it('warns of report mode that has ended, and of a rewrite that drops what is below', () => {
    const text = `routes:
  - { path: /a/**, to: { upstream: up, rewrite: /b }, mode: report, until: 2025-12-31, allow: [{ methods: any, token: any }] }
`
    expect(warnings(text)).toHaveLength(2)
    expect(warnings(text.replace('2025', '2026').replace('/b }', '"/b/**" }'))).toEqual([])
  })
})

describe('loadConfig: listen.tls', () => {
  it('refuses files that hold no certificate and no key', () => {
    const text = complete('listen: { tls: { cert: c.pem, key: k.pem } }\n')
    const result = loadConfig({ text, file: 'f', env: {}, readFile: () => 'not PEM', now: 0 })
    expect(result.problems?.map(({ message }) => message)).toEqual([
      'the file holds no PEM certificate',
      'the file holds no PEM private key without a passphrase',
    ])
  })

  it('names files by the path as written', () => {
    expect(readFileSync(`${ROOT}test/fixtures/config/mistakes.txt`, 'utf8')).toContain(
      'the file "nowhere.pem" does not exist',
    )
  })
})
