/**
 * Cookies that belong to the gateway itself. No upstream gets or sets them, also where no login is configured: it may have been
 * until a moment ago, or on another gateway of this host.
 */

/** How their names begin. Browsers take such a cookie from this host alone, over TLS, for all paths (RFC 6265bis section 4.1.3.2). */
export const OWN_COOKIES = '__Host-scopegate-'

const ANY_CASE = /__host-scopegate-/i
const OWN = /^[\t ]*__host-scopegate-/i
/** A cookie without a name is sent as its value alone, which then looks like one with a name. */
const SETS_OWN = /^[\t ]*=?[\t ]*__host-scopegate-/i

/** The value of a `Cookie` field without the gateway's own; undefined when there were no others. */
export function withoutOwnCookies(value: string): string | undefined {
  if (!ANY_CASE.test(value)) return value
  const others = value.split(';').filter((pair) => !OWN.test(pair))
  const text = others.join(';').trim()
  return text === '' ? undefined : text
}

/** Whether a `Set-Cookie` field is for one of the gateway's own cookies. */
export function setsOwnCookie(value: string): boolean {
  return SETS_OWN.test(value)
}
