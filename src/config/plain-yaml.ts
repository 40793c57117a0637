/**
 * The plain part of YAML 1.2 that nearly every file stays within, read about ten times as fast as the library reads it:
 * mappings and lists by indentation, `{ … }` and `[ … ]` on one line, texts without escapes, comments. Whatever else a file
 * holds, or is wrong in it, is left to the library. test/unit/config/plain-yaml.test.ts compares the two.
 */
import { type Node, Scalar, type YAMLMap, type YAMLSeq } from 'yaml'
import { createList, createMap, createPair, createScalar } from './plain-nodes.ts'

const MAX_DEPTH = 30
const [NEWLINE, SPACE, HASH] = [0x0a, 0x20, 0x23]

/** No controls, tabs, carriage returns, byte order marks or line separators. */
const TEXT = /^[\n\x20-\x7e\u00a0-\u2027\u202a-\ufefe\uff00-\uffff]*$/
const KEY = /([A-Za-z_/][\w./-]{0,100}):(?=[ \n]|$)/y
const PLAIN = /[\w$/](?:[^ \n:#]+|:(?=[^ \n])| +(?=[^ \n#]))*/y
const PLAIN_IN_FLOW = /[\w$/](?:[^ \n:#,[\]{}]+|:(?=[^ \n,[\]{}])| +(?=[^ \n:#,[\]{}]))*/y
const DOUBLE_QUOTED = /"[^"\\\n]*"/y
const SINGLE_QUOTED = /'[^'\n]*'(?!')/y
/** Of YAML's other numbers; those of up to 15 digits are read here. */
const NUMBER = /^(?:0o[0-7]+|0x[\da-fA-F]+|\d+|\d+\.\d*|\d+(?:\.\d*)?[eE][-+]?\d+)$/

const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
  ...['null', 'Null', 'NULL'].map((word) => [word, null] as const),
])

interface Cursor {
  readonly text: string
  /** Offset of what is read next. */
  at: number
  /** Column of what is read next in its line, from 0; -1 at the end of the text. */
  indent: number
  depth: number
}

class NotPlain extends Error {}

/** The root of the file, with the same values and positions that the library gives; undefined: it is for the library. */
export function readPlainYaml(text: string): Node | undefined {
  if (!TEXT.test(text)) return undefined
  const cursor: Cursor = { text, at: 0, indent: 0, depth: 0 }
  try {
    nextLine(cursor)
    if (cursor.indent !== 0) return undefined
    return readMap(cursor)
  } catch (error) {
    if (error instanceof NotPlain) return undefined
    throw error
  }
}

function readMap(cursor: Cursor): Node {
  const { indent } = cursor
  const map = createMap()
  const start = enter(cursor)
  const names = new Set<string>()
  do {
    const key = readKey(cursor, names)
    map.items.push(createPair(key, readMapValue(cursor, indent)))
  } while (cursor.indent === indent)
  return leave(cursor, map, start, indent)
}

function readMapValue(cursor: Cursor, indent: number): Node {
  const afterColon = cursor.at
  skipSpaces(cursor)
  const code = cursor.text.charCodeAt(cursor.at)
  if (code !== NEWLINE && code !== HASH) return readLine(cursor)
  cursor.at = afterColon
  endLine(cursor)
  if (cursor.indent === indent && isDash(cursor)) return readList(cursor)
  if (cursor.indent <= indent) throw new NotPlain()
  return isDash(cursor) ? readList(cursor) : readMap(cursor)
}

function readList(cursor: Cursor): Node {
  const { indent } = cursor
  const list = createList()
  const start = enter(cursor)
  do {
    const dash = cursor.at++
    skipSpaces(cursor)
    KEY.lastIndex = cursor.at
    if (KEY.test(cursor.text)) {
      cursor.indent = indent + cursor.at - dash
      list.items.push(readMap(cursor))
    } else list.items.push(readLine(cursor))
  } while (cursor.indent === indent && isDash(cursor))
  return leave(cursor, list, start, indent)
}

/** A value and the end of its line. */
function readLine(cursor: Cursor): Node {
  const value = readValue(cursor, PLAIN)
  endLine(cursor)
  return value
}

function readValue(cursor: Cursor, plain: RegExp): Node {
  switch (cursor.text[cursor.at]) {
    case '{':
      return readFlowMap(cursor)
    case '[':
      return readFlowList(cursor)
    case '"':
      return readQuoted(cursor, DOUBLE_QUOTED, Scalar.QUOTE_DOUBLE)
    case "'":
      return readQuoted(cursor, SINGLE_QUOTED, Scalar.QUOTE_SINGLE)
    default: {
      const start = cursor.at
      const source = take(cursor, plain)
      return createScalar(plainValue(source), Scalar.PLAIN, start, cursor.at)
    }
  }
}

function readFlowMap(cursor: Cursor): Node {
  const map = createMap()
  const names = new Set<string>()
  return readFlow(cursor, map, '}', () => {
    const key = readKey(cursor, names)
    skipSpaces(cursor)
    map.items.push(createPair(key, readValue(cursor, PLAIN_IN_FLOW)))
  })
}

function readFlowList(cursor: Cursor): Node {
  const list = createList()
  return readFlow(cursor, list, ']', () => void list.items.push(readValue(cursor, PLAIN_IN_FLOW)))
}

function readFlow(cursor: Cursor, node: YAMLMap | YAMLSeq, end: string, readItem: () => void): Node {
  const start = enter(cursor)
  cursor.at++
  skipSpaces(cursor)
  for (let isFirst = true; cursor.text[cursor.at] !== end; isFirst = false) {
    if (!isFirst) expectComma(cursor)
    readItem()
    skipSpaces(cursor)
  }
  cursor.at++
  cursor.depth--
  node.range = [start, cursor.at, cursor.at]
  return node
}

function expectComma(cursor: Cursor): void {
  if (cursor.text[cursor.at] !== ',') throw new NotPlain()
  cursor.at++
  skipSpaces(cursor)
}

/** A key and its colon; a key that stands twice is a mistake. */
function readKey(cursor: Cursor, names: Set<string>): Scalar {
  const start = cursor.at
  const name = take(cursor, KEY).slice(0, -1)
  if (names.has(name)) throw new NotPlain()
  names.add(name)
  return createScalar(name, Scalar.PLAIN, start, start + name.length)
}

function readQuoted(cursor: Cursor, pattern: RegExp, type: Scalar.Type): Node {
  const start = cursor.at
  return createScalar(take(cursor, pattern).slice(1, -1), type, start, cursor.at)
}

function plainValue(source: string): unknown {
  const word = WORDS.get(source)
  if (word !== undefined) return word
  if (!NUMBER.test(source)) return source
  if (!/^\d{1,15}$/.test(source)) throw new NotPlain()
  return Number(source)
}

function take(cursor: Cursor, pattern: RegExp): string {
  pattern.lastIndex = cursor.at
  const [found] = pattern.exec(cursor.text) ?? []
  if (found === undefined) throw new NotPlain()
  cursor.at += found.length
  return found
}

/** Offset of a collection that begins here. */
function enter(cursor: Cursor): number {
  if (++cursor.depth > MAX_DEPTH) throw new NotPlain()
  return cursor.at
}

function leave(cursor: Cursor, node: YAMLMap | YAMLSeq, start: number, indent: number): Node {
  if (cursor.indent > indent) throw new NotPlain()
  cursor.depth--
  node.range = [start, cursor.at, cursor.at]
  return node
}

function isDash({ text, at }: Cursor): boolean {
  return text[at] === '-' && text[at + 1] === ' '
}

function skipSpaces(cursor: Cursor): void {
  while (cursor.text.charCodeAt(cursor.at) === SPACE) cursor.at++
}

/** Nothing but a comment may follow; goes to the next line with content. */
function endLine(cursor: Cursor): void {
  const { text, at } = cursor
  skipSpaces(cursor)
  const code = text.charCodeAt(cursor.at)
  const isComment = code === HASH && cursor.at > at
  if (!isComment && code !== NEWLINE && cursor.at < text.length) throw new NotPlain()
  const end = text.indexOf('\n', cursor.at)
  cursor.at = end === -1 ? text.length : end + 1
  nextLine(cursor)
}

function nextLine(cursor: Cursor): void {
  const { text } = cursor
  for (let start = cursor.at; start < text.length; ) {
    cursor.at = start
    skipSpaces(cursor)
    const code = text.charCodeAt(cursor.at)
    cursor.indent = cursor.at - start
    if (code !== NEWLINE && code !== HASH && cursor.at < text.length) return
    const end = text.indexOf('\n', cursor.at)
    start = end === -1 ? text.length : end + 1
  }
  cursor.at = text.length
  cursor.indent = -1
}
