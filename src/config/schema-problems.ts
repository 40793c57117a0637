/** What zod found, one entry for each mistake: unions are reduced to the branch that the author meant. */
import type { z } from 'zod'
import { fieldsAt } from './json-schema.ts'
import { nearest } from './nearest.ts'
import { quoteText } from './problem.ts'
import { EITHER } from './schema-routes.ts'

const MISSING = 'is missing'

type Issue = z.core.$ZodIssue
type Keys = (string | number)[]

export interface SchemaProblem {
  readonly path: Keys
  readonly at: 'key' | 'value'
  readonly message: string
  readonly suggestion?: string
}

/** Values are never quoted: they may come from the environment. */
export function readIssues(issues: readonly Issue[], data: unknown): SchemaProblem[] {
  const problems = issues.flatMap((issue) => readIssue(issue, [], data))
  return withoutConsequences(problems)
}

/** A misspelt key is one mistake: what is missing or odd because of it is not reported. */
function withoutConsequences(problems: readonly SchemaProblem[]): SchemaProblem[] {
  const unknown = problems.filter(({ message }) => message.startsWith('unknown key'))
  const explained = new Set(
    unknown.flatMap(({ path, suggestion }) => {
      const parent = path.slice(0, -1)
      return [JSON.stringify([EITHER, ...parent]), JSON.stringify([MISSING, ...parent, suggestion])]
    }),
  )
  return problems.filter(({ path, message }) => {
    const kind = message.includes(MISSING) ? MISSING : message
    return !explained.has(JSON.stringify([kind, ...path]))
  })
}

function readIssue(issue: Issue, base: Keys, data: unknown): SchemaProblem[] {
  const path = [...base, ...(issue.path as Keys)]
  const value = valueAt(data, path)
  if (value === undefined) return [missing(path)]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, value))
    case 'invalid_union':
      return readUnion(issue, path, data)
    case 'invalid_value':
      return [invalidValue(path, value, issue.values)]
    case 'invalid_key':
      return [{ path, at: 'key', message: issue.issues[0]?.message ?? 'this name is not allowed' }]
    default:
      return [{ path, at: 'value', message: ownMessage(issue) ?? describe(issue, value) }]
  }
}

/** What to write, where the name alone does not say it. */
const ABSENT: Readonly<Record<string, string>> = {
  version: 'begin the file with version: 1',
  audience: 'it names this API as it stands in aud of its tokens',
}

function missing(path: Keys): SchemaProblem {
  const name = String(path.at(-1))
  const mend = Object.hasOwn(ABSENT, name) ? `; ${ABSENT[name]}` : ''
  return { path, at: 'key', message: `${quoteText(name)} ${MISSING}${mend}` }
}

function unknownKey(path: Keys, key: string, parent: unknown): SchemaProblem {
  const suggestion = nearest(key, fieldsAt(path))
  // In { a: b, c } the comma begins another key.
  const mend =
    suggestion === undefined && valueAt(parent, [key]) === null ? ' without a value; several make a list' : ''
  const problem: SchemaProblem = { path: [...path, key], at: 'key', message: `unknown key ${quoteText(key)}${mend}` }
  return suggestion === undefined ? problem : { ...problem, suggestion }
}

function invalidValue(path: Keys, value: unknown, values: readonly unknown[]): SchemaProblem {
  const options = values.map(String)
  const isPreflight = value === 'OPTIONS' && options.includes('HEAD')
  const note = isPreflight ? '; a preflight is answered by cors and needs no line' : ''
  const message = `expected ${options.length > 1 ? 'one of ' : ''}${options.join(', ')}${note}`
  const suggestion = typeof value === 'string' ? nearest(value, options) : undefined
  return suggestion === undefined ? { path, at: 'value', message } : { path, at: 'value', message, suggestion }
}

function readUnion(issue: z.core.$ZodIssueInvalidUnion, path: Keys, data: unknown): SchemaProblem[] {
  const value = valueAt(data, path)
  const fitting = issue.errors.filter((branch) => !branch.some((inner) => isOtherKind(inner, value)))
  const values = fitting.map((branch) => expectedValues(branch, value))
  const own = ownMessage(issue)
  if (fitting.length > 0 && values.every((list) => list !== undefined)) {
    const problem = invalidValue(path, value, values.flat())
    return [own === undefined ? problem : { ...problem, message: own }]
  }
  const explained = fitting.filter((_, index) => values[index] === undefined)
  const deepest = explained.toSorted((a, b) => depth(b) - depth(a))[0]
  if (deepest && (fitting.length === 1 || own === undefined)) {
    return deepest.flatMap((inner) => readIssue(inner, path, data))
  }
  if (own !== undefined) return [{ path, at: 'value', message: own }]
  const kinds = issue.errors.flatMap((branch) => branch.flatMap(expectedKinds))
  return [{ path, at: 'value', message: `expected ${[...new Set(kinds)].join(' or ')}, not ${kindOf(value)}` }]
}

/** The branch is for another type of value altogether, and its messages would mislead. */
function isOtherKind(issue: Issue, value: unknown): boolean {
  if (issue.path.length > 0) return false
  if (issue.code === 'invalid_type') return true
  if (issue.code === 'invalid_value') return !issue.values.some((expected) => typeof expected === typeof value)
  return (
    issue.code === 'invalid_union' && issue.errors.every((branch) => branch.some((inner) => isOtherKind(inner, value)))
  )
}

/** The values a branch would take, when it is a closed list of them. */
function expectedValues(branch: readonly Issue[], value: unknown): unknown[] | undefined {
  const [issue] = branch
  if (branch.length !== 1 || !issue || issue.path.length > 0) return undefined
  if (issue.code === 'invalid_value') return [...issue.values]
  if (issue.code !== 'invalid_union') return undefined
  const fitting = issue.errors.filter((inner) => !inner.some((one) => isOtherKind(one, value)))
  const values = fitting.map((inner) => expectedValues(inner, value))
  return values.every((list) => list !== undefined) ? values.flat() : undefined
}

function depth(branch: readonly Issue[]): number {
  return Math.max(0, ...branch.map((issue) => issue.path.length + (issue.code === 'invalid_union' ? 0.5 : 0)))
}

/** Texts of our schema begin in lower case, those of zod do not. */
function ownMessage({ message }: Issue): string | undefined {
  return /^[a-z]/.test(message) ? message : undefined
}

function describe(issue: Issue, value: unknown): string {
  if (issue.code === 'invalid_type') {
    const isUnlisted = issue.expected === 'array' && value !== null
    const mend = isUnlisted ? '; put [ ] around it, or "- " before it' : ''
    return `expected ${KINDS[issue.expected] ?? issue.expected}, not ${kindOf(value)}${mend}`
  }
  if (issue.code === 'too_small') {
    if (issue.origin === 'string') return 'must not be empty'
    return issue.origin === 'array' ? 'expected at least one entry' : `expected at least ${issue.minimum}`
  }
  return issue.code === 'too_big' ? `expected at most ${issue.maximum}` : 'this value is not allowed'
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
}

function expectedKinds(issue: Issue): string[] {
  if (issue.path.length > 0) return []
  if (issue.code === 'invalid_type') return [KINDS[issue.expected] ?? issue.expected]
  if (issue.code === 'invalid_value') return issue.values.map(String)
  return issue.code === 'invalid_union' ? issue.errors.flatMap((branch) => branch.flatMap(expectedKinds)) : []
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing'
  if (typeof value === 'number' && !Number.isInteger(value)) return 'a fraction'
  return KINDS[Array.isArray(value) ? 'array' : typeof value] ?? typeof value
}

/** What stands at `path`; undefined: nothing. */
export function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  let value = data
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string | number, unknown>)[part]
  }
  return value
}
