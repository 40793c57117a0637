/** `docs` as the page is built from it: checked, references resolved, defaults applied. */
import type { IssuerConfig, RouteConfig } from './gateway-config.ts'
import type { ApiDocument } from './openapi/read-document.ts'

export interface DocsConfig {
  /** Of the page; its files stand below it. */
  readonly path: string
  readonly title: string
  readonly clientId: string
  /** Where the page logs in. */
  readonly issuer: IssuerConfig
  readonly scopes: readonly string[]
  /** Paths of routes, as written. */
  readonly leaveOut: ReadonlySet<string>
  /** Of upstreams whose document is a file, by their names. */
  readonly documents: ReadonlyMap<string, ApiDocument>
  /** The page and its files, as routes that no upstream serves. */
  readonly pages: readonly RouteConfig[]
}

/** Names below the page's path; empty: the page itself. */
export const DOCS_FILES = [
  '',
  'page.js',
  'page.css',
  'swagger-ui-bundle.js',
  'swagger-ui.css',
  'settings.json',
  'openapi.json',
  'oauth2-redirect.html',
  'oauth2-redirect.js',
] as const

export type DocsFile = (typeof DOCS_FILES)[number]

/** Where a file of the page stands. */
export function docsFilePath(page: string, file: DocsFile): string {
  return file === '' ? page : `${page}/${file}`
}
