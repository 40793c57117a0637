/** The head of a request as bytes on the wire (RFC 9112 sections 3 and 5). Nothing that could end a line gets through. */
import type { UpstreamRequest } from './upstream-client.ts'

const MEMO_SIZE = 512
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const TARGET = /^\/[\x21-\x7e]*$/
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/

/** Fields that this writer sets itself, or that mean something to the connection alone. */
const RESERVED: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'expect',
])
/** Methods whose body every server expects. */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

type Use = 'send' | 'length' | 'refuse'
/** Raw name → what to do with it. Names repeat; bounded because clients choose them. */
const memo = new Map<string, Use>()

export interface RequestHead {
  /** Latin1, with the empty line at its end. */
  readonly text: string
  /** Bytes of the body; unknown: it goes in chunks. */
  readonly length: number | 'unknown'
  /** The connection must not be used again. */
  readonly isLast: boolean
}

/**
 * @param host as it goes into the Host field
 * @returns undefined when the request cannot be sent as it is: an unfit character, a field of the connection, or a length
 *   that is not the body's
 */
export function writeRequestHead(request: UpstreamRequest, host: string): RequestHead | undefined {
  const { method, path, headers, body, upgrade } = request
  if (!TOKEN.test(method) || !TARGET.test(path) || (upgrade !== undefined && !TOKEN.test(upgrade))) return undefined
  // A server that ignores the body of such a request takes it for the next one: there must be none.
  const isLast = upgrade !== undefined || (body !== null && !WITH_BODY.has(method))
  const fields = writeFields(headers)
  const length = fields && lengthOf(body, fields.announced)
  if (fields === undefined || length === undefined) return undefined
  const start = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${connectionFields(upgrade, isLast)}`
  return { text: `${start}${fields.text}${framingField(method, length)}\r\n`, length, isLast }
}

/** @returns the lines, and what the request says about its length; undefined: one of them must not be sent */
function writeFields(headers: readonly string[]): { text: string; announced: string | undefined } | undefined {
  let text = ''
  let announced: string | undefined
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    const value = headers[i + 1] as string
    const use = useOf(name)
    if (use === 'refuse' || NOT_IN_VALUE.test(value)) return undefined
    if (use === 'send') text += `${name}: ${value}\r\n`
    else announced = announced === undefined ? value : 'twice'
  }
  return { text, announced }
}

/** @returns undefined: what was announced is no length, or not the body's */
function lengthOf(body: UpstreamRequest['body'], announced: string | undefined): number | 'unknown' | undefined {
  const known = body === null ? 0 : Buffer.isBuffer(body) ? body.length : 'unknown'
  if (announced === undefined) return known
  if (!/^\d{1,15}$/.test(announced)) return undefined
  const length = Number(announced)
  return known === 'unknown' || known === length ? length : undefined
}

function connectionFields(upgrade: string | undefined, isLast: boolean): string {
  if (upgrade !== undefined) return `connection: upgrade\r\nupgrade: ${upgrade}\r\n`
  return isLast ? 'connection: close\r\n' : 'connection: keep-alive\r\n'
}

/** RFC 9110 section 8.6: no length where no body is expected and none comes. */
function framingField(method: string, length: number | 'unknown'): string {
  if (length === 'unknown') return 'transfer-encoding: chunked\r\n'
  return length === 0 && !WITH_BODY.has(method) ? '' : `content-length: ${length}\r\n`
}

function useOf(name: string): Use {
  const known = memo.get(name)
  if (known !== undefined) return known
  const use = decideUse(name)
  if (memo.size < MEMO_SIZE) memo.set(name, use)
  return use
}

function decideUse(name: string): Use {
  const key = name.toLowerCase()
  if (!TOKEN.test(name) || RESERVED.has(key)) return 'refuse'
  return key === 'content-length' ? 'length' : 'send'
}
