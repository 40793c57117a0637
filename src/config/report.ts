import type { ConfigDocument } from './document.ts'
import type { FindingCode, Warning } from './findings.ts'
import { formatPath, type Path, type Place, type Problem, quoteText } from './problem.ts'
import { valueAt } from './schema-problems.ts'
import type { SourceFile } from './source-file.ts'

interface Where {
  readonly at?: 'key' | 'value'
  readonly suggestion?: string | undefined
}

/** Where the checks put what they find. */
export interface Report {
  error(path: Path, message: string, where?: Where): void
  warn(code: FindingCode, path: Path, message: string, where?: Where): void
  /** A problem of another file that this one names. */
  add(problem: Problem): void
  /** The value as the file writes it, quoted: the only way a value gets into a message. */
  quote(path: Path): string
  /** Where something stands, for messages about it that come later. */
  place(path: Path): Place
  /** Line of what stands at `path`, from 1. */
  line(path: Path): number
  isSubstituted(path: Path): boolean
  /** `path`, or the longest part of it that stands in the file: where a field may be written in a shorter way. */
  closest(path: Path): Path
  readonly problems: readonly Problem[]
  readonly warnings: readonly Warning[]
}

export function createReport(source: SourceFile, document: ConfigDocument): Report {
  const problems: Problem[] = [...document.problems]
  const warnings: Warning[] = []
  // What could not be filled in has been reported, and is not what it was meant to be.
  const unfilled = new Set(document.problems.map(({ path }) => path))
  const build = (path: Path, message: string, { at = 'value', suggestion }: Where = {}) =>
    source.problem(document.offset(path, at), path, message, suggestion)
  return {
    problems,
    warnings,
    error: (path, message, where) => {
      if (!unfilled.has(formatPath(path))) problems.push(build(path, message, where))
    },
    warn: (code, path, message, where) => {
      warnings.push({ ...build(path, message, where), code, subject: subjectOf(path, document.data) })
    },
    add: (problem) => void problems.push(problem),
    quote: (path) => quoteText(document.written(path)),
    place(path) {
      const { file: _, message: __, ...place } = build(path, '')
      return place
    },
    line: (path) => source.line(document.offset(path)),
    closest: (path) => document.closest(path),
    isSubstituted: (path) => document.isSubstituted(path),
  }
}

/** What `accept` calls this place: path of a route, `upstreams.orders`, or a section. */
function subjectOf([section = '', entry]: Path, data: unknown): string {
  if (section === 'routes' && entry !== undefined) return String(valueAt(data, [section, entry, 'path']))
  return typeof entry === 'string' ? `${section}.${entry}` : String(section)
}
