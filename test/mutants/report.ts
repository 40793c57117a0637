/** What became of the mutants, for people and for a file. */
import type { Mutant } from './mutant.ts'
import type { Outcome } from './workplace.ts'

export interface Result {
  readonly area: string
  readonly mutant: Mutant
  readonly outcome: Outcome
}

/** `killed`, by an assertion or by time; `explained`: survived, and why is written down; everything else is `bad`. */
export function verdictOf({ mutant, outcome: { kind } }: Result): 'killed' | 'explained' | 'bad' {
  const isDead = kind === 'killed' || kind === 'timed-out'
  if (mutant.survives === undefined) return isDead ? 'killed' : 'bad'
  return kind === 'survived' ? 'explained' : 'bad'
}

/** One line for a result as it comes. */
export function describeResult(result: Result): string {
  const { area, mutant, outcome } = result
  const mark = verdictOf(result) === 'bad' ? `${outcome.kind.toUpperCase()}:` : `${outcome.kind}:`
  const text = outcome.kind === 'survived' ? (mutant.survives ?? mutant.removes) : outcome.by.split('\n')[0]
  return `${mark} ${area}/${mutant.id}  ${text}`
}

export function toMarkdown(results: readonly Result[]): string {
  const areas = [...new Set(results.map(({ area }) => area))]
  const rows = areas.map((area) => {
    const own = results.filter((result) => result.area === area)
    const count = (verdict: string) => own.filter((result) => verdictOf(result) === verdict).length
    const late = own.filter(({ outcome }) => outcome.kind === 'timed-out').length
    return `| ${area} | ${own.length} | ${count('killed')} | ${late} | ${count('explained')} | ${count('bad')} |`
  })
  const notKilled = results.filter((result) => verdictOf(result) !== 'killed')
  const list = notKilled.map(({ area, mutant, outcome }) => {
    return `- \`${area}/${mutant.id}\` (${outcome.kind}): ${mutant.removes}. ${mutant.survives ?? outcome.by}`
  })
  const head =
    '| Area | Mutants | Killed | of these by time | Survived, explained | Survived |\n|---|---|---|---|---|---|'
  return `# Mutants\n\n${[head, ...rows].join('\n')}\n${list.length === 0 ? '' : `\n${list.join('\n')}\n`}`
}

/** The last line of a run. */
export function summarize(results: readonly Result[]): string {
  const count = (verdict: string) => results.filter((result) => verdictOf(result) === verdict).length
  const explained = count('explained')
  const rest = explained === 0 ? '' : ` (and ${explained} explained)`
  return `${count('killed')} killed, ${count('bad')} survived${rest}`
}
