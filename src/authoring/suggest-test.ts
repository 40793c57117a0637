/** A test for a line that no test touches. */
import type { AllowLine, GatewayConfig, Method, RouteConfig } from '../config/gateway-config.ts'
import { createRouteTable } from '../routing/route-table.ts'
import { readClaimedToken } from './claims-token.ts'
import { exampleClaims } from './example-claims.ts'
import { createFreshValues, examplePath, segmentsOf } from './example-path.ts'
import { inFlow } from './in-flow.ts'
import { requirementsOf } from './requirement.ts'
import type { CoveredLine } from './run-tests.ts'
import { createSimulation } from './simulate.ts'

export interface ExampleRequest {
  readonly method: Method
  readonly path: string
  /** Claims that open the line; absent: it is public. */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** Finds, for a line, a request that it lets through; undefined: there is none. */
export type FindExample = (line: Pick<CoveredLine, 'route' | 'line'>) => ExampleRequest | undefined

export function createExamples(config: GatewayConfig, nowMs: number): FindExample {
  const table = createRouteTable(config.routes)
  const simulate = createSimulation(config)
  const fresh = createFreshValues([config])
  const maxDepth = Math.max(...config.routes.map(({ path }) => segmentsOf(path).length))
  const pathOf = (route: RouteConfig, params?: Readonly<Record<string, string>>) =>
    examplePath(route, table, fresh, maxDepth, params)

  function isLetThrough({ method, path, claims = {} }: ExampleRequest, line: number): boolean {
    const request = { method, target: path, headers: [], client: '127.0.0.1' }
    const { decision } = simulate(request, (accepted) => readClaimedToken(config, claims, accepted, nowMs))
    return decision?.allowed === true && decision.line === line
  }

  function findForAllowLine(route: RouteConfig, line: number, path: string): ExampleRequest | undefined {
    const allow = route.policy.allow[line] as AllowLine
    const [method] = allow.methods
    const issuer = config.issuers.get(route.issuers[0] ?? '')
    if (issuer === undefined || method === undefined) return undefined
    const values = table.match(path)?.params ?? {}
    for (const requirement of requirementsOf(allow)) {
      const { claims, params } = exampleClaims(requirement, values, issuer.roles)
      const request = { method, path: pathOf(route, params) ?? path, claims }
      if (isLetThrough(request, line)) return request
    }
    return undefined
  }

  return ({ route, line }) => {
    const path = pathOf(route)
    if (path === undefined) return undefined
    if (line !== 'public') return findForAllowLine(route, line, path)
    const [method] = route.policy.public?.methods ?? []
    return method && { method, path }
  }
}

/** As an entry of `tests`, on one line. */
export function toTestEntry({ method, path, claims }: ExampleRequest, expect = 200): string {
  return `- ${inFlow({ request: `${method} ${path}`, ...(claims && { token: claims }), expect })}`
}
