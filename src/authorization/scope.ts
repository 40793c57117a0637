import type { AllowLine } from '../config/gateway-config.ts'
import { type Grants, othersHold, type PathParams } from './conditions.ts'

/**
 * The cheapest scopes that would open one of `lines`, as a space-delimited string (RFC 6750 section 3): the whole set
 * of the line that lacks the fewest, the earlier one on a tie. Undefined when scopes alone would not do.
 */
export function cheapestScope(lines: readonly AllowLine[], params: PathParams, token: Grants): string | undefined {
  let cheapest: readonly string[] | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (const line of lines) {
    const scopes = othersHold(line, params, token) ? demandedScopes(line, token) : []
    const missing = scopes.filter((scope) => !token.scopes.has(scope)).length
    if (scopes.length > 0 && missing < fewest) {
      cheapest = scopes
      fewest = missing
    }
  }
  return cheapest?.join(' ')
}

/** For `any` one scope is enough: one that the token has, or the first of the list. */
function demandedScopes({ scopes }: AllowLine, token: Grants): readonly string[] {
  if (scopes === undefined) return []
  if (scopes.match === 'all') return [...new Set(scopes.values)]
  const scope = scopes.values.find((value) => token.scopes.has(value)) ?? scopes.values[0]
  return scope === undefined ? [] : [scope]
}
