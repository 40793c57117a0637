import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { policyFile } from '../../support/policy-file.ts'
import { runCommand } from './test-io.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const routes = [
  {
    path: '/orders/**',
    to: 'orders',
    allow: [
      { methods: ['GET'], scopes: 'orders:read' },
      { methods: ['POST'], roles: 'clerk' },
    ],
  },
]
const good = { name: 'readers read', request: 'GET /orders/7', token: { scope: 'orders:read' }, expect: 200 }
const red = { request: 'POST /orders', token: { scope: 'orders:read' }, expect: 200 }

async function run(tests: readonly unknown[], ...args: string[]) {
  writeFileSync(path.join(folder, 'shop.yaml'), policyFile({ routes, tests }))
  const [command = 'test', ...rest] = args
  return runCommand([command, '-c', 'shop.yaml', ...rest], { cwd: folder })
}

describe('scopegate test', () => {
  it('exits with 0 when all tests are green, and hints at lines without a test', async () => {
    const { code, out, err } = await run([good])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toBe(`✓ readers read

No test is let through by:
  shop.yaml:15: /orders/**: line 2, role clerk
    - { request: POST /orders/2, token: { realm_access: { roles: [ clerk ] } }, expect: 200 }

1 of 1 tests are green; 1 of 2 lines have a test that they let through
`)
  })

  it('exits with 1 when one is red, and shows its place, what was expected, what came and why', async () => {
    const { code, out } = await run([good, red])
    expect(code).toBe(1)
    expect(out).toContain(`✗ POST /orders
shop.yaml:24:5: tests[1]: POST /orders: expected status 200, got 403 (line 2 of /orders/** lacks role clerk)
   24 |   - request: POST /orders
      |     ^
`)
    expect(out).toContain('1 of 2 tests are green')
  })

  it('prints the same as JSON', async () => {
    const { code, out, err } = await run([good, red], 'test', '--json')
    expect({ code, err }).toEqual({ code: 1, err: '' })
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      tests: [
        {
          name: 'readers read',
          ok: true,
          failures: [],
          status: 200,
          route: '/orders/**',
          allowLine: 1,
          upstreamPath: '/orders/7',
        },
        { name: 'POST /orders', line: 24, ok: false, failures: ['expected status 200, got 403'], status: 403 },
      ],
      coverage: [
        { route: '/orders/**', allowLine: 1, tests: 1 },
        { allowLine: 2, tests: 0, suggestion: expect.stringContaining('POST /orders/2') },
      ],
    })
  })

  it('writes JUnit XML that no text of the file can break', async () => {
    const odd = { ...red, name: 'a <b> & "c"\u0001' }
    expect((await run([good, odd], 'test', '--junit', 'results.xml')).code).toBe(1)
    const xml = readFileSync(path.join(folder, 'results.xml'), 'utf8')
    expect(xml).toContain('<testsuite name="shop.yaml" tests="2" failures="1" errors="0" skipped="0">')
    expect(xml).toContain('<testcase classname="shop.yaml" name="readers read" file="shop.yaml" line="19"/>')
    expect(xml).toContain('name="a &lt;b&gt; &amp; &quot;c&quot;\uFFFD"')
    expect(xml).toContain('<failure message="a &lt;b&gt;')
  })

  it('exits with 2 when the JUnit file cannot be written or the file is not there', async () => {
    expect((await run([good], 'test', '--junit', 'nowhere/results.xml')).code).toBe(2)
    expect((await runCommand(['test', '-c', 'absent.yaml'], { cwd: folder })).code).toBe(2)
  })

  it('takes a file without tests as good', async () => {
    expect(await run([])).toMatchObject({
      code: 0,
      out: expect.stringContaining('0 of 0 tests are green; 0 of 2 lines'),
    })
  })

  it('is part of validate', async () => {
    expect((await run([good], 'validate')).code).toBe(0)
    const { code, err } = await run([red], 'validate')
    expect(code).toBe(1)
    expect(err).toContain('tests[0]: POST /orders: expected status 200, got 403')
  })
})

describe('the tests of a route-scope file', () => {
  it.each([
    [
      { request: 'POST /orders', token: {}, expect: { status: 403, line: 1 } },
      'tests[0].expect.line: a request that is refused reaches no upstream',
    ],
    [
      { request: 'POST /orders', expect: { status: 401, missing: 'a' } },
      'tests[0].expect.missing: only a 403 asks for scopes',
    ],
    [
      { request: 'POST /orders', expect: { status: 401, route: '/order/**' } },
      'unknown route "/order/**"; did you mean "/orders/**"?',
    ],
    [{ request: 'GET /orders', token: {}, expect: { status: 200, upstream: 'order' } }, 'did you mean "orders"?'],
    [{ request: 'GET /orders', expect: { status: 401, rout: '/orders/**' } }, 'did you mean "route"?'],
    [{ request: 'GET /orders', headers: { Authorization: 'Bearer x' }, expect: 401 }, 'say its claims with token'],
    [{ request: 'GET /orders', client: 'here', expect: 401 }, 'tests[0].client: expected an address'],
    [{ request: 'BREW /orders', expect: 401 }, 'expected a method and a path'],
  ])('are refused when they could never be green: %j', async (test, message) => {
    const { code, err } = await run([test])
    expect(code).toBe(1)
    expect(err).toContain(message)
  })
})
