/** Every lesson from elsewhere has a test over here, and a mutant which shows that the test can fail. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ADVISORIES } from './advisories.ts'
import { FLAWS, NOT_OURS, PITFALLS } from './concerns.ts'
import { MUTANTS } from './list.ts'

const CONCERNS = [...ADVISORIES, ...FLAWS, ...PITFALLS]
const IDS = CONCERNS.flatMap(({ ids }) => ids)
const GUARDED = new Set(
  Object.values(MUTANTS)
    .flat()
    .filter(({ survives }) => survives === undefined)
    .flatMap(({ guards }) => guards),
)
const numbers = (word: string, count: number) => Array.from({ length: count }, (_, i) => `${word} ${i + 1}`)

describe('what went wrong elsewhere', () => {
  it.each(CONCERNS)('has a test: $ids', ({ tests }) => {
    expect(tests).not.toEqual([])
    for (const [file, words] of tests) {
      expect(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')).toContain(words)
    }
  })

  it('has a mutant for each, and each that a mutant names is listed', () => {
    expect(IDS.filter((id) => !GUARDED.has(id))).toEqual([])
    const named = [...GUARDED].filter((guard) => /^(CVE|GHSA)-|^(flaw|pitfall) /.test(guard))
    expect(named.filter((guard) => !IDS.includes(guard))).toEqual([])
  })

  it('is listed once each, and whole', () => {
    expect(IDS.filter((id, index) => IDS.indexOf(id) !== index)).toEqual([])
    expect(IDS).toEqual(expect.arrayContaining(numbers('flaw', 13)))
    expect([...IDS, ...Object.keys(NOT_OURS)]).toEqual(expect.arrayContaining(numbers('pitfall', 24)))
    expect(ADVISORIES.flatMap(({ ids }) => ids)).toHaveLength(43)
  })
})
