import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml'
import { readPlainYaml } from '../../../src/config/plain-yaml.ts'
import { createSourceFile } from '../../../src/config/source-file.ts'
import { readAnyYaml } from '../../../src/config/yaml-syntax.ts'
import { holds } from '../../support/cases.ts'

const FIXTURES = new URL('../../fixtures/config/', import.meta.url)
const FILES = [
  readFileSync(new URL('../../../scopegate.yaml', import.meta.url), 'utf8'),
  ...readdirSync(FIXTURES)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(new URL(name, FIXTURES), 'utf8')),
]

/** All that the rest of the program looks at. The end of a block is not: no message quotes one. */
function describeNode(node: Node | null, text: string): unknown {
  if (isMap<Scalar, Node | null>(node)) {
    const items = node.items.map(({ key, value }) => [describeNode(key, text), describeNode(value, text)])
    return { ...placeOf(node, text), items }
  }
  if (isSeq<Node>(node)) return { ...placeOf(node, text), items: node.items.map((item) => describeNode(item, text)) }
  if (isScalar(node)) return { ...placeOf(node, text), value: node.value, type: node.type }
  return node
}

function placeOf(node: Node, text: string) {
  const { tag, range, anchor } = node as Node & { tag?: string; anchor?: string }
  const [start = -1, end] = range ?? []
  const isBlock = !isScalar(node) && !/[[{]/.test(text.charAt(start))
  return { tag, anchor, start, ...(!isBlock && { end }) }
}

/** Whether the text was plain. */
function compare(text: string): boolean {
  const plain = readPlainYaml(text)
  if (plain === undefined) return false
  const { yaml, problems } = readAnyYaml(createSourceFile(text, 'scopegate.yaml'))
  expect(problems, text).toEqual([])
  expect(describeNode(plain, text), text).toEqual(describeNode(yaml?.root ?? null, text))
  return true
}

const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '{ ',
    ' }',
    '[ ',
    ' ]',
    ', ',
    ',',
    ': ',
    ':',
    '\n',
    '\n',
    '\n  ',
    '\n    ',
    '- ',
    '-',
    '#',
    ' # ',
  ],
  ...[
    'a: ',
    'b: ',
    'path: ',
    '\n- ',
    '\n  - ',
    '\nb:\n  ',
    ' ',
    '  ',
    '"',
    "'",
    '\\',
    '$',
    '${A}',
    '&a ',
    '*a',
    '!t ',
    '|\n',
  ],
  ...[
    'true',
    'False',
    'null',
    '~',
    '0',
    '007',
    '1.5',
    '1e3',
    '0x1f',
    '12345678901234567890',
    '2027-03-31',
    '10s',
    '-1',
    '.inf',
  ],
  ...[
    '/orders/**',
    '/{id}',
    'orders:read',
    '? ',
    '%',
    '---',
    '\n---\n',
    '...',
    '@',
    '`',
    '<<: ',
    '\t',
    '\r\n',
    'é',
    '💥',
    '\u2028',
  ],
]

describe('readPlainYaml', () => {
  it.each(FILES.map((file) => [file.length, file]))('reads a file of %i characters without the library', (_, file) => {
    expect(compare(file)).toBe(true)
  })

  it.each([
    ['an anchor and an alias', 'a: &x 1\nb: *x'],
    ['a tag', 'a: !!str 1'],
    ['a text over several lines', 'a: one\n  two'],
    ['a block text', 'a: |\n  one'],
    ['an escape', 'a: "\\n"'],
    ['a quote within quotes', "a: 'it''s'"],
    ['a list over several lines', 'a: [1,\n  2]'],
    ['a key without a value', 'a:\nb: 1'],
    ['a key that is no word', '"a b": 1'],
    ['a key that stands twice', 'a: 1\na: 2'],
    ['a key that stands twice in braces', 'a: { b: 1, b: 2 }'],
    ['a list in a list', 'a:\n  - - 1'],
    ['a document mark', '---\na: 1'],
    ['a second document', 'a: 1\n---\na: 2'],
    ['a tab', 'a:\t1'],
    ['a line end of Windows', 'a: 1\r\nb: 2'],
    ['a byte order mark', '\ufeffa: 1'],
    ['a fraction', 'a: 1.5'],
    ['a number in hexadecimal', 'a: 0x1f'],
    ['a number too long to be exact', 'a: 12345678901234567890'],
    ['a brace in a plain text', 'a: { b: /orders/{id} }'],
    ['an indentation that fits nothing', 'a:\n    b: 1\n  c: 2'],
    ['nesting without end', `a: ${'['.repeat(10_000)}`],
    ['nothing', ''],
  ])('leaves %s to the library', (_, text) => {
    expect(readPlainYaml(text)).toBeUndefined()
  })

  it('reads as the library does whatever it reads of random pieces', () => {
    const texts = fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => `a: ${pieces.join('')}`)
    let plain = 0
    holds(
      fc.property(texts, (text) => {
        if (compare(text)) plain++
      }),
      { usual: 4_000, nightly: 200_000 },
    )
    expect(plain).toBeGreaterThan(100)
  })

  it('reads as the library does whatever it reads of files with a few slips', () => {
    const slip = fc.record({ at: fc.nat(), remove: fc.nat(3), insert: fc.constantFrom('', ...PIECES) })
    const texts = fc.tuple(fc.constantFrom(...FILES), fc.array(slip, { maxLength: 3 })).map(([file, slips]) =>
      slips.reduce((text, { at, remove, insert }) => {
        const place = at % text.length
        return text.slice(0, place) + insert + text.slice(place + remove)
      }, file),
    )
    let plain = 0
    holds(
      fc.property(texts, (text) => {
        if (compare(text)) plain++
      }),
      { usual: 400, nightly: 10_000 },
    )
    expect(plain).toBeGreaterThan(20)
  })
})
