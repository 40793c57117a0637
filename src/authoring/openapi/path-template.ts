/** Paths of an OpenAPI document: segments of text and `{parameters}`. */
import type { GatewayConfig, Method, RouteConfig } from '../../config/gateway-config.ts'
import { readRequestTarget } from '../../routing/request-target.ts'
import { createRouteTable } from '../../routing/route-table.ts'
import { createFreshValues, segmentsOf } from '../example-path.ts'
import { meantPolicy } from '../report-mode.ts'

const PARAMETER = /\{([^{}]+)\}/g

export interface PathTemplate {
  readonly segments: readonly string[]
  /** Parameter that stands for all further segments, which OpenAPI cannot say. */
  readonly rest?: string
}

/** The only name of a segment that is nothing but a parameter. */
export function wholeParamOf(segment: string): string | undefined {
  return /^\{([^{}]+)\}$/.exec(segment)?.[1]
}

export function paramsOf(segments: readonly string[]): string[] {
  return segments.flatMap((segment) => [...segment.matchAll(PARAMETER)].map(([, name = '']) => name))
}

export function toPath(segments: readonly string[]): string {
  return `/${segments.join('/')}`
}

/** Equal for two templates that OpenAPI takes for the same path. */
export function shapeOf(segments: readonly string[]): string {
  return toPath(segments).replace(PARAMETER, '{}')
}

/** `name`, or with a number behind it when it is taken. */
export function freeName(name: string, taken: readonly string[]): string {
  let free = name
  for (let number = 2; taken.includes(free); number += 1) free = `${name}${number}`
  return free
}

export function renameParams(segment: string, rename: (name: string) => string): string {
  return segment.replace(PARAMETER, (_, name: string) => `{${rename(name)}}`)
}

/** Which paths belong to a route: no more specific one takes them. */
export interface RoutePaths {
  takes(route: RouteConfig, segments: readonly string[]): boolean
  /** Where a service says nothing about the route. None when more specific routes take all that it could have. */
  templatesOf(route: RouteConfig): PathTemplate[]
}

export function createRoutePaths(config: GatewayConfig): RoutePaths {
  const table = createRouteTable(config.routes)
  const fresh = createFreshValues([config])
  const maxDepth = Math.max(...config.routes.map(({ path }) => segmentsOf(path).length))

  function takes(route: RouteConfig, segments: readonly string[]): boolean {
    let count = 0
    const texts = segments.map((segment) => segment.replace(PARAMETER, () => fresh(count++)))
    try {
      const { path, query } = readRequestTarget(toPath(texts), Number.MAX_SAFE_INTEGER)
      return query === '' && table.match(path)?.route === route
    } catch {
      return false
    }
  }

  return {
    takes,
    templatesOf(route) {
      const all = segmentsOf(route.path)
      if (all.at(-1) !== '**') return [{ segments: all }]
      const base = all.slice(0, -1)
      const templates: PathTemplate[] = takes(route, base) ? [{ segments: base }] : []
      for (const depth of Array.from({ length: Math.max(1, maxDepth - base.length + 2) }, (_, index) => index + 1)) {
        const below = belowOf(base, depth)
        if (takes(route, below.segments)) return [...templates, below]
      }
      return templates
    },
  }
}

/** Other routes may take what is one segment below: then `{segment}` stands before `{rest}`. */
function belowOf(base: readonly string[], depth: number): Required<PathTemplate> {
  const taken = paramsOf(base)
  const names: string[] = []
  for (let index = 1; index <= depth; index += 1) {
    names.push(freeName(index === depth ? 'rest' : 'segment', [...taken, ...names]))
  }
  return { segments: [...base, ...names.map((name) => `{${name}}`)], rest: names.at(-1) as string }
}

/** Whether the gateway lets anybody through with this method. */
export function opens(route: RouteConfig, method: string): boolean {
  const policy = meantPolicy(route)
  const has = (methods: ReadonlySet<Method>) => methods.has(method as Method)
  return policy.allow.some(({ methods }) => has(methods)) || (policy.public !== undefined && has(policy.public.methods))
}
