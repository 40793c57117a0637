/** Keeps secrets out of the source lines that messages show. */

/** Start and end, in characters. */
export type Range = readonly [number, number]

const REDACTED = '[redacted]'
const REFERENCE = String.raw`(?:"\$\{[A-Za-z_]\w*\}"|'\$\{[A-Za-z_]\w*\}'|\$\{[A-Za-z_]\w*\})`

/** Nothing but `${NAME}`: shows where a secret comes from, and nothing of it. */
export function isReference(written: string): boolean {
  return new RegExp(`^${REFERENCE}$`).test(written.trim())
}

const URL_CREDENTIALS = /(?<=:\/\/)\S*(?=@)/g
const KEY = /([\w-]+)(?:["']\s*:\s*|:\s+|:$)/g
const PASSWORD = /pass|pasw|pwd|secret/i
const SHOWN_VALUE = new RegExp(String.raw`^(?:\{\s*file:|${REFERENCE}\s*(?:[,}#]|$))`)

/** What looks like a secret wherever it stands: credentials in a URL, what follows a key that sounds like a password. */
export function suspiciousRanges(line: string): Range[] {
  const ranges = [...line.matchAll(URL_CREDENTIALS)].map((match): Range => [match.index, match.index + match[0].length])
  for (const match of line.matchAll(KEY)) {
    const start = match.index + match[0].length
    const isSecret = PASSWORD.test(match[1] ?? '') && !SHOWN_VALUE.test(line.slice(start))
    if (isSecret) ranges.push([start, line.length])
  }
  return ranges
}

/** The line without `secrets`; `caret` moves along. */
export function redactLine(line: string, caret: number, secrets: readonly Range[]): { text: string; caret: number } {
  let text = ''
  let end = 0
  let moved = caret
  for (const [start, stop] of merge(secrets)) {
    text += line.slice(end, start) + REDACTED
    if (caret >= stop) moved += REDACTED.length - (stop - start)
    else if (caret > start) moved -= caret - start
    end = stop
  }
  return { text: text + line.slice(end), caret: moved }
}

function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = []
  for (const [start, end] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last && start <= last[1]) merged[merged.length - 1] = [last[0], Math.max(last[1], end)]
    else if (end > start) merged.push([start, end])
  }
  return merged
}

/**
 * For a text that YAML cannot read, so that nobody knows where its values end: what follows a known key of a line, or all
 * of it, when the line belongs to a section named `redis` or `admin`, or to the section `login`, by its indentation.
 */
export function unreadableSecret(lines: readonly string[], index: number): Range | undefined {
  const line = lines[index] ?? ''
  for (let i = index, indent = Number.POSITIVE_INFINITY; i >= 0; i--) {
    const above = lines[i] ?? ''
    if (above.trim() === '') continue
    const depth = above.length - above.trimStart().length
    if (depth > indent || (depth === indent && i !== index)) continue
    indent = depth
    if (SECTION.test(above)) return afterColon(line, i === index)
  }
  return undefined
}

/** Elsewhere in a file, `login` is a name that people give to limits and paths. */
const SECTION = /\b(?:redis|admin)["']?\s*:|^["']?login["']?\s*:/i
const KNOWN_KEY =
  /^\s*["']?(?:id|secret|client|keys|publicUrl|url|password|cluster|sentinel|name|nodes|tls|username|file|host|port|names)["']?\s*:/

function afterColon(line: string, isHead: boolean): Range | undefined {
  const start = isHead ? line.search(SECTION) : 0
  const from = isHead || KNOWN_KEY.test(line) ? line.indexOf(':', start) + 1 : 0
  const value = line.slice(from)
  if (value.trim() === '' || isReference(value)) return undefined
  return [from + value.length - value.trimStart().length, line.length]
}
