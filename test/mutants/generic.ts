/**
 * Mutants without thought, for files that only compute: conditions turned round, limits moved by one, refusals dropped. Some
 * change nothing that anybody could see, so a survivor here is a question and no failure.
 */
import { readFileSync } from 'node:fs'
import { parseAst } from 'rolldown/parseAst'
import type { Mutant } from './mutant.ts'

const AUTHENTICATION = ['security/token-claims.test.ts', 'security/token-attacks.test.ts']
const FORGED = 'integration/authentication/forged-tokens.test.ts'

/** File below `src/` → the tests that must notice. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  'authentication/bearer-token.ts': ['unit/authentication/bearer-token.test.ts', 'security/token-presentation.test.ts'],
  'authentication/claims.ts': ['unit/authentication/claims.test.ts', ...AUTHENTICATION],
  'authentication/grants.ts': ['unit/authentication/grants.test.ts', 'security/claim-shapes.test.ts'],
  'authentication/jws.ts': ['unit/authentication/jws.test.ts', FORGED, ...AUTHENTICATION],
  'authentication/key-set.ts': ['unit/authentication/key-set.test.ts', FORGED],
  'authentication/strict-json.ts': ['unit/authentication/strict-json.test.ts', ...AUTHENTICATION],
  'authentication/token-cache.ts': ['unit/authentication/token-cache.test.ts', 'security/token-attacks.test.ts'],
  'authentication/token-type.ts': ['unit/authentication/claims.test.ts', ...AUTHENTICATION],
  'authorization/conditions.ts': ['unit/authorization', 'security/claim-shapes.test.ts'],
  'authorization/decide.ts': ['unit/authorization', 'security/hosts-and-targets.test.ts'],
  'authorization/scope.ts': ['unit/authorization'],
  'routing/request-target.ts': ['unit/routing/request-target.test.ts', 'security/path-confusion.test.ts'],
  'routing/route-table.ts': ['unit/routing/route-table.test.ts', 'security/path-confusion.test.ts'],
  'read-claim.ts': ['unit/read-claim.test.ts'],
  'rate-limiting/client-network.ts': ['unit/rate-limiting/key.test.ts'],
  'rate-limiting/deny-cache.ts': ['unit/rate-limiting/deny-cache.test.ts'],
  'rate-limiting/key.ts': ['unit/rate-limiting/key.test.ts', 'security/limits-evasion.test.ts'],
  'rate-limiting/limit.ts': ['unit/rate-limiting/limit.test.ts', 'security/limits-evasion.test.ts'],
  'rate-limiting/sliding-window.ts': [
    'unit/rate-limiting/sliding-window.test.ts',
    'contract/memory-rate-limiter.test.ts',
  ],
  'http/challenge.ts': ['unit/http/challenge.test.ts', 'security/challenge.test.ts'],
  'http/client-address.ts': ['unit/http/client-address.test.ts', 'security/spoofed-fields.test.ts'],
  'http/cors.ts': ['unit/http/cors.test.ts', 'security/cors.test.ts'],
  'http/field-actions.ts': ['unit/http/request-fields.test.ts', 'security/spoofed-fields.test.ts'],
  'http/problem.ts': ['unit/http/problem.test.ts', 'security/information-leaks.test.ts'],
  'http/request-fields.ts': ['unit/http/request-fields.test.ts', 'security/spoofed-fields.test.ts'],
  'forwarding/request-headers.ts': ['unit/forwarding/request-headers.test.ts', 'security/spoofed-fields.test.ts'],
  'forwarding/response-headers.ts': [
    'unit/forwarding/response-headers.test.ts',
    'integration/forwarding/answers.test.ts',
  ],
  'forwarding/rewrite.ts': ['unit/forwarding/rewrite.test.ts', 'security/path-confusion.test.ts'],
}

/** The mutants of all these files, or of those that are named. */
export function genericMutants(names: readonly string[]): Mutant[] {
  const files = Object.entries(FILES).filter(([file]) => names.length === 0 || names.includes(file))
  return files.flatMap(([file, tests]) => mutantsOf(file, tests))
}

function mutantsOf(file: string, tests: readonly string[]): Mutant[] {
  const text = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8')
  const edits: Edit[] = []
  visit(parseAst(text, { lang: 'ts' }) as unknown as Node, text, edits)
  return edits.map(({ start, end, replacement }) => {
    const line = text.slice(0, start).split('\n').length
    const seen = text.slice(start, end).replace(/\s+/g, ' ')
    return {
      id: `${file}:${line}: ${seen} → ${replacement.replace(/\s+/g, ' ')}`,
      file: `src/${file}`,
      find: text,
      replace: text.slice(0, start) + replacement + text.slice(end),
      removes: 'as written',
      guards: [],
      tests,
      also: [],
      survives: undefined,
    }
  })
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly replacement: string
}

/** As much of an ESTree node as is looked at. */
interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly operator?: string
  readonly left?: Node
  readonly right?: Node
  readonly test?: Node
}

const OTHER: Readonly<Record<string, string>> = {
  '&&': '||',
  '||': '&&',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
}

function visit(node: Node, text: string, edits: Edit[]): void {
  const { type, start, end, operator = '', left, right, test } = node
  const other = OTHER[operator]
  if (other !== undefined && left !== undefined && right !== undefined) {
    const at = text.indexOf(operator, left.end)
    edits.push({ start: at, end: at + operator.length, replacement: other })
  }
  if ((type === 'IfStatement' || type === 'ConditionalExpression') && test !== undefined) {
    edits.push({ start: test.start, end: test.end, replacement: `!(${text.slice(test.start, test.end)})` })
  }
  if (type === 'ThrowStatement') edits.push({ start, end, replacement: '{}' })
  for (const child of Object.values(node).flat()) if (isNode(child)) visit(child, text, edits)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}
