/** Deeper than any token needs, and shallow enough for whoever walks the claims by recursion. */
const MAX_DEPTH = 64

/**
 * Parses JSON text (RFC 8259) and throws a SyntaxError where parsers would disagree on the meaning: when an object
 * repeats a member name, at any depth and however it is escaped (RFC 7515 section 4, RFC 7519 section 4), and when
 * containers nest more than 64 deep.
 */
export function parseStrictJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  assertUniqueNames(text)
  return value
}

/** Own member of a JSON object: nothing is read from prototypes, arrays or strings. */
export function ownMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
    return undefined
  return (value as Record<string, unknown>)[name]
}

/** Member names of an open object; null for an open array. */
type Container = Set<string> | null

/** Walks over text that `JSON.parse` has accepted, so that only strings and brackets matter. */
function assertUniqueNames(text: string): void {
  const open: Container[] = []
  let names: Container = null
  let nameIsNext = false
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at)
        if (nameIsNext) addName(names, text.slice(at, end + 1))
        nameIsNext = false
        at = end
        break
      }
      case '{':
      case '[':
        open.push(names)
        if (open.length > MAX_DEPTH) throw new SyntaxError('nested too deep')
        names = text[at] === '{' ? new Set() : null
        nameIsNext = names !== null
        break
      case '}':
      case ']':
        names = open.pop() ?? null
        nameIsNext = false
        break
      case ',':
        nameIsNext = names !== null
    }
  }
}

function addName(names: Container, literal: string): void {
  const name = literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1)
  if (names?.has(name)) throw new SyntaxError('repeated member name')
  names?.add(name)
}

/** Index of the quote that closes the string opened at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text[end - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return end
  }
}
