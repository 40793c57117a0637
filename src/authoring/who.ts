/** Everybody who may make a request. */
import type { GatewayConfig, Method } from '../config/gateway-config.ts'
import type { RouteMatch } from '../routing/route-table.ts'
import { describeReport, writtenPolicy } from './report-mode.ts'
import { describeLine } from './words.ts'

export interface Access {
  /** Of `allow`, from 1; `report`: the lines are only reported, and anybody with a token may. */
  readonly line: number | 'public' | 'report'
  /** Line in the file. */
  readonly fileLine: number
  /** In words; a path parameter that a claim must equal has the value that it has here. */
  readonly who: string
  readonly because?: string
}

/** The lines for this method, in the order of the file; none: nobody may. Any one is enough. */
export function findAccess({ route, params }: RouteMatch, method: string): Access[] {
  const open = route.policy.public
  if (open?.methods.has(method as Method)) {
    return [{ line: 'public', fileLine: route.line, who: `anybody, without a token: ${open.reason}` }]
  }
  const written = writtenPolicy(route).allow.length
  return route.policy.allow.flatMap((line, index): Access[] => {
    if (index >= written)
      return [{ line: 'report', fileLine: line.line, who: `any valid token: ${describeReport(route)}` }]
    if (!line.methods.has(method as Method)) return []
    const owners = line.where.map(({ param, claim }) => `token.${claim.join('.')} is ${params[param] ?? ''}`)
    const others = describeLine({ ...line, where: [] })
    const who = [others, ...owners].filter((text) => text !== '').join('; ')
    return [{ line: index + 1, fileLine: line.line, who, ...(line.because !== undefined && { because: line.because }) }]
  })
}

/** Issuers whose tokens count on the route: names, and what stands in `iss`. */
export function issuersOf(
  config: GatewayConfig,
  { route }: RouteMatch,
): { readonly name: string; readonly issuer: string }[] {
  return route.issuers.flatMap((name) => {
    const issuer = config.issuers.get(name)?.issuer
    return issuer === undefined ? [] : [{ name, issuer }]
  })
}
