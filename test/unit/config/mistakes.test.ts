import { describe, expect, it } from 'vitest'
import { complete, load, readMistakes, show } from './mistakes.ts'

const mistakes = readMistakes()

describe('loadConfig: mistakes (test/fixtures/config/mistakes.txt)', () => {
  it.each(mistakes)('reports $name', ({ text, expected }) => {
    const shown = show(load(complete(text)))
    expect(shown).not.toBe('')
    expect(shown).toBe(expected)
  })

  it('covers many of them', () => {
    expect(mistakes.length).toBeGreaterThan(100)
  })

  it.each(mistakes)('points at a place that is in the file: $name', ({ text }) => {
    const lines = complete(text).split('\n')
    for (const { line, column } of load(complete(text)).problems ?? []) {
      expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1)
    }
  })
})
