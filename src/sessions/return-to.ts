/** Where a browser goes after a login. Only ever a path of this gateway: anything else would be an open redirect. */
import { readRequestTarget } from '../routing/request-target.ts'

/**
 * It is kept in a cookie, and any page can begin logins: those of all that may be open at once must leave room among the fields
 * of a request, or the browser would be refused until they end.
 */
const MAX_BYTES = 512

/**
 * A path with its query, canonical as the gateway itself would read it; undefined for everything that it would refuse, such as
 * `//evil`, `/\evil`, controls and absolute URLs, and for the login's own pages, which lead back there.
 * @param ownPath under which these stand
 */
export function readReturnTo(text: string, ownPath: string): string | undefined {
  try {
    const { path, query } = readRequestTarget(text, MAX_BYTES)
    return path === ownPath || path.startsWith(`${ownPath}/`) ? undefined : path + query
  } catch {
    return undefined
  }
}
