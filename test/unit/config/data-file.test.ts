import { describe, expect, it } from 'vitest'
import { readDataFile } from '../../../src/config/data-file.ts'
import { formatProblem } from '../../../src/config/problem.ts'

describe('a problem of a file beside the route-scope file', () => {
  it.each([
    ['a text', 'correct-horse-battery-staple\n'],
    ['no YAML', 'correct-horse-battery-staple: [\n'],
    ['a key twice', 'correct-horse-battery-staple: 1\ncorrect-horse-battery-staple: 2\n'],
  ])('names the place and never shows the line, which may be a secret: %s', (_what, text) => {
    const { found, problems } = readDataFile(text, 'secrets/admin')
    const [problem] = problems ?? [found?.problem([], 'expected an object')]
    const shown = problem === undefined ? '' : formatProblem(problem)
    expect(shown).toMatch(/^secrets\/admin:\d+:\d+: /)
    expect(shown).not.toContain('correct-horse')
  })
})
