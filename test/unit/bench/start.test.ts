import { describe, expect, it } from 'vitest'
import { describeStart, summariseStart, tooSlow, toStartTable } from '../../../bench/start/start.ts'
import saved from '../../../bench/start.json' with { type: 'json' }
import { readProjectFile } from '../../support/documents.ts'

const measured = (id: string, ...ms: number[]) => ({ contestant: { id, title: `the ${id}` }, ms })

describe('the bench of starts', () => {
  it('compares medians with the hello server of the same run', () => {
    const rows = summariseStart([measured('jwks', 190, 180, 600), measured('hello', 40, 30, 90)])
    expect(rows).toEqual([
      { id: 'jwks', title: 'the jwks', ms: { median: 190, min: 180, max: 600 }, moreMs: 150 },
      { id: 'hello', title: 'the hello', ms: { median: 40, min: 30, max: 90 }, moreMs: 0 },
    ])
    expect(tooSlow(rows)).toEqual([])
    expect(toStartTable(rows)).toMatch(/^the jwks +190 +180–600 +\+150\nthe hello +40 +30–90 +\+0$/m)
  })

  it.each([
    ['takes longer than it may', [measured('hello', 40), measured('jwks', 190.1)]],
    ['stands alone, with nothing to compare it with', [measured('jwks', 100)]],
  ])('fails a start that %s', (_what, rows) => {
    expect(tooSlow(summariseStart(rows))).toMatchObject([{ id: 'jwks' }])
  })
})

describe('the saved run of starts', () => {
  it('is one in which no start took too long', () => {
    expect(saved.rows.map(({ id }) => id)).toEqual(['hello', 'jwks', 'discovery'])
    expect(tooSlow(saved.rows)).toEqual([])
    expect(saved.rounds).toBeGreaterThanOrEqual(15)
  })

  it('is what README says', () => {
    const text = readProjectFile('README.md').replace(/\s+/g, ' ')
    expect(text.match(/A first verified request .*? takes \d+ ms\./)?.[0]).toBe(describeStart(saved))
  })
})
