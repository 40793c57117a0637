/** All methods at once. */
import type { Method } from '../../config/gateway-config.ts'
import type { Find, LintFile } from './rule.ts'

export const ALL_METHODS: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

export function isAnyMethod(methods: ReadonlySet<Method>): boolean {
  return methods.size === ALL_METHODS.length
}

/** Who reads may also delete. A line for a role is left alone: that is what roles such as an administrator's are for. */
export function* wildcardMethods({ routes }: LintFile): Generator<Find> {
  for (const { route, path } of routes) {
    const { public: open, allow } = route.policy
    if (open !== undefined && isAnyMethod(open.methods)) {
      yield { path: [...path, 'public'], at: 'key', message: 'anybody may change and delete here, without a token' }
    }
    for (const [index, line] of allow.entries()) {
      if (!isAnyMethod(line.methods) || line.roles !== undefined) continue
      const who = line.anyToken ? 'any valid token' : 'what this line asks for to read'
      yield { path: [...path, 'allow', index], message: `${who} is also enough to change and to delete` }
    }
  }
}
