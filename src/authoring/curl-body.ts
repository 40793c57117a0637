/** The body that curl would send for its options, and what it would say of it. */

interface Option {
  readonly name: string
  readonly value: string
}

export interface CurlBody {
  /** Undefined: it stands in a file. */
  readonly text: string | undefined
  /** What curl says of it by itself; undefined: nothing. */
  readonly contentType: string | undefined
}

const JOINED = new Set(['data', 'data-raw', 'data-binary', 'data-ascii', 'data-urlencode', 'json'])
const PARTS = new Set(['form', 'form-string'])
const BOUNDARY = '------------------------scopegate'

/** Whether the option brings a body, or with `-G` a query. */
export function isData({ name }: Option): boolean {
  return JOINED.has(name) || PARTS.has(name)
}

/** The text of all `-d`, as one. `isFile`: part of it stands in a file. */
export function joinData(options: readonly Option[]): { readonly text: string; readonly isFile: boolean } {
  let text = ''
  let isFile = false
  for (const { name, value } of options.filter((option) => JOINED.has(option.name))) {
    // Several --json are one text.
    const separator = text === '' || name === 'json' ? '' : '&'
    isFile ||= namesFile(name, value)
    text += separator + (name === 'data-urlencode' ? encodeData(value) : value)
  }
  return { text, isFile }
}

/** Without a body the text is empty. */
export function readCurlBody(options: readonly Option[]): CurlBody {
  if (options.some(({ name }) => name === 'upload-file')) return { text: undefined, contentType: undefined }
  const parts = options.filter(({ name }) => PARTS.has(name))
  if (parts.length > 0) {
    const isFile = parts.some(({ name, value }) => name === 'form' && /^[^=]*=[@<]/.test(value))
    return { text: isFile ? undefined : writeParts(parts), contentType: `multipart/form-data; boundary=${BOUNDARY}` }
  }
  const isJson = options.some(({ name }) => name === 'json')
  if (!isJson && !options.some(isData)) return { text: '', contentType: undefined }
  const { text, isFile } = joinData(options)
  return {
    text: isFile ? undefined : text,
    contentType: isJson ? 'application/json' : 'application/x-www-form-urlencoded',
  }
}

function namesFile(name: string, value: string): boolean {
  if (name === 'data-raw') return false
  return name === 'data-urlencode' ? /^[^=]*@/.test(value) : value.startsWith('@')
}

/** `content`, `=content` or `name=content`: the content is encoded, the name is not. */
function encodeData(value: string): string {
  const equals = value.indexOf('=')
  const [name, content] =
    equals > 0 ? [value.slice(0, equals + 1), value.slice(equals + 1)] : ['', value.replace(/^=/, '')]
  const toEscape = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  return name + encodeURIComponent(content).replace(/[!'()*]/g, toEscape)
}

/** RFC 7578 section 4. */
function writeParts(parts: readonly Option[]): string {
  const texts = parts.map(({ value }) => {
    const equals = value.indexOf('=')
    const [name, content] = [value.slice(0, equals), value.slice(equals + 1)]
    return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`
  })
  return `${texts.join('')}--${BOUNDARY}--\r\n`
}
