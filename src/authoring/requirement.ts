/** One way to open a line: every `any` replaced by one of its values, so that all of it must hold. */

import type { ClaimPath } from '../config/claim-path.ts'
import type { AllowLine, Condition, OwnershipCondition } from '../config/gateway-config.ts'

export interface Requirement {
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  readonly claims: readonly { readonly path: ClaimPath; readonly value: string | number | boolean }[]
  readonly where: readonly OwnershipCondition[]
}

type Choice<T> = readonly (readonly T[])[]

/** All ways, lazily: a line with several `any` has as many as their product. The first values come first. */
export function* requirementsOf(line: AllowLine): Generator<Requirement> {
  const claims = line.claims.map(({ path, ...condition }) =>
    choicesOf(condition).map((values) => values.map((value) => ({ path, value }))),
  )
  for (const scopes of choicesOf(line.scopes)) {
    for (const roles of choicesOf(line.roles)) {
      for (const chosen of combine(claims)) yield { scopes, roles, claims: chosen, where: line.where }
    }
  }
}

/** Each way to meet a condition: all of its values, or one of them. No condition is met by nothing. */
export function choicesOf<T>(condition: Condition<T> | undefined): Choice<T> {
  if (condition === undefined) return [[]]
  return condition.match === 'all' ? [condition.values] : condition.values.map((value) => [value])
}

function* combine<T>([first, ...rest]: readonly Choice<T>[]): Generator<readonly T[]> {
  if (first === undefined) {
    yield []
    return
  }
  for (const chosen of first) for (const others of combine(rest)) yield [...chosen, ...others]
}
