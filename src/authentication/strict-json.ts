/** Deeper than any token needs, and shallow enough for whoever walks the claims by recursion. */
const MAX_DEPTH = 64
const QUOTE = 0x22
const COLON = 0x3a

/**
 * Parses JSON text (RFC 8259) and throws a SyntaxError where parsers would disagree on the meaning: when an object
 * repeats a member name, at any depth and however it is escaped (RFC 7515 section 4, RFC 7519 section 4), and when
 * containers nest more than 64 deep.
 */
export function parseStrictJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  assertUniqueNames(text, value)
  return value
}

/** Own member of a JSON object: nothing is read from prototypes, arrays or strings. */
export function ownMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
    return undefined
  return (value as Record<string, unknown>)[name]
}

/**
 * A parser keeps one member of each name, so an object that repeats one has fewer members than its text has. Each
 * member has one colon outside strings; comparing the sums costs a fraction of collecting names a second time.
 */
function assertUniqueNames(text: string, value: unknown): void {
  if (countMembers(value, 0) !== countColons(text)) throw new SyntaxError('repeated member name')
}

/** Members of all objects in a parsed value, inside `depth` containers. */
function countMembers(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth === MAX_DEPTH) throw new SyntaxError('nested too deep')
  const children = Object.values(value)
  let members = Array.isArray(value) ? 0 : children.length
  for (const child of children) members += countMembers(child, depth + 1)
  return members
}

/** Colons outside strings, of text that `JSON.parse` has accepted. */
function countColons(text: string): number {
  let colons = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === COLON) colons++
  }
  return colons
}

/** Index of the quote that closes the string opened at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text[end - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return end
  }
}
