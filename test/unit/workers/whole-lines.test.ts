import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createWholeLines } from '../../../src/workers/whole-lines.ts'
import { holds } from '../../support/cases.ts'

function passed(chunks: readonly Buffer[]): string[] {
  const lines: string[] = []
  const take = createWholeLines((text) => lines.push(text))
  for (const chunk of chunks) take(chunk)
  return lines
}

describe('whole lines', () => {
  it('passes on what ends with a line, and keeps the rest for later', () => {
    expect(passed(['a', 'b\nc', '\n', 'd\ne\n', 'f'].map((text) => Buffer.from(text)))).toEqual([
      'ab\n',
      'c\n',
      'd\ne\n',
    ])
  })

  it('holds for any text in any pieces, also when a character is cut in two', () => {
    holds(
      fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.nat(40)), (text, cuts) => {
        const bytes = Buffer.from(`${text}\nä\n`)
        const at = [...new Set([0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length])].sort(
          (a, b) => a - b,
        )
        const lines = passed(at.slice(1).map((end, i) => bytes.subarray(at[i], end)))
        expect(lines.join('')).toBe(`${text}\nä\n`)
        for (const line of lines) expect(line.endsWith('\n')).toBe(true)
      }),
    )
  })
})
