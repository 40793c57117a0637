/** A mistake in the route-scope file, and how people see it. No text here ever holds a secret or a substituted value. */

/** Keys and indexes from the top of the file. */
export type Path = readonly (string | number)[]

export interface Problem extends Place {
  /** As the caller named it. */
  readonly file: string
  readonly message: string
  /** What was probably meant. */
  readonly suggestion?: string
  /** What kind of finding this is; see `findings.ts`. */
  readonly code?: string
  /** What to do about it. */
  readonly mend?: string
}

/** A piece of the file that messages show. */
export interface Place {
  /** From 1; 0: the file as a whole. */
  readonly line: number
  /** From 1, in UTF-16 code units of the line as it stands in the file. */
  readonly column: number
  /** `routes[2].allow[0].methods`; empty for the file as a whole. */
  readonly path: string
  /** The line as written, without secrets; empty when there is none. */
  readonly source: string
  /** Where in `source` the caret belongs, from 0. */
  readonly caret: number
}

/** `routes[2].allow[0].claims["a.b"]`. */
export function formatPath(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`
      if (!/^[A-Za-z][\w-]*$/.test(part)) return `[${quoteText(part)}]`
      return index === 0 ? part : `.${part}`
    })
    .join('')
}

/** A word of the file for a message: quoted, short, and without control characters. */
export function quoteText(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 79)}…` : text
  return `"${withoutControls(short)}"`
}

/** The same number of characters, none of which moves a cursor, changes a colour or the direction of writing. */
export function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    character === '\t' ? ' ' : '·'.repeat(character.length),
  )
}

/** Place, path, message and code, then the line with a caret, and what to do. Ends without a line break. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, path, message, suggestion, code, mend, source, caret } = problem
  const place = line === 0 ? `${file}: ` : `${file}:${line}:${column}: `
  const subject = path === '' ? '' : `${path}: `
  const meant = suggestion === undefined ? '' : `; did you mean ${quoteText(suggestion)}?`
  const kind = code === undefined ? '' : ` [${code}]`
  const head = `${place}${subject}${message}${meant}${kind}`
  const margin = String(line).padStart(5)
  const blank = ' '.repeat(margin.length)
  const shown = source === '' ? '' : `\n${margin} | ${source}\n${blank} | ${' '.repeat(caret)}^`
  return `${head}${shown}${mend === undefined ? '' : `\n${blank} = ${mend}`}`
}
