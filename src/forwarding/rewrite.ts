/** The path an upstream gets: the one that was authorised, or what the route's `rewrite` makes of it. */
import type { RouteConfig } from '../config/gateway-config.ts'
import { GatewayError } from '../errors.ts'
import type { RequestTarget } from '../routing/request-target.ts'
import type { RouteMatch } from '../routing/route-table.ts'

interface RewriteTemplate {
  /** Literal texts and parameter names in turn: even places are literal. */
  readonly parts: readonly string[]
  /** The template ends in `/**`. */
  readonly takesRest: boolean
}

const PARAMETER = /\{(\w+)\}/
const NOT_IN_PATH = /[^A-Za-z0-9\-._~!$&'()*+,=:@/%]+/g
/** A parameter is one segment: slash and `%` are encoded too. */
const NOT_IN_SEGMENT = /[^A-Za-z0-9\-._~!$&'()*+,=:@]+/g
const AMBIGUOUS = /\/(?:\.{1,2})?\/|\/\.{1,2}$/

/** Read once per route; goes with the route at a reload. */
const templates = new WeakMap<RouteConfig, RewriteTemplate>()

/**
 * Path and query for the upstream. A `rewrite` is filled with the decoded parameters, encoded again, and `**` with the
 * rest of the canonical path; the query is appended as sent. Throws a `GatewayError` `invalid_target` when the result
 * would hold a dot segment or an empty one.
 */
export function toUpstreamPath(match: RouteMatch, target: RequestTarget): string {
  const template = match.route.rewrite
  if (template === undefined) return target.path + target.query
  const path = fill(templateOf(match.route, template), match, target.path.endsWith('/'))
  if (AMBIGUOUS.test(path)) throw new GatewayError('invalid_target', 'rewrite_ambiguous')
  return path + target.query
}

function templateOf(route: RouteConfig, text: string): RewriteTemplate {
  let template = templates.get(route)
  if (template === undefined) {
    const takesRest = text.endsWith('/**')
    const parts = (takesRest ? text.slice(0, -3) : text).split(PARAMETER)
    template = { parts: parts.map((part, index) => (index % 2 === 0 ? encode(part, NOT_IN_PATH) : part)), takesRest }
    templates.set(route, template)
  }
  return template
}

function fill({ parts, takesRest }: RewriteTemplate, { params, rest }: RouteMatch, slashAtEnd: boolean): string {
  let path = ''
  for (let i = 0; i < parts.length; i += 1) {
    const part = parts[i] as string
    path += i % 2 === 0 ? part : encode(paramOf(params, part), NOT_IN_SEGMENT)
  }
  if (takesRest && (rest !== '' || slashAtEnd)) path += `/${rest}`
  return path === '' ? '/' : path
}

/** The loader refuses a template with a name that the path does not have; sending half a path would be worse. */
function paramOf(params: RouteMatch['params'], name: string): string {
  const value = Object.hasOwn(params, name) ? params[name] : undefined
  if (value === undefined || value === '') throw new GatewayError('internal_error', 'rewrite_parameter')
  return value
}

function encode(text: string, unsafe: RegExp): string {
  return text.replace(unsafe, encodeURIComponent)
}
