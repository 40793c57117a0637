/** The Markdown documents of the project, in parts that tests compare with the program. */
import { readFileSync } from 'node:fs'

const ROOT = new URL('../../', import.meta.url)
export const DOCUMENTS = [
  'README.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'docs/production.md',
  'docs/commands.md',
  'docs/lint.md',
  'docs/openapi.md',
  'docs/cookbook.md',
  'docs/why-did-i-get-a-403.md',
  'docs/browser-connections.md',
  'docs/sessions.md',
  'docs/bodies.md',
  'docs/speed.md',
  'docs/decisions.md',
  'docs/route-scope-file.md',
] as const

export interface Block {
  readonly document: string
  /** Where it begins, for messages. */
  readonly line: number
  readonly language: string
  readonly text: string
  /** Heading of the section it stands in. */
  readonly section: string
}

export function readProjectFile(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8')
}

/** All fenced blocks, in order, without their indentation. */
export function blocksOf(document: string): Block[] {
  const blocks: Block[] = []
  let section = ''
  let open: { indent: string; language: string; line: number; lines: string[] } | undefined
  for (const [index, line] of readProjectFile(document).split('\n').entries()) {
    const [, indent = '', language = ''] = /^( *)```(\w*)$/.exec(line) ?? [undefined, undefined]
    if (open !== undefined && line.trim() === '```') {
      const { lines, ...rest } = open
      const text = lines.map((it) => it.slice(rest.indent.length)).join('\n')
      blocks.push({ document, line: rest.line, language: rest.language, text, section })
      open = undefined
    } else if (open !== undefined) open.lines.push(line)
    else if (/^ *```/.test(line)) open = { indent, language, line: index + 1, lines: [] }
    else section = /^#+ (.*)$/.exec(line)?.[1] ?? section
  }
  return blocks
}

/** What stands between `<!-- name -->` and `<!-- /name -->`. */
export function markedPart(document: string, name: string): string {
  const [, rest] = readProjectFile(document).split(`<!-- ${name} -->\n`)
  const [part, end] = (rest ?? '').split(`\n<!-- /${name} -->`)
  if (part === undefined || end === undefined) throw new Error(`${document} has no part ${name}`)
  return part
}

/** The text below a heading, up to the next one. */
export function sectionOf(document: string, heading: string): string {
  const [, rest] = readProjectFile(document).split(`\n${heading}\n`)
  if (rest === undefined) throw new Error(`${document} has no section ${heading}`)
  return rest.split(/\n#+ /)[0] ?? ''
}

/** Rows of the first table in `text`, as cells without blanks around them; the head is left out. */
export function tableRows(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

/** Texts in backquotes. */
export function codeSpans(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
}

/** Text without fenced blocks. */
export function proseOf(document: string): string {
  return readProjectFile(document).replace(/^( *)```\w*\n[\s\S]*?^\1```$/gm, '')
}

/** Anchors of the headings, as GitHub makes them. */
export function anchorsOf(document: string): string[] {
  const headings = [...proseOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}
