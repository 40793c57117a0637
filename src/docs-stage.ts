/** The API reference page on the path of a request. */
import type { DocsPages } from './docs-page/docs-pages.ts'
import type { Visit } from './visit.ts'

/** Answers the page or one of its files. Rejects when none of that name was built. */
export async function answerDocs(visit: Visit, pages: DocsPages): Promise<void> {
  const page = pages.get(visit.routePath)
  if (page === undefined) throw new Error(`nothing is built for ${visit.routePath}`)
  const { body, etag } = page
  const headers = [...page.headers]
  visit.addAnswerFields(headers)
  const isKnown = knows(visit.header('if-none-match'), etag)
  visit.answer('docs', isKnown ? { status: 304, headers, body: '' } : { status: 200, headers, body })
}

/** By weak comparison (RFC 9110 section 13.1.2). */
function knows(field: string | undefined, etag: string): boolean {
  const tags = field?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? []
  return tags.includes(etag) || tags.includes('*')
}
