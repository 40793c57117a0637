/** The grammar of `path` and `rewrite`. */
import type { Path } from './problem.ts'
import type { Report } from './report.ts'

export interface RoutePath {
  /** Literal text, `{name}` or `**`; none for `/`. */
  readonly segments: readonly string[]
  /** Names of the parameters, in order. */
  readonly params: readonly string[]
  /** Ends in `**`. */
  readonly below: boolean
}

const PARAMETER = /^\{(\w+)\}$/
/** RFC 3986 section 3.3 pchar without escapes, `;` and `*`. */
const LITERAL = /^[A-Za-z0-9\-._~!$&'()+,=:@]+$/

/** Reads a path of the file, or says what is wrong with it without quoting it. */
export function readRoutePath(text: string): RoutePath | { readonly problem: string } {
  if (!text.startsWith('/')) return { problem: 'expected a path that starts with "/"' }
  const segments = text === '/' ? [] : text.slice(1).split('/')
  const params: string[] = []
  for (const [index, segment] of segments.entries()) {
    const problem = segmentProblem(segment, index === segments.length - 1)
    if (problem !== undefined) return { problem }
    if (segment.startsWith('{')) params.push(segment.slice(1, -1))
  }
  return { segments, params, below: segments.at(-1) === '**' }
}

function segmentProblem(segment: string, isLast: boolean): string | undefined {
  if (segment === '' && isLast) return 'a path has no trailing slash ("/orders" also matches "/orders/")'
  if (segment === '') return 'a path has no empty segment ("//")'
  if (segment === '.' || segment === '..') return 'a path has no dot segments'
  if (segment === '**') return isLast ? undefined : '"**" can only be the last segment'
  if (LITERAL.test(segment) || PARAMETER.test(segment)) return undefined
  if (/^\{.*\}$/.test(segment)) return 'the name of a {parameter} has only letters, digits and "_", and no pattern'
  if (/[?#]/.test(segment)) return 'a path has no query and no fragment'
  if (/[{}]/.test(segment)) return 'a {parameter} is a whole segment'
  if (segment.includes('*'))
    return 'there is no "*": write {name} for one segment, or "**" at the end for everything below'
  if (/[%;]/.test(segment)) return 'a path is written decoded: no "%" and no ";"'
  return "a segment is literal text: letters, digits and - . _ ~ ! $ & ' ( ) + , = : @ (regular expressions are not supported)"
}

/** Equal for two paths that match the same requests and are equally specific. */
export function shapeOf({ segments }: RoutePath): string {
  return `/${segments.map((segment) => (PARAMETER.test(segment) ? '{}' : segment)).join('/')}`
}

/** A request path that the route matches. */
export function exampleOf({ segments }: RoutePath): string {
  return `/${segments.map((segment) => (PARAMETER.test(segment) ? '1' : segment === '**' ? 'x' : segment)).join('/')}`
}

/** `; it has {id}`, for a message; nothing when the path holds something from the environment. */
export function describeParams(params: readonly string[], path: Path, report: Report): string {
  if (report.isSubstituted(path)) return ''
  return params.length > 0 ? `; it has ${params.map((name) => `{${name}}`).join(', ')}` : '; it has none'
}
