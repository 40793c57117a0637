/** What a token lacks for a request to pass, line by line. */
import type { ConditionTrace, DecisionTrace, LineTrace } from '../authorization/trace.ts'
import type { AllowLine, RouteConfig } from '../config/gateway-config.ts'
import { describeClaim, describeNames } from './words.ts'

export interface Remedy {
  /** Of `allow`, from 1. */
  readonly line: number
  /** Line in the file. */
  readonly fileLine: number
  /** What this line asks for and the token lacks, in words. */
  readonly missing: readonly string[]
  /** Scopes among it. */
  readonly scopes: readonly string[]
}

/** The lines for this method that do not fit, those that lack the least first. Scopes are cheaper to get than anything else. */
export function findRemedies({ policy }: Pick<RouteConfig, 'policy'>, trace: DecisionTrace): Remedy[] {
  const open = trace.lines.filter(({ applies, holds }) => applies && !holds)
  const remedies = open.flatMap((line) => {
    const allow = policy.allow[line.line] as AllowLine
    // A line that is only reported is for no method.
    return allow.methods.size > 0 ? toRemedy(line, allow) : []
  })
  return remedies.toSorted((a, b) => costOf(a) - costOf(b) || a.line - b.line)
}

function costOf({ missing, scopes }: Remedy): number {
  return (missing.length - (scopes.length > 0 ? 1 : 0)) * 100 + scopes.length
}

function toRemedy(trace: LineTrace, line: AllowLine): Remedy {
  const missing = trace.conditions.filter(({ holds }) => !holds)
  return {
    line: trace.line + 1,
    fileLine: line.line,
    missing: missing.map((condition) => describeMissing(condition, line)),
    scopes: missing.flatMap(missingScopes),
  }
}

/** Of `any`, the first is enough. */
function missingScopes({ kind, match, wanted, seen }: ConditionTrace): string[] {
  if (kind !== 'scopes') return []
  const had = new Set(seen as readonly string[])
  const scopes = wanted.map(String).filter((scope) => !had.has(scope))
  return match === 'all' ? scopes : scopes.slice(0, 1)
}

function describeMissing(condition: ConditionTrace, line: AllowLine): string {
  const { kind, name, match, wanted, seen } = condition
  switch (kind) {
    case 'token':
      return 'a valid token'
    case 'scopes':
    case 'roles': {
      const had = new Set(seen as readonly string[])
      const values = wanted.map(String).filter((value) => !had.has(value))
      return describeNames(kind === 'scopes' ? 'scope' : 'role', { match, values })
    }
    case 'claim':
      return describeClaim({ name, match, values: wanted })
    case 'where': {
      const claim = line.where.find(({ param }) => param === name)?.claim.join('.') ?? ''
      return `token.${claim} = ${wanted.length > 0 ? String(wanted[0]) : `path.${name}`}`
    }
  }
}
