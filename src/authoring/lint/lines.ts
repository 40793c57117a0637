/** Allow lines that change nothing. `decide` judges, by way of what `diff` asks it. */
import type { AllowLine, RouteConfig } from '../../config/gateway-config.ts'
import { createRouteTable } from '../../routing/route-table.ts'
import { segmentsOf } from '../example-path.ts'
import { findNewlyAllowed, type Side } from '../newly-allowed.ts'
import type { Region } from '../path-regions.ts'
import { describeLine } from '../words.ts'
import type { Find, LintFile, LintRoute } from './rule.ts'

/** Claims that a token has as one text, or not at all. */
const SINGLE = ['sub', 'azp', 'client_id', 'iss', 'acr']

/** No token can meet the line. */
export function* unreachableLines(file: LintFile): Generator<Find> {
  for (const one of file.routes) {
    for (const [index, line] of one.route.policy.allow.entries()) {
      if (canBeMet(file, one, index)) continue
      yield { path: [...one.path, 'allow', index], message: `no token can meet this line: ${describeLine(line)}` }
    }
  }
}

/** Everything that the line lets through, another line of the route lets through as well. */
export function* redundantLines(file: LintFile): Generator<Find> {
  for (const one of file.routes) {
    const { allow } = one.route.policy
    let kept = [...allow.keys()].filter((index) => canBeMet(file, one, index))
    // From the end, so that of two equal lines the first stays.
    const redundant = kept.toReversed().filter((index) => {
      const others = kept.filter((other) => other !== index)
      if (opens(file, one, index, others)) return false
      kept = others
      return true
    })
    for (const index of redundant.toReversed()) {
      const by = kept.find((other) => !opens(file, one, index, [other]))
      const who = by === undefined ? 'the other lines together let' : `${nameLine(by, allow)} lets`
      yield { path: [...one.path, 'allow', index], message: `${who} through all that this line does` }
    }
  }
}

function nameLine(index: number, allow: readonly AllowLine[]): string {
  const line = allow[index] as AllowLine
  return `line ${line.line} (${describeLine(line)})`
}

function canBeMet(file: LintFile, one: LintRoute, index: number): boolean {
  const isSingle = ({ path, match, values }: AllowLine['claims'][number]) => {
    const isOne = path.length === 1 && SINGLE.includes(path[0] as string)
    const texts = new Set(values.filter((value) => typeof value === 'string'))
    return (
      !isOne ||
      (texts.size > 0 && (match === 'any' || (texts.size === 1 && values.every((it) => texts.has(String(it))))))
    )
  }
  const line = one.route.policy.allow[index] as AllowLine
  return line.claims.every(isSingle) && opens(file, one, index, [])
}

/** Whether the line lets something through that the `others` do not. */
function opens(
  { config }: LintFile,
  { route, ownExample }: LintRoute,
  index: number,
  others: readonly number[],
): boolean {
  const side = (lines: readonly number[]): Side & { readonly route: RouteConfig } => {
    const allow = lines.flatMap((at) => route.policy.allow[at] ?? [])
    const changed = { ...route, policy: { ...route.policy, allow } }
    return { config, table: createRouteTable([changed]), route: changed }
  }
  const to = side([index])
  return findNewlyAllowed(side(others), to, to.route, regionOf(route, ownExample)).length > 0
}

/** All paths of the route, whatever other routes take of them: a parameter may have any value. */
function regionOf({ path }: RouteConfig, example: string): Region {
  const written = segmentsOf(path)
  const segments = segmentsOf(example).map((text, index) => ({ text, isFree: text !== written[index] }))
  return { before: undefined, after: undefined, segments }
}
