/** Where a route and an operation of a service meet: the path that a client sends so that the service gets its own. */
import type { GatewayConfig, RouteConfig } from '../../config/gateway-config.ts'
import type { ServiceOperation } from '../../config/openapi/operations.ts'
import { paramOf, segmentsOf } from '../example-path.ts'
import { freeName, opens, paramsOf, type RoutePaths, renameParams, shapeOf, wholeParamOf } from './path-template.ts'

export interface Meeting {
  readonly route: RouteConfig
  readonly service: ServiceOperation
  /** Of the path that the client sends. */
  readonly segments: readonly string[]
  /** The service's path parameter → what the client's path calls it; absent: the gateway fills it in. */
  readonly names: ReadonlyMap<string, string>
}

/** All of an upstream whose method the route opens. Of two operations for the same requests only the more specific one is left. */
export function findMeetings(
  config: GatewayConfig,
  upstream: string,
  operations: readonly ServiceOperation[],
  paths: RoutePaths,
): Meeting[] {
  const routes = config.routes.filter((route) => route.upstream.name === upstream)
  const specific = operations.toSorted((a, b) => paramsOf(a.segments).length - paramsOf(b.segments).length)
  const seen = new Set<string>()
  return specific.flatMap((service) =>
    routes.flatMap((route) => {
      const meeting = opens(route, service.method) ? meet(route, service) : undefined
      if (meeting === undefined || !paths.takes(route, meeting.segments)) return []
      const key = `${service.method} ${shapeOf(meeting.segments)}`
      if (seen.has(key)) return []
      seen.add(key)
      return [meeting]
    }),
  )
}

function meet(route: RouteConfig, service: ServiceOperation): Meeting | undefined {
  const upstream = segmentsOf(route.rewrite ?? route.path)
  const takesRest = upstream.at(-1) === '**'
  const fixed = takesRest ? upstream.slice(0, -1) : upstream
  const hasSlash = service.segments.at(-1) === ''
  const segments = hasSlash ? service.segments.slice(0, -1) : service.segments
  if (takesRest ? segments.length < fixed.length : segments.length !== fixed.length) return undefined
  const bound = bind(fixed, segments)
  if (bound === undefined) return undefined
  const { values, names } = bound
  const own = segmentsOf(route.path)
  const head = (own.at(-1) === '**' ? own.slice(0, -1) : own).map((segment) => {
    return values.get(paramOf(segment) ?? '') ?? segment
  })
  const taken = paramsOf(head.filter((segment) => wholeParamOf(segment) !== undefined))
  const rename = (name: string) => {
    const free = names.get(name) ?? freeName(name, taken)
    names.set(name, free)
    taken.push(free)
    return free
  }
  const client = [
    ...head.map((segment) => (wholeParamOf(segment) === undefined ? renameParams(segment, rename) : segment)),
    ...segments.slice(fixed.length).map((segment) => renameParams(segment, rename)),
    // A rewrite without a rest sends none.
    ...(hasSlash && (takesRest || route.rewrite === undefined) ? [''] : []),
  ]
  return { route, service, segments: client, names }
}

interface Binding {
  /** The route's parameter → the only text for which the service has the operation. */
  readonly values: ReadonlyMap<string, string>
  readonly names: Map<string, string>
}

/** Segment by segment; undefined: the route cannot send this path. */
function bind(template: readonly string[], segments: readonly string[]): Binding | undefined {
  const values = new Map<string, string>()
  const names = new Map<string, string>()
  for (const [index, sent] of template.entries()) {
    const wanted = segments[index] as string
    const param = paramOf(sent)
    const theirs = wholeParamOf(wanted)
    if (param === undefined) {
      if (sent !== wanted && theirs === undefined) return undefined
    } else if (theirs !== undefined) names.set(theirs, param)
    else if ((values.get(param) ?? wanted) === wanted) values.set(param, wanted)
    else return undefined
  }
  return { values, names }
}
