/** The conditions of an allow line, one function each. A value of the wrong type is not granted and never throws. */
import type { AccessToken } from '../authentication/access-token.ts'
import type { AllowLine, ClaimCondition, Condition, OwnershipCondition } from '../config/gateway-config.ts'
import { readClaim } from '../read-claim.ts'

/** What a decision looks at in a token. */
export type Grants = Pick<AccessToken, 'scopes' | 'roles' | 'claims'>

/** Decoded path parameters by name. */
export type PathParams = Readonly<Record<string, string>>

/** Whether the scopes of the line are granted; true when it names none. */
export function scopesHold(line: AllowLine, token: Grants): boolean {
  return line.scopes === undefined || setHolds(line.scopes, token.scopes)
}

/** Whether everything but the scopes holds. A line that demands nothing at all never does: that has to be said. */
export function othersHold(line: AllowLine, params: PathParams, token: Grants): boolean {
  if (!demandsSomething(line)) return false
  if (line.roles !== undefined && !setHolds(line.roles, token.roles)) return false
  for (const claim of line.claims) if (!claimHolds(claim, token)) return false
  for (const ownership of line.where) if (!ownershipHolds(ownership, params, token)) return false
  return true
}

export function demandsSomething(line: AllowLine): boolean {
  return (
    line.anyToken ||
    line.scopes !== undefined ||
    line.roles !== undefined ||
    line.claims.length > 0 ||
    line.where.length > 0
  )
}

/** Whether all, or any, of the wanted names are in the set. An empty list never holds. */
export function setHolds({ match, values }: Condition<string>, granted: ReadonlySet<string>): boolean {
  if (match === 'any') {
    for (const value of values) if (granted.has(value)) return true
    return false
  }
  for (const value of values) if (!granted.has(value)) return false
  return values.length > 0
}

/** Types are strict: the string "1" is not the number 1. A claim that is an array counts for each of its items. */
export function claimHolds({ match, values, path }: ClaimCondition, token: Grants): boolean {
  const claim = readClaim(token.claims, path)
  if (match === 'any') {
    for (const value of values) if (claimHas(claim, value)) return true
    return false
  }
  for (const value of values) if (!claimHas(claim, value)) return false
  return values.length > 0
}

/** Whether the path parameter equals the claim, or one of its strings. */
export function ownershipHolds({ param, claim }: OwnershipCondition, params: PathParams, token: Grants): boolean {
  if (!Object.hasOwn(params, param)) return false
  const value = params[param]
  return typeof value === 'string' && value !== '' && claimHas(readClaim(token.claims, claim), value)
}

function claimHas(claim: unknown, wanted: string | number | boolean): boolean {
  return Array.isArray(claim) ? claim.includes(wanted) : claim === wanted
}
