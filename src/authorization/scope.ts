import type { AllowLine } from '../config/gateway-config.ts'
import { type Grants, othersHold, type PathParams } from './conditions.ts'

/**
 * The cheapest scopes that would open one of `lines`, none of which fits, as a space-delimited string (RFC 6750
 * section 3): the whole set of the line that lacks the fewest, the earlier one on a tie. Undefined when scopes alone
 * would not do.
 */
export function cheapestScope(lines: readonly AllowLine[], params: PathParams, token: Grants): string | undefined {
  let cheapest: readonly string[] | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (const line of lines) {
    const scopes = othersHold(line, params, token) ? demandedScopes(line) : []
    const missing = scopes.filter((scope) => !token.scopes.has(scope)).length
    if (scopes.length > 0 && missing < fewest) {
      cheapest = scopes
      fewest = missing
    }
  }
  return cheapest?.join(' ')
}

/** Where `any` is not met, its first scope is enough. */
function demandedScopes({ scopes }: AllowLine): readonly string[] {
  if (scopes === undefined) return []
  return scopes.match === 'all' ? [...new Set(scopes.values)] : scopes.values.slice(0, 1)
}
