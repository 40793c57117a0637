/** A change to one file that removes one protection. Some test must die of it. */

export interface Mutant {
  /** Unique, kebab-case. */
  readonly id: string
  /** Below the project's folder. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** What no longer holds with it. */
  readonly removes: string
  /** What the protection is there for: advisories, `flaw 4`, `pitfall 9`, sections of RFCs. */
  readonly guards: readonly string[]
  /** Test files below `test/` of which one must fail. */
  readonly tests: readonly string[]
  /** More changes, where a protection stands twice: each alone would be noticed by nobody. */
  readonly also: readonly Change[]
  /** Why no test can notice it. A mutant with this must survive: one that dies is no longer explained. */
  readonly survives: string | undefined
}

export type Change = Pick<Mutant, 'file' | 'find' | 'replace'>

interface Entry extends Pick<Mutant, 'id' | 'find' | 'replace' | 'removes'> {
  readonly guards?: readonly string[]
  readonly tests?: readonly string[]
  readonly also?: readonly Change[]
  readonly survives?: string
}

/** The mutants of one file. @param tests those that must notice, where an entry does not name its own */
export function inFile(file: string, tests: readonly string[], entries: readonly Entry[]): Mutant[] {
  return entries.map((entry) => ({
    guards: [],
    tests,
    also: [],
    survives: undefined,
    ...entry,
    file: `src/${file}`,
  }))
}

/** All changes of a mutant, the first one its own. */
export function changesOf(mutant: Mutant): readonly Change[] {
  return [mutant, ...mutant.also]
}

/** Throws unless the text to be replaced stands in `text` exactly once. */
export function applyChange(text: string, { file, find, replace }: Change): string {
  const at = text.indexOf(find)
  if (at === -1) throw new Error(`${file} does not hold: ${find}`)
  if (text.indexOf(find, at + 1) !== -1) throw new Error(`${file} holds more than once: ${find}`)
  if (find === replace) throw new Error(`nothing changes in ${file}: ${find}`)
  return text.slice(0, at) + replace + text.slice(at + find.length)
}
