/** What became of the visits: what was right, what a fault excused, and what fails the run. */
import type { FaultLog } from './faults.ts'
import type { Visitor } from './visitor.ts'

export interface Count {
  right: number
  excused: number
  tolerated: number
  wrong: number
}

export interface Tally {
  /** `startedAtMs` and `endedAtMs` are monotonic milliseconds. */
  add(visitor: Visitor, outcome: string, startedAtMs: number, endedAtMs: number): void
  readonly counts: ReadonlyMap<string, Readonly<Count>>
  /** Sentences, one for each promise that was broken. */
  complaints(): string[]
}

/** Redis has 20 ms for an answer and the issuer 2 s; where others work beside the soak, that is missed now and then. */
const TOLERATED_SHARE = 0.01
/** What comes of a visit that nobody had the time for; never a wrong answer. */
const LATE = new Set(['hung', 'cut', 'closed', '408', '502', '503', '504', 'not forwarded', '200 200 200'])
/** More are not worth printing. */
const EXAMPLES = 50
/** Of fewer visits one is no share yet. */
const TOLERATED_AT_LEAST = 3

/** @param tell Gets the first of what was wrong, as it happens. */
export function createTally(
  faults: FaultLog,
  tell: (text: string) => void,
  toleratedShare: number = TOLERATED_SHARE,
): Tally {
  const counts = new Map<string, Count>()
  let told = 0

  function judge({ expects, excuses = {}, tolerates = [] }: Visitor, outcome: string, fromMs: number, toMs: number) {
    if (expects.includes(outcome)) return 'right'
    const faultsThen = [...faults.during(fromMs, toMs)]
    if (faultsThen.some((fault) => excuses[fault]?.includes(outcome))) return 'excused'
    if (faultsThen.includes('machine') && LATE.has(outcome)) return 'excused'
    return tolerates.includes(outcome) ? 'tolerated' : 'wrong'
  }

  return {
    counts,
    add(visitor, outcome, startedAtMs, endedAtMs) {
      const count = counts.get(visitor.name) ?? { right: 0, excused: 0, tolerated: 0, wrong: 0 }
      counts.set(visitor.name, count)
      const verdict = judge(visitor, outcome, startedAtMs, endedAtMs)
      count[verdict]++
      if (verdict !== 'wrong' || told++ >= EXAMPLES) return
      const faultsThen = [...faults.during(startedAtMs, endedAtMs)].join(', ')
      const when = `${Math.round(startedAtMs)} to ${Math.round(endedAtMs)} ms`
      tell(`${visitor.name}: ${outcome} (${when}${faultsThen === '' ? '' : `, during ${faultsThen}`})`)
    },
    complaints: () =>
      [...counts].flatMap(([name, { right, excused, tolerated, wrong }]) => [
        ...(wrong > 0 ? [`${name}: ${wrong} wrong outcomes`] : []),
        ...(right === 0 ? [`${name}: never went right`] : []),
        ...(tolerated > Math.max(TOLERATED_AT_LEAST, (right + excused + tolerated) * toleratedShare)
          ? [`${name}: ${tolerated} outcomes that only a busy machine explains`]
          : []),
      ]),
  }
}
