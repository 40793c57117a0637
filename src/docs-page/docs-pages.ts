/** The API reference page as it is answered, and where the pipeline finds it. Nothing here loads what builds it. */
import type { DocsConfig } from '../config/docs-config.ts'

export interface DocsPage {
  /** Names and values, flat. */
  readonly headers: readonly string[]
  readonly body: Uint8Array
  /** Strong (RFC 9110 section 8.8.3), with its quotes. */
  readonly etag: string
}

/** By path. */
export type DocsPages = ReadonlyMap<string, DocsPage>

/** By configuration: the pages are built once in a process, before the configuration is in force. */
const built = new WeakMap<DocsConfig, DocsPages>()

export function keepDocsPages(docs: DocsConfig, pages: DocsPages): void {
  built.set(docs, pages)
}

export function docsPagesOf(docs: DocsConfig): DocsPages | undefined {
  return built.get(docs)
}
