/** Builds the API reference page from a configuration: Swagger UI, served by the gateway itself, with what it shows. */
import { hash } from 'node:crypto'
import { createOpenApi } from '../authoring/openapi/generate.ts'
import { outlineSecurity } from '../authoring/openapi/security.ts'
import { DOCS_FILES, type DocsConfig, type DocsFile, docsFilePath } from '../config/docs-config.ts'
import type { GatewayConfig, RouteConfig } from '../config/gateway-config.ts'
import type { JsonObject } from '../config/openapi/json.ts'
import type { Problem } from '../config/problem.ts'
import { fileProblem } from '../config/source-file.ts'
import { readDocsFile } from './docs-files.ts'
import { type DocsPage, keepDocsPages } from './docs-pages.ts'

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
}

/** What is wrong; when nothing is, the pages are kept for this configuration. */
export async function buildDocs(config: GatewayConfig, docs: DocsConfig): Promise<Problem[]> {
  const pages = new Map<string, DocsPage>()
  try {
    for (const file of DOCS_FILES) {
      const body = Buffer.from(await contentOf(file, config, docs))
      pages.set(docsFilePath(docs.path, file), toPage(file, body, docs))
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'a file of the page cannot be read'
    return [fileProblem('docs', reason)]
  }
  keepDocsPages(docs, pages)
  return []
}

async function contentOf(file: DocsFile, config: GatewayConfig, docs: DocsConfig): Promise<string | Uint8Array> {
  switch (file) {
    case 'openapi.json':
      return JSON.stringify(toPublicDocument(config, docs))
    case 'settings.json':
      return JSON.stringify(toSettings(config, docs))
    case '':
    case 'oauth2-redirect.html': {
      const html = await readDocsFile(file === '' ? 'index.html' : file)
      const texts: Readonly<Record<string, string>> = { path: docs.path, title: docs.title }
      return html.toString().replace(/\{(path|title)\}/g, (_, name: string) => escapeHtml(texts[name] ?? ''))
    }
    default:
      return readDocsFile(file)
  }
}

/**
 * What everybody may read. Of who may, it says what the gateway says when it refuses; and its version is made of itself, for
 * that of the route-scope file is made of a text that may hold secrets.
 */
function toPublicDocument(config: GatewayConfig, docs: DocsConfig): JsonObject {
  const shows = ({ path }: RouteConfig) => !docs.leaveOut.has(path)
  const { info: _, ...document } = createOpenApi(config, docs.documents, docs.title, {
    describe: outlineSecurity,
    shows,
  })
  const shown = { ...document, servers: [{ url: '/' }] }
  const version = hash('sha256', JSON.stringify(shown), 'base64url').slice(0, 12)
  return { ...shown, info: { title: docs.title, version } }
}

/** What the script of the page goes by. */
function toSettings(config: GatewayConfig, { issuer, clientId, scopes, leaveOut }: DocsConfig) {
  const routes = config.routes.filter(({ path, issuers }) => !leaveOut.has(path) && issuers.includes(issuer.name))
  const asked = routes.flatMap(({ policy, report }) => [...policy.allow, ...(report?.policy.allow ?? [])])
  const offered = new Set([...scopes, ...asked.flatMap((line) => line.scopes?.values ?? [])])
  return {
    ...{ issuer: issuer.issuer, scheme: issuer.name, clientId },
    ...{ scopes, offeredScopes: [...offered].sort() },
  }
}

function toPage(file: DocsFile, body: Buffer, docs: DocsConfig): DocsPage {
  const type = TYPES[/\w+$/.exec(file)?.[0] ?? 'html'] as string
  const etag = `"${hash('sha256', body, 'base64url').slice(0, 27)}"`
  const headers = [
    ...['Content-Type', type, 'Content-Security-Policy', contentSecurityPolicy(docs)],
    ...['X-Content-Type-Options', 'nosniff', 'X-Frame-Options', 'DENY', 'Referrer-Policy', 'no-referrer'],
    ...['Cross-Origin-Resource-Policy', 'same-origin', 'Cache-Control', 'no-cache', 'ETag', etag],
  ]
  // A page of this origin that a service answers cannot reach into this one. The end of a login must be able to.
  if (file !== 'oauth2-redirect.html') headers.push('Cross-Origin-Opener-Policy', 'same-origin-allow-popups')
  return { headers, body, etag }
}

/** Scripts and styles of this origin alone; nothing is asked of others but the issuer. The library's icons are in its styles. */
function contentSecurityPolicy({ issuer }: DocsConfig): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self' ${new URL(issuer.issuer).origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
