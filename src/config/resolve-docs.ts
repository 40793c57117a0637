/** `docs`: the API reference page. */
import { DOCS_FILES, type DocsConfig, docsFilePath } from './docs-config.ts'
import type { LoginConfig } from './login-config.ts'
import { type ApiDocument, readDocument } from './openapi/read-document.ts'
import { findPageIssuer, toPageRoute } from './own-pages.ts'
import type { ReadSibling } from './read-secret.ts'
import type { Report } from './report.ts'
import type { NamedThings } from './resolve-names.ts'
import type { Defaults } from './resolve-route.ts'
import { readRoutePath } from './route-path.ts'
import type { GatewayFile } from './schema.ts'

type DocsFileSection = NonNullable<GatewayFile['docs']>

export interface DocsContext {
  readonly things: NamedThings
  readonly defaults: Defaults
  readonly login: LoginConfig | undefined
  /** Where the routes stand in the file. */
  readonly routeIndexes: readonly number[]
  /** Every route of the file could be read. */
  readonly hasAllRoutes: boolean
  readonly readSchema: ReadSibling
}

/** Undefined: there is no page, or it has a problem that the report names. */
export function resolveDocs(file: GatewayFile, context: DocsContext, report: Report): DocsConfig | undefined {
  const { docs } = file
  if (docs === undefined) return undefined
  const { things, defaults } = context
  checkPath(docs.path, context.login, report)
  checkRoutes(file, docs, context, report)
  const issuer = findPageIssuer('docs', docs.issuer, things, report)
  const documents = readDocuments(things, context.readSchema, report)
  if (issuer === undefined) return undefined
  return {
    path: docs.path,
    title: docs.title,
    clientId: docs.clientId,
    issuer,
    scopes: [...new Set(docs.scopes)],
    leaveOut: new Set(docs.leaveOut),
    documents,
    pages: DOCS_FILES.map((name) =>
      toPageRoute({
        path: docsFilePath(docs.path, name),
        line: report.line(['docs']),
        methods: ['GET', 'HEAD'],
        reason: 'the API reference page',
        rateLimits: defaults.unmatched.rateLimits,
        page: 'docs',
      }),
    ),
  }
}

function checkPath(text: string, login: LoginConfig | undefined, report: Report): void {
  const path = ['docs', 'path']
  const shape = readRoutePath(text)
  if ('problem' in shape) report.error(path, shape.problem)
  else if (text === '/' || /[{*]/.test(text)) report.error(path, 'expected a path such as "/docs", without parameters')
  const own = DOCS_FILES.map((name) => docsFilePath(text, name))
  if (login?.pages.some((page) => own.includes(page.path))) {
    report.error(path, 'a page of the login stands here; choose another path for one of them')
  }
}

/** The page takes everything at and below its path, so that nothing of the file changes its meaning by what it is made of. */
function checkRoutes(
  { routes }: GatewayFile,
  { path: page, leaveOut }: DocsFileSection,
  { routeIndexes, hasAllRoutes }: DocsContext,
  report: Report,
): void {
  for (const [position, route] of routes.entries()) {
    const path = route.path.replace(/\/$/, '')
    if (path !== page && !path.startsWith(`${page}/`)) continue
    const at = ['routes', routeIndexes[position] ?? position, 'path']
    report.error(at, 'the API reference page stands here; choose another path here, or for docs')
  }
  if (!hasAllRoutes) return
  for (const [index, path] of leaveOut.entries()) {
    if (routes.some((route) => route.path === path)) continue
    report.error(['docs', 'leaveOut', index], 'no route has this path; write it as the route does')
  }
}

/** Files alone: a start must not wait for another server. */
function readDocuments(things: NamedThings, read: ReadSibling, report: Report): Map<string, ApiDocument> {
  const documents = new Map<string, ApiDocument>()
  for (const { name, openapi: file } of things.upstreams.values()) {
    if (file === undefined || /^https?:/i.test(file)) continue
    try {
      const { document, problems = [] } = readDocument(read(file), file)
      for (const problem of problems) report.add(problem)
      if (document !== undefined) documents.set(name, document)
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'cannot be read'
      report.error(['upstreams', name, 'openapi'], `the document, which docs shows, ${reason}`)
    }
  }
  return documents
}
