/** The head of an answer (RFC 9112 sections 4 and 5), read strictly: what is not quite right is refused, never repaired. */

/** Bytes of a head, its empty line included. */
export const MAX_HEAD_BYTES = 16 * 1024
const MAX_FIELDS = 1000
const MEMO_SIZE = 512

const STATUS_LINE = /^HTTP\/1\.[01] [1-5]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?$/
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Controls, line ends and NUL among them, but no tab (RFC 9110 section 5.5). */
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/
/** Tabs are no blanks here: not every parser takes them for such. */
const LENGTH = /^ *\d{1,15} *$/
const CHUNKED = /^ *chunked *$/i
const KEEP_ALIVE_TIMEOUT = /(?:^|[\s,;])timeout=(\d{1,6})(?:$|[\s,;])/i
const [TAB, SPACE, ONE] = [0x09, 0x20, 0x31]

/** Fields that say something about the connection or the length of the message; all others only pass through. */
type Role = 'plain' | 'content-length' | 'transfer-encoding' | 'connection' | 'keep-alive' | 'upgrade' | 'bad'
const ROLES: ReadonlyMap<string, Role> = new Map(
  (['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade'] as const).map((name) => [name, name]),
)
/** Raw name → role. Names repeat from answer to answer; bounded because upstreams choose them. */
const memo = new Map<string, Role>()

function roleOf(name: string): Role {
  const known = memo.get(name)
  if (known !== undefined) return known
  const role = TOKEN.test(name) ? (ROLES.get(name.toLowerCase()) ?? 'plain') : 'bad'
  if (memo.size < MEMO_SIZE) memo.set(name, role)
  return role
}

/** What a head says. `problem`: why it is none; then the rest means nothing. */
export class AnswerHead {
  problem: string | undefined
  status = 0
  /** Flat list of names and values as they came, without the blanks around values. */
  readonly headers: string[] = []
  /** -1: none was given. */
  contentLength = -1
  isChunked = false
  /** `Keep-Alive: timeout`, in seconds (RFC 2068 section 19.7.1.1); -1: none was given. */
  keepAliveSeconds = -1
  #isHttp11 = false
  #close = false
  #keepAlive = false
  #upgradeOption = false
  #upgradeField = false

  /** Whether the connection may be used again (RFC 9112 section 9.3). */
  get keepsAlive(): boolean {
    return !this.#close && (this.#isHttp11 || this.#keepAlive)
  }

  /** Whether it names a protocol to switch to, with all that belongs to that (RFC 9110 section 7.8). */
  get switchesProtocol(): boolean {
    return this.#isHttp11 && this.#upgradeOption && this.#upgradeField
  }

  /** Reads `text`, a head in latin1 without the empty line at its end. To be called once. */
  read(text: string): void {
    let at = text.indexOf('\r\n')
    this.#readStatusLine(at === -1 ? text : text.slice(0, at))
    for (let fields = 0; at !== -1 && this.problem === undefined; fields += 1) {
      if (fields === MAX_FIELDS) this.problem = 'too many fields'
      const start = at + 2
      at = text.indexOf('\r\n', start)
      this.#readField(text, start, at === -1 ? text.length : at)
    }
    this.problem ??= this.#judgeFraming()
  }

  #readStatusLine(line: string): void {
    if (!STATUS_LINE.test(line)) {
      this.problem = 'a bad status line'
      return
    }
    this.#isHttp11 = line.charCodeAt(7) === ONE
    this.status = Number(line.slice(9, 12))
  }

  #readField(text: string, start: number, end: number): void {
    const colon = text.indexOf(':', start)
    const name = colon === -1 || colon > end ? '' : text.slice(start, colon)
    const role = roleOf(name)
    const value = trim(text, colon + 1, end)
    if (role === 'bad' || NOT_IN_VALUE.test(value)) this.problem = 'a bad field'
    this.headers.push(name, value)
    if (role !== 'plain') this.#note(role, value, text.slice(colon + 1, end))
  }

  /** @param written the value with the blanks around it */
  #note(role: Role, value: string, written: string): void {
    switch (role) {
      case 'content-length':
        // Twice the same would be allowed to pass as one; no sane upstream sends it.
        if (this.contentLength !== -1 || !LENGTH.test(written)) this.problem = 'a bad length'
        else this.contentLength = Number(value)
        break
      case 'transfer-encoding':
        if (this.isChunked || !CHUNKED.test(written)) this.problem = 'a transfer coding that is not chunked'
        else this.isChunked = true
        break
      case 'connection':
        for (const option of value.toLowerCase().split(',')) this.#noteOption(option.trim())
        break
      case 'keep-alive':
        this.keepAliveSeconds = Number(KEEP_ALIVE_TIMEOUT.exec(value)?.[1] ?? -1)
        break
      case 'upgrade':
        this.#upgradeField = true
    }
  }

  #noteOption(option: string): void {
    if (option === 'close') this.#close = true
    else if (option === 'keep-alive') this.#keepAlive = true
    else if (option === 'upgrade') this.#upgradeOption = true
  }

  /** RFC 9112 section 6: two ways to tell a length, or one where there can be none, are how answers are smuggled. */
  #judgeFraming(): string | undefined {
    if (this.isChunked && this.contentLength !== -1) return 'a length and chunks'
    if (this.isChunked && !this.#isHttp11) return 'chunks in HTTP/1.0'
    if (this.status >= 200) return undefined
    // An answer that announces another one cannot be the last, nor come from before there were such.
    if (!this.keepsAlive || !this.#isHttp11) return 'an interim answer that ends the connection'
    return this.isChunked || this.contentLength !== -1 ? 'an interim answer with a length' : undefined
  }
}

/** Whether this line, without its line end, may stand behind the last chunk: any field but one that frames a message. */
export function isTrailerField(line: string): boolean {
  const colon = line.indexOf(':')
  const role = roleOf(line.slice(0, Math.max(colon, 0)))
  if (role === 'bad' || role === 'content-length' || role === 'transfer-encoding') return false
  return !NOT_IN_VALUE.test(line.slice(colon + 1))
}

/** `text` from `start` to `end` without the blanks and tabs around it. */
function trim(text: string, start: number, end: number): string {
  let [from, to] = [start, end]
  while (from < to && isBlank(text.charCodeAt(from))) from += 1
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1
  return text.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}
