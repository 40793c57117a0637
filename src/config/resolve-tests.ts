/** `tests` of the file: references, and expectations that no answer could meet. */

import { nearest } from './nearest.ts'
import type { PolicyTest, TestExpectation } from './policy-test.ts'
import type { Path } from './problem.ts'
import type { Report } from './report.ts'
import type { TestFile } from './schema-tests.ts'

/** Names that stand in the file; undefined: not all of them could be read. */
export interface Known {
  readonly routes: readonly string[] | undefined
  readonly upstreams: readonly string[] | undefined
}

/** Expectations that only a request that is let through can meet. */
const OF_ALLOWED = ['line', 'upstream', 'path', 'fields'] as const

/** `indexes`: where the tests stand in the file. */
export function resolveTests(
  tests: readonly TestFile[],
  indexes: readonly number[],
  known: Known,
  report: Report,
): PolicyTest[] {
  return tests.map((test, position) => {
    const path = ['tests', indexes[position] ?? position]
    checkExpectation(test.expect, [...path, 'expect'], known, report)
    if (Object.keys(test.headers ?? {}).some((name) => name.toLowerCase() === 'authorization')) {
      report.error([...path, 'headers'], 'a test has no real token; say its claims with token')
    }
    return toTest(test, path, report)
  })
}

function toTest(test: TestFile, path: Path, report: Report): PolicyTest {
  const space = test.request.indexOf(' ')
  return {
    place: report.place(path),
    ...(test.name === undefined ? {} : { name: test.name }),
    method: test.request.slice(0, space),
    target: test.request.slice(space + 1),
    headers: Object.entries(test.headers ?? {}).flat(),
    client: test.client,
    ...(test.token === undefined ? {} : { claims: test.token }),
    ...(test.body === undefined ? {} : { body: JSON.stringify(test.body) }),
    expect: withoutUndefined(test.expect),
  }
}

function checkExpectation(expect: TestFile['expect'], path: Path, { routes, upstreams }: Known, report: Report): void {
  const wanted: Partial<Extract<TestFile['expect'], { route?: unknown }>> = expect
  const isAllowed = expect.status >= 200 && expect.status <= 299
  for (const key of OF_ALLOWED) {
    if (wanted[key] !== undefined && !isAllowed) {
      report.error([...path, key], 'a request that is refused reaches no upstream; expect a status of 200', {
        at: 'key',
      })
    }
  }
  if (wanted.missing !== undefined && expect.status !== 403) {
    report.error([...path, 'missing'], 'only a 403 asks for scopes', { at: 'key' })
  }
  checkName('route', wanted.route, routes, path, report)
  checkName('upstream', wanted.upstream, upstreams, path, report)
}

function checkName(
  key: 'route' | 'upstream',
  value: string | undefined,
  names: readonly string[] | undefined,
  path: Path,
  report: Report,
): void {
  if (value === undefined || names === undefined || names.includes(value)) return
  const at = [...path, key]
  const suggestion = report.isSubstituted(at) ? undefined : nearest(value, names)
  report.error(at, `unknown ${key} ${report.quote(at)}`, { suggestion })
}

function withoutUndefined(expect: TestFile['expect']): TestExpectation {
  return Object.fromEntries(
    Object.entries(expect).filter(([, value]) => value !== undefined),
  ) as unknown as TestExpectation
}
