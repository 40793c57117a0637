/** What the tools say of report mode: the same that the gateway does. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { diff } from '../../../src/authoring/diff.ts'
import { needsOf } from '../../../src/authoring/keycloak/needs.ts'
import { runTests } from '../../../src/authoring/run-tests.ts'
import { dispatch } from '../../../src/cli/dispatch.ts'
import type { IssuerConfig } from '../../../src/config/gateway-config.ts'
import { policy, policyFile } from '../../support/policy-file.ts'
import { createTestIo } from '../cli/test-io.ts'

const reader = { methods: ['GET'], scopes: 'a:read' }
const writer = { methods: ['POST'], scopes: 'a:write' }
const both = { methods: ['GET'], scopes: { all: ['a:read', 'profile'] } }
const LAST = { until: '2101-03-31' }
const at = (route: object) => ({ routes: [{ path: '/a', to: 'orders', ...route }] })
const ENFORCED = at({ allow: [reader] })
const NEW = at({ mode: 'report', ...LAST, allow: [reader] })
const LINES = at({ ...LAST, allow: [reader, { ...writer, mode: 'report' }] })
const CANDIDATE = at({ ...LAST, allow: [reader], candidate: [both] })

const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-report-'))
afterAll(() => rmSync(folder, { recursive: true }))
beforeAll(() => {
  for (const [name, file] of Object.entries({ NEW, LINES, CANDIDATE })) {
    writeFileSync(path.join(folder, name), policyFile(file))
  }
})

async function run(...args: string[]) {
  const io = createTestIo({ cwd: folder })
  await dispatch(io, args, '1.2.3')
  return io.out
}
const explain = (file: string, request: string, scope: string) =>
  run('explain', '-c', file, request, '--claims', JSON.stringify({ scope }))

describe('explain', () => {
  it('says that report mode lets a request through, and what would refuse it', async () => {
    const out = await explain('NEW', 'GET /a', 'x')
    expect(out).toContain('GET /a  goes to orders\n/a is in report mode: any valid token will do\n')
    expect(out).toContain('✗ line 1')
    expect(out).not.toContain('line 2')
    expect(out).toContain('report    would be refused (report mode until 2101-03-31): 403, line 1 lacks scope a:read\n')
    expect(await explain('NEW', 'PUT /a', 'x')).toContain('until 2101-03-31): 405, no line is for this method\n')
    expect(await explain('NEW', 'GET /a', 'a:read')).toContain('would also be let through')
  })

  it('shows a line that is only reported, and does not name it as a way to pass', async () => {
    const out = await explain('LINES', 'POST /a', 'a:write')
    expect(out).toContain('405 method_not_allowed')
    expect(out).toMatch(/✓ line 2 .*\(only reported\)/)
    expect(out).toContain('would be let through (report mode until 2101-03-31): line 2 fits\n')
    expect(await explain('LINES', 'GET /a', 'x')).toContain('to pass   scope a:read (line 1)\n')
  })

  it('says what a candidate would do', async () => {
    expect(await explain('CANDIDATE', 'GET /a', 'a:read')).toContain(
      'report    would be refused (candidate reported until 2101-03-31): 403, line 1 lacks scope profile\n',
    )
  })

  it('names any token as what lets through a request without one', async () => {
    expect(await run('explain', '-c', 'NEW', 'GET /a')).toContain('to pass   any valid token\n')
  })

  it('prints it as JSON', async () => {
    const out = await run('explain', '-c', 'NEW', 'GET /a', '--claims', '{}', '--json')
    expect(JSON.parse(out)).toMatchObject({
      outcome: 'forwarded',
      report: { would: 'deny', differs: true, until: '2101-03-31', reason: expect.stringContaining('a:read') },
    })
  })
})

describe('who and routes', () => {
  it('say that anybody with a token may, in report mode', async () => {
    expect(await run('who', '-c', 'NEW', 'GET /a')).toContain('  any valid token: report mode until 2101-03-31\n')
    expect(await run('routes', '-c', 'NEW')).toContain('/a (report until 2101-03-31)  GET, HEAD  scope a:read')
  })

  it('tell what is only reported from what is enforced', async () => {
    expect(await run('who', '-c', 'LINES', 'POST /a')).toContain('nobody')
    expect(await run('routes', '-c', 'LINES')).toContain('scope a:write (only reported until 2101-03-31)')
    expect(await run('routes', '-c', 'CANDIDATE')).toContain(
      'scopes a:read and profile (only reported until 2101-03-31)',
    )
  })
})

describe('diff', () => {
  const between = (before: object, after: object) => {
    const { newlyAllowed, newlyDenied, widens } = diff(policy({ ...before }), policy({ ...after }))
    const names = (list: typeof newlyAllowed) => list.map(({ methods, who }) => `${methods.join(',')} ${who}`)
    return { allowed: names(newlyAllowed), denied: names(newlyDenied), widens }
  }

  it('takes a switch to report mode for what it is: anybody with a token may', () => {
    const anybody = 'GET,HEAD,POST,PUT,PATCH,DELETE any valid token'
    expect(between(ENFORCED, NEW)).toEqual({ allowed: [anybody], denied: [], widens: true })
    expect(between(NEW, ENFORCED)).toEqual({ allowed: [], denied: [anybody], widens: false })
  })

  it('shows a line that a day will put in force, for no other file has to come by then', () => {
    expect(between(ENFORCED, LINES)).toMatchObject({ allowed: ['POST scope a:write'], widens: true })
    const noEnd = at({ allow: [reader, { ...writer, mode: 'report' }] })
    expect(between(ENFORCED, noEnd)).toMatchObject({ allowed: [], widens: false })
    expect(between(noEnd, at({ allow: [reader, writer] }))).toMatchObject({ allowed: ['POST scope a:write'] })
  })

  it('finds nothing new in a stricter candidate, and what it refuses once it is the rule', () => {
    expect(between(ENFORCED, CANDIDATE)).toEqual({ allowed: [], denied: [], widens: false })
    expect(between(CANDIDATE, at({ allow: [both] }))).toMatchObject({ allowed: [], denied: ['GET,HEAD scope a:read'] })
  })
})

describe('what a realm must provide', () => {
  it('includes what is only reported', () => {
    const scopes = (file: object) => {
      const config = policy({ ...file })
      return needsOf(config, config.issuers.get('main') as IssuerConfig).scopes.map(({ name }) => name)
    }
    expect(scopes(CANDIDATE)).toEqual(['a:read', 'profile'])
    expect(scopes(LINES)).toEqual(['a:read', 'a:write'])
  })
})

describe('the tests of a file', () => {
  const now = Date.parse('2026-11-24T12:00:00Z')

  it('see what is enforced, and count only lines that are', () => {
    const tests = [
      { request: 'GET /a', token: {}, expect: 200 },
      { request: 'PUT /a', token: {}, expect: 200 },
    ]
    const { results, coverage } = runTests(policy({ ...NEW, tests }), now)
    expect(results.map(({ failures }) => failures)).toEqual([[], []])
    expect(coverage.map(({ line, tests }) => [line, tests])).toEqual([[0, 0]])
    const refused = [{ request: 'POST /a', token: { scope: 'a:write' }, expect: 405 }]
    const lines = runTests(policy({ ...LINES, tests: refused }), now)
    expect(lines.results.map(({ failures }) => failures)).toEqual([[]])
    expect(lines.coverage.map(({ line }) => line)).toEqual([0])
  })
})
