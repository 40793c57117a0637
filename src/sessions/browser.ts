/** What a browser says of a request: who made it, and what for (Fetch Metadata). Pages cannot set these fields themselves. */

export interface BrowserRequest {
  readonly method: string
  /** A WebSocket handshake. CORS does not apply to it, so it is judged like a method that changes something. */
  readonly isUpgrade: boolean
  /** By lower-case name. */
  header(name: string): string | undefined
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/**
 * Whether a request that changes something comes from a page that may make it: one of this origin, or of one of `others`,
 * to which the file gives credentials. Cookies alone do not say so: browsers add them to what any page of the site asks for.
 * Without both fields the answer is no.
 */
export function isFromOwnPage(request: BrowserRequest, ownOrigin: string, others: ReadonlySet<string>): boolean {
  const site = request.header('sec-fetch-site')
  if (site === 'same-origin') return true
  const origin = request.header('origin')
  if (origin === undefined) return false
  return (origin === ownOrigin && site === undefined) || others.has(origin)
}

/** Whether it changes something, or may: then its page matters. */
export function isUnsafe({ method, isUpgrade }: BrowserRequest): boolean {
  return isUpgrade || !SAFE.has(method)
}

/** Whether it opens a page, so that sending it to the login makes sense; a script would get the login page as its data. */
export function isNavigation(request: BrowserRequest): boolean {
  if (isUnsafe(request)) return false
  const mode = request.header('sec-fetch-mode')
  if (mode !== undefined) return mode === 'navigate' && request.header('sec-fetch-dest') !== 'iframe'
  return /(?:^|,)\s*text\/html\s*(?:[,;]|$)/i.test(request.header('accept') ?? '')
}
