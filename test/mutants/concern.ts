/** Something that went wrong elsewhere, and the tests that keep it from going wrong here. */

export interface Concern {
  /** Advisories, `flaw n`, `pitfall n`: what mutants name as `guards`. */
  readonly ids: readonly string[]
  readonly about: string
  /** A file below `test/`, and words that stand in it: a title, or a row of a table. */
  readonly tests: readonly Place[]
}

type Place = readonly [file: string, words: string]

/** @param ids with blanks between them, but for `flaw n` and `pitfall n` */
export function concern(ids: string, about: string, ...tests: readonly Place[]): Concern {
  return { ids: ids.match(/(?:flaw|pitfall) \d+|\S+/g) ?? [], about, tests }
}
