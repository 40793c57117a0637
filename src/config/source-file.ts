import { formatPath, type Path, type Problem, withoutControls } from './problem.ts'
import { type Range, redactLine, suspiciousRanges, unreadableSecret } from './redact.ts'

const SHOWN = 120
/** Longer lines are not shown at all. */
const MAX_LINE = 2_000

export interface SourceFile {
  readonly text: string
  /** Line from 1. */
  line(offset: number): number
  /** Builds a problem that shows the line at `offset`. */
  problem(offset: number, path: Path, message: string, suggestion?: string): Problem
  /** From here on these ranges of the text are shown as `[redacted]`. Until it is called, what may be a secret is guessed. */
  setSecrets(ranges: readonly Range[]): void
}

/** The text of the file, as far as messages about it are concerned. `file` is shown as it is. */
export function createSourceFile(text: string, file: string): SourceFile {
  const starts = lineStarts(text)
  // A file without problems shows none of its lines.
  let split: readonly string[] | undefined
  const linesOf = () => {
    split ??= starts.map((start, index) => text.slice(start, starts[index + 1]).replace(/[\r\n]+$/, ''))
    return split
  }
  let secrets: readonly Range[] | undefined

  const lineIndex = (offset: number) => {
    let low = 0
    for (let high = starts.length - 1; low < high; ) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
  const secretsOfLine = (index: number): Range[] => {
    const lines = linesOf()
    const line = lines[index] ?? ''
    const start = starts[index] ?? 0
    const guess = secrets === undefined ? unreadableSecret(lines, index) : undefined
    const known = (secrets ?? []).map(([from, to]): Range => [from - start, to - start])
    const all = [...known, ...(guess ? [guess] : []), ...suspiciousRanges(line)]
    const inLine = all.map(([from, to]): Range => [Math.max(0, from), Math.min(line.length, to)])
    return inLine.filter(([from, to]) => from < to)
  }
  const cache = new Map<number, Range[]>()
  const show = (index: number, column: number) => {
    const line = linesOf()[index] ?? ''
    if (line.length > MAX_LINE) return { text: '', caret: 0 }
    const ranges = cache.get(index) ?? secretsOfLine(index)
    cache.set(index, ranges)
    return shorten(redactLine(line, column, ranges))
  }

  return {
    text,
    line: (offset) => lineIndex(offset) + 1,
    problem(offset, path, message, suggestion) {
      const index = lineIndex(offset)
      const column = Math.min(offset - (starts[index] ?? 0), linesOf()[index]?.length ?? 0)
      const shown = show(index, column)
      const place = { file, line: index + 1, column: column + 1, path: formatPath(path), message }
      const source = { source: withoutControls(shown.text), caret: shown.caret }
      return suggestion === undefined ? { ...place, ...source } : { ...place, suggestion, ...source }
    },
    setSecrets(ranges) {
      secrets = ranges
      cache.clear()
    },
  }
}

/** Offsets at which the lines begin. A line ends in LF, CR LF or CR. */
function lineStarts(text: string): number[] {
  const starts = [0]
  for (const end of text.matchAll(/\r\n|\n|\r/g)) starts.push(end.index + end[0].length)
  return starts
}

/** A problem of the file as a whole. */
export function fileProblem(file: string, message: string): Problem {
  return { file, line: 0, column: 0, path: '', message, source: '', caret: 0 }
}

/** At most `SHOWN` characters of the line, around the caret. */
function shorten({ text, caret }: { text: string; caret: number }): { text: string; caret: number } {
  const trimmed = text.trimEnd()
  if (trimmed.length <= SHOWN) return { text: trimmed, caret: Math.min(caret, trimmed.length) }
  const start = Math.max(0, Math.min(caret - SHOWN / 2, trimmed.length - SHOWN))
  const before = start > 0 ? '…' : ''
  const after = start + SHOWN < trimmed.length ? '…' : ''
  return {
    text: before + trimmed.slice(start, start + SHOWN) + after,
    caret: Math.min(caret, trimmed.length) - start + before.length,
  }
}
