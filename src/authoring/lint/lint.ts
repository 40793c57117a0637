/** What the authors of a file should look at, although it loads. Like other tools for people it shows values of routes. */
import { createDocument } from '../../config/document.ts'
import type { Environment } from '../../config/environment.ts'
import { type Acceptance, type FindingCode, findAcceptance, type Warning } from '../../config/findings.ts'
import type { LoadResult } from '../../config/load.ts'
import { nearest } from '../../config/nearest.ts'
import { quoteText } from '../../config/problem.ts'
import { createReport, type Report } from '../../config/report.ts'
import { createSourceFile } from '../../config/source-file.ts'
import { readYaml } from '../../config/yaml-syntax.ts'
import { createLintFile } from './rule.ts'
import { RULES } from './rules.ts'

export interface Finding extends Warning {
  readonly mend: string
  /** Why the file accepts it; absent: it does not. */
  readonly accepted?: string
}

type Loaded = Extract<LoadResult, { problems?: never }>

/** All findings, in the order of the file. `file` and `env` are those that it was loaded with. */
export function lint({ config, warnings, accepted, text }: Loaded, file: string, env: Environment): Finding[] {
  const report = reportOn(text, file, env)
  if (report === undefined) return []
  const lintFile = createLintFile(config)
  for (const [code, { find }] of entriesOf(RULES)) {
    for (const { path, at = 'value', message } of find?.(lintFile) ?? []) report.warn(code, path, message, { at })
  }
  const found = [...warnings, ...accepted, ...report.warnings]
  const surplus = report.warnings.length
  reportUnused(config.accept, found, report)
  const all = [...found, ...report.warnings.slice(surplus)]
  return all
    .map((warning): Finding => {
      const because = findAcceptance(warning, config.accept)?.because
      return { ...warning, mend: RULES[warning.code].mend, ...(because !== undefined && { accepted: because }) }
    })
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
}

/** For messages about a text that has been loaded before. */
function reportOn(text: string, file: string, env: Environment): Report | undefined {
  const source = createSourceFile(text, file)
  const { yaml } = readYaml(source)
  return yaml && createReport(source, createDocument(yaml, source, env))
}

/** An acceptance that outlives its finding would hide the next one. */
function reportUnused(accept: readonly Acceptance[], found: readonly Warning[], report: Report): void {
  for (const [index, entry] of accept.entries()) {
    const subjects = found.filter(({ code }) => code === entry.code).map(({ subject }) => subject)
    const path = ['accept', index]
    if (entry.at === undefined) {
      if (subjects.length === 0)
        report.warn('accept-unused', path, `no finding ${quoteText(entry.code)} is in this file`)
      continue
    }
    for (const [position, at] of entry.at.entries()) {
      if (subjects.includes(at)) continue
      const place = report.closest([...path, 'at', position])
      const suggestion = nearest(at, new Set(subjects))
      report.warn('accept-unused', place, `no finding ${quoteText(entry.code)} is at ${quoteText(at)}`, { suggestion })
    }
  }
}

function entriesOf<T>(record: Readonly<Record<FindingCode, T>>): [FindingCode, T][] {
  return Object.entries(record) as [FindingCode, T][]
}
