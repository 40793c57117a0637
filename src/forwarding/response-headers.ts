/** Fields of the upstream's answer that go on to the client. */
import { UpstreamError } from './upstream-client.ts'

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const MEMO_SIZE = 512

export interface ResponseHead {
  /** Flat list of names and values. */
  readonly headers: string[]
  /** Bytes of the body as announced; undefined: unknown. */
  readonly contentLength: number | undefined
}

/** Raw name → lower case. Names repeat; bounded because upstreams choose them. */
const memo = new Map<string, string>()

function lower(name: string): string {
  let key = memo.get(name)
  if (key === undefined) {
    key = name.toLowerCase()
    if (memo.size < MEMO_SIZE) memo.set(name, key)
  }
  return key
}

/**
 * Leaves out hop-by-hop fields (RFC 9110 section 7.6.1), those that `Connection` nominates, and those that the gateway
 * speaks for itself on this route. Throws an UpstreamError when the body is coded in a way that is not `chunked`: once the
 * field is gone, nobody could decode it.
 * @param isOwned tells, for a lower-case name, whether the gateway sets this field itself
 */
export function readResponseHead(
  status: number,
  rawHeaders: readonly string[],
  isOwned: (name: string) => boolean,
): ResponseHead {
  const headers: string[] = []
  let contentLength: number | undefined
  let nominated: Set<string> | undefined
  let coding: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    const value = rawHeaders[i + 1] as string
    const key = lower(name)
    if (key === 'connection') nominated = nominate(nominated, value)
    else if (key === 'transfer-encoding') coding = readCoding(coding, value)
    if (HOP_BY_HOP.has(key) || isOwned(key)) continue
    if (key === 'content-length') {
      if (isSuperfluousLength(status, contentLength)) continue
      contentLength = Number(value)
    }
    headers.push(name, value)
  }
  return { headers: nominated === undefined ? headers : drop(headers, nominated), contentLength }
}

function readCoding(known: string | undefined, value: string): string {
  if (known !== undefined || value.toLowerCase() !== 'chunked') throw new UpstreamError('invalid')
  return value
}

/** RFC 9110 section 8.6: none on a 204; the same twice (undici refuses differing ones) is once. */
function isSuperfluousLength(status: number, known: number | undefined): boolean {
  return status === 204 || known !== undefined
}

function nominate(nominated: Set<string> | undefined, value: string): Set<string> | undefined {
  const key = value.toLowerCase()
  if (key === 'keep-alive' || key === 'close') return nominated
  const names = nominated ?? new Set<string>()
  for (const option of key.split(',')) names.add(option.trim())
  return names
}

function drop(headers: string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    const key = name.toLowerCase()
    // The length frames the message; no upstream may nominate it away.
    if (key === 'content-length' || !names.has(key)) kept.push(name, headers[i + 1] as string)
  }
  return kept
}
