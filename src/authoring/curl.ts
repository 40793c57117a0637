/** A `curl` command as people paste it from a shell or a browser → the request that curl would send. */
import { type CurlBody, isData, joinData, readCurlBody } from './curl-body.ts'

export interface CurlRequest {
  readonly method: string
  readonly target: string
  /** Flat: names and values. May hold a token: not to be printed. */
  readonly headers: readonly string[]
  /** Empty: none is sent. Undefined: it stands in a file, and nothing that a command names is opened. */
  readonly body: string | undefined
  /** What of the command does not count here. */
  readonly notes: readonly string[]
}

/** Short options with a value, by what they are called in full. */
const SHORT: Readonly<Record<string, string>> = {
  ...{ H: 'header', X: 'request', d: 'data', u: 'user', o: 'output', A: 'user-agent', e: 'referer', b: 'cookie' },
  ...{
    F: 'form',
    T: 'upload-file',
    m: 'max-time',
    w: 'write-out',
    x: 'proxy',
    c: 'cookie-jar',
    K: 'config',
    E: 'cert',
  },
}
const WITH_VALUE = new Set([
  ...Object.values(SHORT),
  ...['url', 'json', 'data-raw', 'data-binary', 'data-ascii', 'data-urlencode', 'oauth2-bearer', 'url-query'],
  ...['cacert', 'capath', 'key', 'connect-timeout', 'resolve', 'connect-to', 'retry', 'retry-delay', 'interface'],
  ...['form-string', 'limit-rate', 'max-redirs', 'proxy-user', 'trace', 'trace-ascii', 'dump-header', 'unix-socket'],
])

const NO_BODY: CurlBody = { text: '', contentType: undefined }
/** In place of a body. */
export const FILE_NOTE = 'the body is in a file, and nothing that a command names is opened: give it with --body @FILE'

interface Option {
  readonly name: string
  readonly value: string
}

/** Reads one command; what a shell would run after it is left out. Throws an Error that quotes nothing of the command. */
export function readCurl(text: string): CurlRequest {
  const words = splitWords(text)
  if (words[0] !== 'curl') throw new Error('the command must begin with curl')
  const { options, urls } = readOptions(words.slice(1))
  const url = options.find(({ name }) => name === 'url')?.value ?? urls[0]
  if (url === undefined) throw new Error('the command has no URL')
  const has = (name: string) => options.some((option) => option.name === name)
  const hasData = options.some(isData)
  const { host, target } = readUrl(url, has('path-as-is'))
  const { text: body, contentType } = has('get') ? NO_BODY : readCurlBody(options)
  return {
    method: readMethod(options, hasData, has),
    target: has('get') && hasData ? withQuery(target, joinData(options).text) : target,
    headers: withContentType(readHeaders(options, host), contentType, options),
    body,
    notes: [
      ...(has('user') ? ['-u is left out: the gateway takes bearer tokens only'] : []),
      ...(body === undefined ? [FILE_NOTE] : []),
      ...(urls.length > 1 ? ['only the first URL counts'] : []),
    ],
  }
}

function readMethod(options: readonly Option[], hasData: boolean, has: (name: string) => boolean): string {
  const asked = options.findLast(({ name }) => name === 'request')?.value
  if (asked !== undefined) return asked
  if (has('head')) return 'HEAD'
  if (has('upload-file')) return 'PUT'
  return hasData && !has('get') ? 'POST' : 'GET'
}

function readHeaders(options: readonly Option[], host: string): string[] {
  const headers: string[] = []
  for (const { name, value } of options) {
    const [, field, text] = name === 'header' ? (/^([^:;]+):\s*(.*\S)\s*$/s.exec(value) ?? []) : []
    if (field !== undefined && text !== undefined) headers.push(field.trim(), text)
    if (name === 'oauth2-bearer') headers.push('Authorization', `Bearer ${value}`)
    if (name === 'cookie' && value.includes('=')) headers.push('Cookie', value)
  }
  const hasHost = headers.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'host')
  return hasHost ? headers : ['Host', host, ...headers]
}

/** The path as written, but for the dot segments that curl takes out by itself. */
function readUrl(url: string, isAsIs: boolean): { readonly host: string; readonly target: string } {
  const [, host = '', rest = ''] =
    /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^/?#@]*@)?((?:\[[^\]/]+\]|[^/?#:[]+)(?::\d+)?(?=[/?#]|$))([^#]*)/i.exec(url) ?? []
  if (host === '') throw new Error('the URL of the command has no host')
  const target = rest.startsWith('/') ? rest : `/${rest}`
  if (isAsIs || !/\/\.{1,2}(?:[/?]|$)/.test(target)) return { host, target }
  const { pathname, search } = new URL(target, 'http://localhost')
  return { host, target: pathname + search }
}

/** What curl says of a body by itself, unless `-H` says something else, or with nothing behind its colon that there is none. */
function withContentType(headers: readonly string[], contentType: string | undefined, options: readonly Option[]) {
  const isSaid = options.some(({ name, value }) => name === 'header' && /^content-type\s*[:;]/i.test(value))
  return contentType === undefined || isSaid ? [...headers] : [...headers, 'Content-Type', contentType]
}

function withQuery(target: string, data: string): string {
  return `${target}${target.includes('?') ? '&' : '?'}${data}`
}

function readOptions(words: readonly string[]): {
  readonly options: readonly Option[]
  readonly urls: readonly string[]
} {
  const options: Option[] = []
  const urls: string[] = []
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] as string
    const takeNext = () => {
      i += 1
      return words[i] ?? ''
    }
    if (word.startsWith('--')) options.push(readLong(word.slice(2), takeNext))
    else if (word.startsWith('-') && word.length > 1) options.push(...readShort(word.slice(1), takeNext))
    else urls.push(word)
  }
  return { options, urls }
}

function readLong(word: string, takeNext: () => string): Option {
  const equals = word.indexOf('=')
  const name = equals === -1 ? word : word.slice(0, equals)
  if (!WITH_VALUE.has(name)) return { name, value: '' }
  return { name, value: equals === -1 ? takeNext() : word.slice(equals + 1) }
}

/** `-sSi`, `-XPOST`, `-sXPOST`: the first that takes a value takes the rest. */
function readShort(letters: string, takeNext: () => string): Option[] {
  const options: Option[] = []
  for (let i = 0; i < letters.length; i += 1) {
    const letter = letters[i] as string
    const name = SHORT[letter]
    if (name !== undefined) return [...options, { name, value: letters.slice(i + 1) || takeNext() }]
    if (letter === 'G') options.push({ name: 'get', value: '' })
    if (letter === 'I') options.push({ name: 'head', value: '' })
  }
  return options
}

const PIECE =
  /(?<gap>\s+)|(?<continued>\\\r?\n)|\$'(?<ansi>(?:\\.|[^'\\])*)'|'(?<single>[^']*)'|"(?<double>(?:\\.|[^"\\])*)"|\\(?<escaped>.)|(?<end>[|;&<>])|(?<plain>\$(?!')|[^\s\\'"|;&<>$]+)/gsy

/** As a shell would split the first command: quotes, escapes, continued lines. Variables stay as they are. */
function splitWords(text: string): string[] {
  const words: string[] = []
  let word: string | undefined
  for (const { groups = {} } of text.trim().replace(/^\$ /, '').matchAll(PIECE)) {
    if (groups.end !== undefined) break
    if (groups.gap === undefined) {
      if (groups.continued === undefined) word = (word ?? '') + textOf(groups)
      continue
    }
    if (word !== undefined) words.push(word)
    word = undefined
  }
  return word === undefined ? words : [...words, word]
}

function textOf({ ansi, single, double, escaped, plain }: Readonly<Record<string, string | undefined>>): string {
  if (ansi !== undefined) return unescapeAnsi(ansi)
  if (double !== undefined) return double.replace(/\\(["\\$`]|\r?\n)/g, unescapeDouble)
  return single ?? escaped ?? plain ?? ''
}

function unescapeDouble(_: string, character: string): string {
  return /[\r\n]/.test(character) ? '' : character
}

/** `$'…'`, which browsers write for what plain quotes cannot hold. */
function unescapeAnsi(text: string): string {
  const known: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))/gs, (_, unicode, hex, character: string) => {
    if (character !== undefined) return known[character] ?? character
    return String.fromCharCode(Number.parseInt(unicode ?? hex, 16))
  })
}
