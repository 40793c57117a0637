/** Routes drafted from a service's document, for people to finish. */
import { operationsOf, type ServiceOperation } from '../../config/openapi/operations.ts'
import type { ApiDocument } from '../../config/openapi/read-document.ts'
import { readRoutePath, shapeOf } from '../../config/route-path.ts'
import { inFlow } from '../in-flow.ts'
import { draftAccess, type LineDraft } from './draft-access.ts'
import { freeName, paramsOf, wholeParamOf } from './path-template.ts'

interface RouteDraft {
  readonly path: string
  readonly operations: ServiceOperation[]
}

export interface Draft {
  /** YAML: the section `routes`. */
  readonly text: string
  readonly routes: number
  /** What could not be drafted, and why. */
  readonly leftOut: readonly string[]
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/**
 * One route for each path, one line for each operation and alternative. Nothing gets wider than the document says: where it
 * names no scopes, the line proposes one, and says so in a comment.
 */
export function draftRoutes(document: ApiDocument, upstream: string): Draft {
  const leftOut: string[] = []
  const drafts = new Map<string, RouteDraft>()
  for (const operation of operationsOf(document)) {
    const path = METHODS.includes(operation.method) ? toRoutePath(operation.segments) : undefined
    if (path === undefined) {
      leftOut.push(`${operation.method} ${operation.path} (line ${operation.line}): ${whyNot(operation)}`)
      continue
    }
    const shape = path.shape
    const draft = drafts.get(shape) ?? { path: path.text, operations: [] }
    drafts.set(shape, draft)
    if (!draft.operations.some(({ method }) => method === operation.method)) draft.operations.push(operation)
  }
  const routes = [...drafts.values()].map((draft) => formatRoute(draft, upstream))
  return { text: `routes:${routes.length > 0 ? '' : ' []'}\n${routes.join('\n')}`, routes: routes.length, leftOut }
}

function whyNot({ method }: ServiceOperation): string {
  return METHODS.includes(method)
    ? 'the route-scope file cannot say this path'
    : 'the gateway does not forward this method'
}

/** With names that a route may have; undefined: a segment is neither text nor one parameter. */
function toRoutePath(segments: readonly string[]): { readonly text: string; readonly shape: string } | undefined {
  const names: string[] = []
  // A route takes a slash at the end as well.
  const own = (segments.at(-1) === '' ? segments.slice(0, -1) : segments).map((segment) => {
    const param = wholeParamOf(segment)
    if (param === undefined) return segment
    const name = freeName(param.replace(/\W/g, '_'), names)
    names.push(name)
    return `{${name}}`
  })
  const text = `/${own.join('/')}`
  const path = readRoutePath(text)
  const isLiteral = own.every((segment) => paramsOf([segment]).length === 0 || wholeParamOf(segment) !== undefined)
  return 'problem' in path || path.below || !isLiteral ? undefined : { text, shape: shapeOf(path) }
}

function formatRoute({ path, operations }: RouteDraft, upstream: string): string {
  // HEAD follows GET.
  const isFollowing = ({ method }: ServiceOperation) =>
    method === 'HEAD' && operations.some((it) => it.method === 'GET')
  const lines = operations.filter((operation) => !isFollowing(operation)).flatMap((it) => draftAccess(it, upstream))
  const open = lines.filter(({ isPublic }) => isPublic)
  const closed = lines.filter(({ isPublic }) => !isPublic)
  return [
    `  - path: ${inFlow(path)}`,
    `    to: ${inFlow(upstream)}`,
    ...(open.length > 0 ? [`    methods: [${open.map(({ method }) => method).join(', ')}]`] : []),
    ...(open.length > 0 ? ['    public: the document asks for no token'] : []),
    ...(closed.length > 0 ? ['    allow:', ...closed.map(formatLine)] : []),
    '',
  ].join('\n')
}

function formatLine({ method, scopes, comment }: LineDraft): string {
  const list = scopes.map(inFlow).join(', ')
  const condition = scopes.length === 1 ? list : `{ all: [${list}] }`
  const line = `      - { methods: [${method}], scopes: ${condition} }`
  return comment === '' ? line : `${line}   # ${comment}`
}
