/** What a compiled body policy does, and where the pipeline finds it. Nothing here loads the library that compiles. */
import type { BodyPolicy } from '../config/body-policy.ts'
import type { RouteConfig } from '../config/gateway-config.ts'
import type { BodyFinding } from '../errors.ts'

/** What is wrong with a value; undefined: nothing. */
export type CheckValue = (value: unknown) => readonly BodyFinding[] | undefined

export interface ContentCheck {
  readonly requiredFor: readonly string[]
  /** By media type. */
  readonly content: ReadonlyMap<string, CheckValue>
}

export interface BodyCheck {
  /** The bodies that a request may have; undefined: the document has no such operation. `path` is the upstream's. */
  find(method: string, path: () => string): ContentCheck | undefined
}

/** By policy: a configuration is compiled once in a process, before it is in force. */
const compiled = new WeakMap<BodyPolicy, BodyCheck>()

export function keepBodyCheck(policy: BodyPolicy, check: BodyCheck): void {
  compiled.set(policy, check)
}

/** Of the routes that have one. */
export function bodyChecksOf(routes: readonly RouteConfig[]): ReadonlyMap<BodyPolicy, BodyCheck> {
  const policies = routes.flatMap(({ body }) => body ?? [])
  return new Map(
    policies.flatMap((policy) => {
      const check = compiled.get(policy)
      return check === undefined ? [] : [[policy, check] as const]
    }),
  )
}
