/** Routes and who gets to them. */
import { isPublic } from '../../authorization/decide.ts'
import type { Method, RouteConfig, RoutePolicy } from '../../config/gateway-config.ts'
import { quoteText } from '../../config/problem.ts'
import { createRouteTable } from '../../routing/route-table.ts'
import type { Find, LintFile } from './rule.ts'
import { ALL_METHODS, isAnyMethod } from './wildcards.ts'

/** No request gets to the route: others that are more specific take all of its paths. */
export function* unreachableRoutes({ routes }: LintFile): Generator<Find> {
  for (const { path, example, ownExample, fallback } of routes) {
    if (example !== undefined || fallback === undefined) continue
    const who = `, such as ${quoteText(ownExample)}, which goes to ${quoteText(fallback.path)} (line ${fallback.line})`
    yield { path: [...path, 'path'], message: `more specific routes take every path of this one${who}` }
  }
}

/** Two routes match one path, and each is the more specific one somewhere: which wins is easily guessed wrong. */
export function* crossingRoutes({ routes }: LintFile): Generator<Find> {
  for (const { route, path, overlaps } of routes) {
    for (const { other, isCrossing, example } of overlaps) {
      if (!isCrossing) continue
      const winner = createRouteTable([route, other]).match(example)?.route
      // Said once, where the one stands that loses.
      if (winner !== other) continue
      const message = `${quoteText(example)} matches this route, and goes to ${quoteText(other.path)} (line ${other.line})`
      yield { path: [...path, 'path'], message }
    }
  }
}

/** Under a route that grants a method to the same service, a more specific one stands in the way without granting it. */
export function* hiddenMethods({ routes }: LintFile): Generator<Find> {
  for (const { route, path, example, fallback } of routes) {
    if (example === undefined || fallback === undefined || fallback.upstream !== route.upstream) continue
    const own = grantedMethods(route.policy)
    const hidden = [...namedMethods(fallback.policy)].filter((method) => !own.has(method))
    if (hidden.length === 0) continue
    const message = `${hidden.join(', ')} ${quoteText(example)} is refused here, though ${quoteText(fallback.path)} (line ${fallback.line}) names ${hidden.length > 1 ? 'these methods' : 'this method'}`
    yield { path: [...path, 'path'], message }
  }
}

/** No token is needed in the middle of what needs one. */
export function* publicBelowProtected({ routes }: LintFile): Generator<Find> {
  for (const { route, path, example, fallback } of routes) {
    const open = route.policy.public?.methods
    if (open === undefined || example === undefined || fallback === undefined || !isProtected(fallback)) continue
    const methods = [...open].filter((method) => !isPublic(fallback.policy, method))
    if (methods.length === 0) continue
    const message = `${methods[0]} ${quoteText(example)} needs no token, while ${quoteText(fallback.path)} (line ${fallback.line}) around it needs one`
    yield { path: [...path, 'public'], at: 'key', message }
  }
}

/** `/**` is no prefix that would say anything. */
function isProtected({ path, policy }: RouteConfig): boolean {
  return path !== '/**' && policy.allow.length > 0
}

function grantedMethods({ public: open, allow }: RoutePolicy): Set<Method> {
  return new Set(ALL_METHODS.filter((it) => open?.methods.has(it) || allow.some(({ methods }) => methods.has(it))))
}

/** Without those that are only part of `any`. */
function namedMethods({ public: open, allow }: RoutePolicy): Set<Method> {
  const named = [...(open ? [open.methods] : []), ...allow.map(({ methods }) => methods)]
  return new Set(named.filter((methods) => !isAnyMethod(methods)).flatMap((methods) => [...methods]))
}
