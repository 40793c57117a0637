import { describe, expect, it } from 'vitest'
import type { GatewayConfig } from '../../../src/config/gateway-config.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { complete, load, show } from './mistakes.ts'

function good(text: string, env: Record<string, string> = {}): GatewayConfig {
  const result = load(complete(text), env)
  expect(show(result)).toBe('')
  return result.config as GatewayConfig
}

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

  it('is silent about what the file accepts, so that a start does not say it each time', () => {
    const text = `upstreams: { up: http://up:80, down: http://down:80, old: http://old:80 }
accept: [{ code: unused, at: upstreams.down, because: it comes next week }]
`
    expect(warnings(text)).toEqual(['1 upstreams.old: nothing uses this'])
    expect(load(complete(text))).toMatchObject({ accepted: [{ code: 'unused', subject: 'upstreams.down' }] })
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

  it('warns of a last day when it is over everywhere by UTC, and not while it lasts', () => {
    const text = (rest: string) =>
      `routes:\n  - { path: /a, to: up, until: 2026-01-01, allow: [{ methods: any, roles: a }], ${rest} }\n`
    const at = (now: string, rest: string) =>
      loadConfig({ text: complete(text(rest)), file: 'f', env: {}, readFile: () => '', now: Date.parse(now) })
    for (const rest of ['mode: report', 'candidate: [{ methods: any, roles: b }]']) {
      expect(at('2026-01-01T23:59:59.999Z', rest)).toMatchObject({ warnings: [] })
      expect(at('2026-01-02T00:00:00Z', rest)).toMatchObject({ warnings: [{ path: 'routes[0].until', line: 2 }] })
    }
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
})
