/**
 * An answer to a session is about one person: no cache that several share may keep it (RFC 9111 section 5.2.2.7), whatever its
 * upstream says to caches.
 */

/**
 * Fields that speak to some caches alone, and overrule `Cache-Control` there: targeted fields (RFC 9213, `CDN-Cache-Control` and those
 * of vendors, which are named alike), and older ones of the same kind.
 */
const TARGETED = /^(?:.+-cache-control|surrogate-control|edge-control|x-accel-expires)$/
/** What allows a shared cache to keep an answer. */
const FOR_SHARED_CACHES = /^(?:public|s-maxage *=.*)$/i
const DIRECTIVE = /(?:[^,"]|"[^"]*")+/g

/**
 * Adds the fields of a session to those of an answer, flat lists both. `Cache-Control` becomes one line: there are caches that read
 * the first one only.
 */
export function addSessionFields(headers: string[], sessionFields: readonly string[]): void {
  const all = headers.splice(0)
  all.push(...sessionFields)
  const directives = new Set<string>()
  for (let i = 0; i < all.length; i += 2) {
    const [name = '', value = ''] = [all[i], all[i + 1]]
    const key = name.toLowerCase()
    if (key === 'cache-control') addDirectives(directives, value)
    else if (!TARGETED.test(key)) headers.push(name, value)
  }
  if (directives.size > 0) headers.push('Cache-Control', [...directives].join(', '))
}

function addDirectives(directives: Set<string>, value: string): void {
  for (const directive of value.match(DIRECTIVE) ?? []) {
    const text = directive.trim()
    if (text !== '' && !FOR_SHARED_CACHES.test(text)) directives.add(text)
  }
}
