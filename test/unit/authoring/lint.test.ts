/** Each rule of lint: what it finds in a file, and that it is quiet about the same file once it is mended. */
import { describe, expect, it } from 'vitest'
import { type Finding, lint } from '../../../src/authoring/lint/lint.ts'
import { RULES } from '../../../src/authoring/lint/rules.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { policyFile } from '../../support/policy-file.ts'
import { open, r, route, routes, w } from './lint-cases.ts'
import { LIMIT_CASES } from './lint-cases-limits.ts'
import { ROUTE_CASES } from './lint-cases-routes.ts'
import { SETTING_CASES } from './lint-cases-settings.ts'
import { SLIP_CASES } from './lint-cases-slips.ts'

type File = Readonly<Record<string, unknown>>

/** 2026-01-01. */
const NOW = Date.UTC(2026, 0, 1)

function findings(content: File): Finding[] {
  const text = policyFile(content)
  const readFile = () => {
    throw new Error('does not exist')
  }
  const result = loadConfig({ text, file: 'f', env: {}, readFile, now: NOW })
  if (result.config === undefined) throw new Error(result.problems.map(({ message }) => message).join('\n'))
  return lint(result, 'f', {})
}

function found(code: string, content: File): string[] {
  return findings(content)
    .filter((finding) => finding.code === code)
    .map(({ path, message }) => `${path}: ${message}`)
}

const CASES = { ...ROUTE_CASES, ...SETTING_CASES, ...LIMIT_CASES, ...SLIP_CASES }

describe.each(Object.entries(CASES))('lint: %s', (code, cases) => {
  it.each(cases)('finds $what, and nothing once it is mended', ({ bad, found: expected, mended }) => {
    expect(found(code, bad)).toEqual(expected)
    expect(found(code, mended)).toEqual([])
  })
})

describe('lint', () => {
  it('has a case here for each of its rules', () => {
    expect(Object.keys(CASES).toSorted()).toEqual(Object.keys(RULES).toSorted())
  })

  it('looks at the lines of `allow` as they are written, also where they are only reported', () => {
    const lines = route('/a', r, { ...w, mode: 'report' }, { ...w, mode: 'report', roles: 'x' })
    expect(found('line-redundant', routes({ ...lines, until: '2026-02-01' }))).toHaveLength(1)
    const reported = { ...route('/a', r, w), mode: 'report', until: '2026-02-01' }
    expect(found('line-redundant', routes(reported))).toEqual([])
    expect(found('methods-any', routes(reported))).toEqual([])
  })

  it('says for each finding where it is and what to do', () => {
    const [finding] = findings(routes(open('/a', 'any'))).filter(({ code }) => code === 'methods-any')
    expect(finding).toMatchObject({
      file: 'f',
      line: 12,
      column: 5,
      subject: '/a',
      mend: 'name the methods that are meant',
    })
    expect(finding?.source).toContain('public: all may')
  })

  it('accepts what the file accepts, there or everywhere, and nothing else', () => {
    const accept = [
      { code: 'methods-any', at: '/a', because: 'a demo' },
      { code: 'route-without-limit', because: 'counted in front' },
    ]
    const all = findings({ ...routes(open('/a', 'any'), open('/b', 'any')), accept })
    expect(all.map(({ code, subject, accepted }) => [code, subject, accepted])).toEqual([
      ['route-without-limit', 'routes', 'counted in front'],
      ['methods-any', '/a', 'a demo'],
      ['methods-any', '/b', undefined],
    ])
  })

  it('looks at thousands of routes', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => route(`/s${index}/{id}`, r))
    expect(findings({ ...routes(...many), accept: [{ code: 'route-without-limit', because: 'x' }] })).toHaveLength(1)
  })
})
