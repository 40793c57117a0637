import { type Document, LineCounter, type Node, parseDocument, type YAMLError } from 'yaml'
import { readPlainYaml } from './plain-yaml.ts'
import type { Problem } from './problem.ts'
import type { SourceFile } from './source-file.ts'
import { type Aliases, NO_ALIASES, readAliases } from './yaml-nodes.ts'

/** Our own texts: those of the library quote the file, and with it what may be a secret. */
const MESSAGES: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias has neither an anchor nor a tag of its own',
  BAD_ALIAS: 'an alias to an anchor that is not set before it',
  BAD_DIRECTIVE: 'directives other than %YAML 1.2 are not supported',
  BAD_DQ_ESCAPE: 'an unknown escape in a double-quoted text; single quotes need none',
  BAD_INDENT: 'the indentation does not fit what stands above',
  BAD_SCALAR_START: 'a text that starts with this character must be quoted',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping cannot stand on the line of another key',
  BLOCK_IN_FLOW: 'an indented list or mapping cannot stand inside [..] or {..}',
  DUPLICATE_KEY: 'this key stands twice in its mapping',
  MISSING_CHAR: 'something is missing here: a closing quote, bracket or brace, a comma, or a space after ":"',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line',
  MULTIPLE_DOCS: 'the file must hold one YAML document',
  NON_STRING_KEY: 'a key must be a text',
  TAB_AS_INDENT: 'tabs cannot indent; use spaces',
  UNEXPECTED_TOKEN: 'this cannot stand here',
}

export interface YamlFile {
  readonly root: Node | null
  readonly aliases: Aliases
}

interface ReadYaml {
  readonly yaml?: YamlFile
  readonly problems: Problem[]
}

/** Reads YAML 1.2 (core schema, unique keys, no merge keys). After a structural mistake only the first is reported. */
export function readYaml(source: SourceFile): ReadYaml {
  const plain = readPlainYaml(source.text)
  return plain ? { yaml: { root: plain, aliases: NO_ALIASES }, problems: [] } : readAnyYaml(source)
}

/** The same by the library alone. */
export function readAnyYaml(source: SourceFile): ReadYaml {
  let document: Document.Parsed
  try {
    document = parseDocument(source.text, {
      version: '1.2',
      schema: 'core',
      merge: false,
      resolveKnownTags: false,
      stringKeys: true,
      uniqueKeys: true,
      strict: true,
      prettyErrors: false,
      // With 'silent', a second document would be left out without a word.
      logLevel: 'error',
      lineCounter: new LineCounter(),
    })
  } catch {
    return { problems: [tooDeep(source)] }
  }
  const problems: Problem[] = []
  let broken = isOtherVersion(document)
  if (broken) problems.push(source.problem(0, [], MESSAGES.BAD_DIRECTIVE ?? ''))
  // Tags are refused one and all, when the values are read.
  const errors = document.errors.filter(({ code }) => code !== 'TAG_RESOLVE_FAILED')
  for (const error of errors.toSorted((a, b) => a.pos[0] - b.pos[0])) {
    if (broken) break
    const { text, offset } = describe(error, source.text)
    problems.push(source.problem(offset, [], text))
    broken = error.code !== 'DUPLICATE_KEY'
  }
  if (broken) return { problems }
  const aliases = readAliases(document.contents)
  return aliases
    ? { yaml: { root: document.contents, aliases }, problems }
    : { problems: [tooDeep(source), ...problems] }
}

function tooDeep(source: SourceFile): Problem {
  return source.problem(0, [], 'the file is nested too deeply')
}

function isOtherVersion({ directives }: Document.Parsed): boolean {
  const version: unknown = directives.yaml.version
  return directives.yaml.explicit === true && version !== '1.2'
}

/** In `{ … }` and `[ … ]` an unquoted brace ends the text: the commonest slip with `${NAME}` and `{param}`. */
function describe(error: YAMLError, text: string): { text: string; offset: number } {
  const offset = Math.min(error.pos[0], text.trimEnd().length)
  const isBrace = /[{}]/.test(text.charAt(offset)) && /[\w/$}-]$/.test(text.slice(0, offset))
  if (isBrace) {
    return { text: 'inside { … } and [ … ], a text with braces such as "${NAME}" or "/{param}" must be quoted', offset }
  }
  if (error.message.startsWith('Sequence item without')) {
    return { text: 'the indentation fits neither the entry above nor a new one, which begins with "- "', offset }
  }
  if (error.code === 'BLOCK_AS_IMPLICIT_KEY' && /^[^\n:]*\n/.test(text.slice(offset))) {
    return { text: 'the line below is indented deeper than the key on this one', offset }
  }
  if (/^Missing closing ["']/.test(error.message)) return { text: 'not valid YAML: a quote is not closed', offset }
  return { text: `not valid YAML: ${MESSAGES[error.code] ?? 'this cannot be read'}`, offset }
}
