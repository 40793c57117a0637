import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance } from '../../../src/config/nearest.ts'
import { formatProblem } from '../../../src/config/problem.ts'
import { fileSchema } from '../../../src/config/schema.ts'
import { holds } from '../../support/cases.ts'
import { complete, load, readMistakes } from './mistakes.ts'

const FULL = readFileSync(new URL('../../fixtures/config/full.yaml', import.meta.url), 'utf8')
const PIECES = [
  '{',
  '}',
  '[',
  ']',
  ': ',
  '\n',
  '\n  ',
  '- ',
  '&a ',
  '*a',
  '!t ',
  '"',
  "'",
  '|\n',
  '${A}',
  '${',
  '<<: ',
  '#',
  '%',
  '\t',
  '\0',
  '💥',
  '~',
  '1e999',
  '---\n',
  '? ',
  'null',
  'any',
  '/**',
]

const SECTIONS = fileSchema.shape

function assertGood(text: string): void {
  const result = load(text, { A: 'value' })
  if (result.config) return
  expect(result.problems.length).toBeGreaterThan(0)
  for (const problem of result.problems) {
    expect(formatProblem(problem)).not.toBe('')
    expect(problem.caret).toBeGreaterThanOrEqual(0)
    expect(problem.caret).toBeLessThanOrEqual(problem.source.length)
  }
}

describe('loadConfig: properties', () => {
  it('returns problems, and never throws, for any text', () => {
    holds(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), assertGood), { usual: 300, nightly: 10_000 })
    const pieces = fc.array(fc.constantFrom(...PIECES, 'routes', 'redis', 'to', 'a'), { maxLength: 40 })
    holds(
      fc.property(pieces, (all) => assertGood(all.join(''))),
      { usual: 1000, nightly: 20_000 },
    )
  })

  it('never throws for any data in place of any value', () => {
    const value = fc.json({ maxDepth: 3 })
    const key = fc.constantFrom(
      'issuers',
      'upstreams',
      'rateLimits',
      'cors',
      'defaults',
      'routes',
      'tests',
      'redis',
      'admin',
      'identity',
    )
    holds(
      fc.property(key, value, (name, json) => assertGood(complete(`${name}: ${json}\n`))),
      { usual: 300, nightly: 10_000 },
    )
  })

  it.each(['constructor', 'valueOf', 'toString', 'hasOwnProperty', '__proto__', '__defineGetter__'])(
    'never throws for the key %s, which every object inherits, in any place',
    (name) => {
      for (const section of Object.keys(SECTIONS)) assertGood(complete(`${section}: { ${name}: { ${name}: [1] } }\n`))
      assertGood(complete(`${name}: { a: 1 }\n`))
      assertGood(
        complete(`routes: [{ path: /, to: up, ${name}: 1, allow: [{ ${name}: 1 }] }, { to: { ${name}: a } }]\n`),
      )
      assertGood(complete(`defaults: { issuer: ${name}, rateLimits: [${name}], cors: ${name} }\n`))
    },
  )

  it('never throws for a good file with a piece put in or a stretch cut out', () => {
    const place = fc.nat(FULL.length)
    const edit = fc.tuple(place, fc.nat(20), fc.constantFrom('', ...PIECES))
    const edited = fc.property(edit, ([start, length, piece]) => {
      assertGood(FULL.slice(0, start) + piece + FULL.slice(start + length))
    })
    holds(edited, { usual: 200, nightly: 5_000 })
  })

  it('never throws for two mistakes in one file', () => {
    const texts = readMistakes().map(({ text }) => text)
    for (const [index, text] of texts.entries()) assertGood(complete(text + texts[(index * 7 + 3) % texts.length]))
  })
})

describe('editDistance', () => {
  it('is a distance: nothing for equal words, the same both ways, at most the longer word', () => {
    const word = fc.string({ maxLength: 8 })
    holds(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b)
        expect(distance === 0).toBe(a === b)
        expect(distance).toBe(editDistance(b, a))
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
      }),
    )
  })

  it.each([
    ['kitten', 'sitting', 3],
    ['mian', 'main', 1],
    ['scope', 'scopes', 1],
    ['', 'abc', 3],
  ])('from %j to %j is %i', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance)
  })
})
