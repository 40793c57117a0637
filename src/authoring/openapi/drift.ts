/** Where the routes and the document of a service say different things. */
import type { GatewayConfig, Method, RouteConfig } from '../../config/gateway-config.ts'
import { operationsOf, type ServiceOperation } from '../../config/openapi/operations.ts'
import type { ApiDocument } from '../../config/openapi/read-document.ts'
import { meantPolicy } from '../report-mode.ts'
import { findMeetings, type Meeting } from './meetings.ts'
import { createRoutePaths, opens } from './path-template.ts'

export interface Drift {
  readonly upstream: string
  /** What the service has and no route opens. */
  readonly closed: readonly Pick<ServiceOperation, 'method' | 'path' | 'line'>[]
  /** What a route opens and the service does not have. */
  readonly missing: readonly {
    readonly path: string
    readonly line: number
    readonly methods: readonly Method[]
  }[]
}

const METHODS: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

export function findDrift(config: GatewayConfig, upstream: string, document: ApiDocument): Drift {
  const operations = operationsOf(document)
  const meetings = findMeetings(config, upstream, operations, createRoutePaths(config))
  const met = new Set(meetings.map(({ service }) => service))
  const routes = config.routes.filter((route) => route.upstream.name === upstream)
  return {
    upstream,
    // The gateway answers OPTIONS and TRACE itself.
    closed: operations.filter((it) => METHODS.includes(it.method as Method) && !met.has(it)),
    missing: routes.flatMap((route) => {
      const own = meetings.filter((meeting) => meeting.route === route)
      const methods = missingMethods(route, own)
      return methods.length > 0 ? [{ path: route.path, line: route.line, methods }] : []
    }),
  }
}

/**
 * HEAD follows GET and needs no operation of its own. `methods: any` names no method: it is met by any operation at all.
 */
function missingMethods(route: RouteConfig, own: readonly Meeting[]): Method[] {
  const missing = METHODS.filter((method) => {
    const isImplied = method === 'HEAD' && opens(route, 'GET')
    return opens(route, method) && !isImplied && !own.some(({ service }) => service.method === method)
  })
  return own.length === 0 ? missing : missing.filter((method) => isNamed(route, method))
}

function isNamed(route: RouteConfig, method: Method): boolean {
  const policy = meantPolicy(route)
  const sets = [...policy.allow.map(({ methods }) => methods), ...(policy.public ? [policy.public.methods] : [])]
  return sets.some((methods) => methods.has(method) && methods.size < METHODS.length)
}
