import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runCommand } from './test-io.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-validate-'))
afterAll(() => rmSync(folder, { recursive: true }))

const FILE = `version: 1
issuers: { main: { issuer: https://id.example, audience: shop-api } }
upstreams: { orders: http://orders, old: http://old }
rateLimits: { per-ip: { limit: 9, window: 1m, key: client.ip } }
defaults: { rateLimits: [per-ip] }
routes:
  - path: /orders
    to: orders
    allow:
      - { methods: [GET], scopes: orders:read }
      - { methods: [GET], scopes: { all: [orders:read, profile] } }
`
const ACCEPT = `accept:
  - { code: unused, at: upstreams.old, because: it moves in next week }
  - { code: line-redundant, at: /orders, because: a reminder }
`

async function validate(text: string, ...args: string[]) {
  writeFileSync(path.join(folder, 'a.yaml'), text)
  return runCommand(['validate', '-c', 'a.yaml', ...args], { cwd: folder })
}

const COUNTS = '1 route, 2 upstreams, 1 issuer, 1 rate limit, 0 CORS policies'
const WARNINGS = `warning: a.yaml:3:37: upstreams.old: nothing uses this [unused]
    3 | upstreams: { orders: http://orders, old: http://old }
      |                                     ^
      = remove it, or name it where it belongs
warning: a.yaml:11:9: routes[0].allow[1]: line 10 (scope orders:read) lets through all that this line does [line-redundant]
   11 |       - { methods: [GET], scopes: { all: [orders:read, profile] } }
      |         ^
      = remove this line, or ask for more in the other one
`

describe('scopegate validate: warnings', () => {
  it('are printed with place, code, reason and mend, and leave the file good', async () => {
    expect(await validate(FILE)).toEqual({ code: 0, out: `ok: ${COUNTS}; 2 warnings\n`, err: WARNINGS })
  })

  it('make it bad with --strict', async () => {
    const err = `${WARNINGS}not ok with --strict: ${COUNTS}; 2 warnings\n`
    expect(await validate(FILE, '--strict')).toEqual({ code: 1, out: '', err })
  })

  it('are silent where the file accepts them', async () => {
    const out = `ok: ${COUNTS}; 2 findings accepted\n`
    expect(await validate(FILE + ACCEPT, '--strict')).toEqual({ code: 0, out, err: '' })
  })

  it('are still there where it accepts others', async () => {
    const { code, err } = await validate(FILE + ACCEPT.replace('upstreams.old', 'upstreams.ol'), '--strict')
    expect(code).toBe(1)
    expect(err).toContain('upstreams.old: nothing uses this [unused]')
    expect(err).toContain(
      'a.yaml:13:25: accept[0].at: no finding "unused" is at "upstreams.ol"; did you mean "upstreams.old"? [accept-unused]',
    )
  })

  it('are listed by --json, those that are accepted with the reason', async () => {
    const { code, out, err } = await validate(FILE + ACCEPT.split('\n').slice(0, 2).join('\n'), '--strict', '--json')
    expect({ code, err }).toEqual({ code: 1, err: '' })
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      counts: { routes: 1 },
      warnings: [{ code: 'line-redundant', line: 11, column: 9, path: 'routes[0].allow[1]', subject: '/orders' }],
      accepted: [{ code: 'unused', line: 3, because: 'it moves in next week', subject: 'upstreams.old' }],
    })
  })

  it.each([
    ['a code that does not exist', 'code: unusd, because: x', 'did you mean "unused"?'],
    ['no reason', 'code: unused', '"because" is missing'],
    ['an empty reason', 'code: unused, because: ""', 'must not be empty'],
    ['accept-unused', 'code: accept-unused, because: x', 'expected one of'],
    ['another key', 'code: unused, because: x, where: y', 'unknown key "where"'],
  ])('cannot be accepted with %s', async (_, entry, message) => {
    const { code, err } = await validate(`${FILE}accept: [{ ${entry} }]\n`)
    expect(code).toBe(1)
    expect(err).toContain(message)
  })
})

describe("the project's own files", () => {
  const env = {
    ...{ ISSUER: 'http://id', JWKS: 'http://id/keys', ORDERS_URL: 'http://orders', CATALOG_URL: 'http://catalog' },
    ...{ SPA_ORIGIN: 'http://spa', REDIS_URL: 'redis://redis', REDIS_PASSWORD: 'secret' },
  }
  const examples = ['scopegate.yaml', 'examples/compose/scopegate.yaml', 'examples/keycloak-behind/scopegate.yaml']
  it.each([...examples, 'test/fixtures/config/full.yaml'])(
    'have no warnings that they do not accept: %s',
    async (file) => {
      const { code, err } = await runCommand(['validate', '--strict', '-c', file], { cwd: ROOT, env })
      expect(code).toBe(0)
      expect(err).toBe('')
    },
  )

  it('try each line of the example with Keycloak behind the gateway, and get what they expect', async () => {
    const { code, out } = await runCommand(['test', '-c', 'examples/keycloak-behind/scopegate.yaml'], { cwd: ROOT })
    expect(code).toBe(0)
    expect(out).toMatch(/(\d+) of \1 tests are green; (\d+) of \2 lines have a test/)
  })
})
