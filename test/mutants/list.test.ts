/** A list that rots tests nothing: each mutant fits the code as it is, and the tests that must notice it are there. */
import { existsSync, readFileSync } from 'node:fs'
import { parseAst } from 'rolldown/parseAst'
import { describe, expect, it } from 'vitest'
import { MUTANTS } from './list.ts'
import { applyChange, changesOf, type Mutant } from './mutant.ts'

const rooted = (file: string) => new URL(`../../${file}`, import.meta.url)
const all = Object.values(MUTANTS).flat()

/** What is wrong with a mutant; undefined: nothing. */
function problemOf(mutant: Mutant): string | undefined {
  const missing = mutant.tests.find((test) => !existsSync(rooted(`test/${test}`)))
  if (missing !== undefined || mutant.tests.length === 0) return `there is no test ${missing}`
  if (mutant.tests.some((test) => test.startsWith('e2e/')))
    return 'its tests need Keycloak, which no run of mutants starts'
  const texts = new Map<string, string>()
  try {
    for (const change of changesOf(mutant)) {
      const text = texts.get(change.file) ?? readFileSync(rooted(change.file), 'utf8')
      texts.set(change.file, applyChange(text, change))
    }
    for (const [file, text] of texts) if (file.endsWith('.ts')) parseAst(text, { lang: 'ts' })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

describe('the mutants', () => {
  it('fit the code as it is, can be parsed, and have tests', () => {
    expect(
      all.flatMap((mutant) => (problemOf(mutant) === undefined ? [] : [`${mutant.id}: ${problemOf(mutant)}`])),
    ).toEqual([])
  })

  it('have names of their own', () => {
    const names = [...Object.keys(MUTANTS), ...all.map(({ id }) => id)]
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  it('are found wanting when their text is not there, or twice, or stays', () => {
    const text = 'a b a'
    expect(applyChange(text, { file: 'f', find: 'b', replace: 'c' })).toBe('a c a')
    expect(() => applyChange(text, { file: 'f', find: 'x', replace: 'c' })).toThrow('f does not hold: x')
    expect(() => applyChange(text, { file: 'f', find: 'a', replace: 'c' })).toThrow('f holds more than once: a')
    expect(() => applyChange(text, { file: 'f', find: 'b', replace: 'b' })).toThrow('nothing changes in f: b')
  })
})
