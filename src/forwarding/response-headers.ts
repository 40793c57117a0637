/** Fields of the upstream's answer that go on to the client. */
import { setsOwnCookie } from '../own-cookies.ts'
import { UpstreamError } from './upstream-client.ts'

/** What happens to each of them. `cors`: left out where the gateway speaks CORS itself. */
type Action = 'pass' | 'drop' | 'cors' | 'connection' | 'transfer-encoding' | 'content-length' | 'set-cookie'

/** Hop-by-hop (RFC 9110 section 7.6.1), or said by the gateway, which counts and names the request, alone. */
const DROPPED: ReadonlySet<string> = new Set(
  `keep-alive proxy-authenticate proxy-connection te trailer upgrade x-request-id ratelimit ratelimit-policy`.split(
    ' ',
  ),
)
const READ: ReadonlySet<string> = new Set<Action>(['connection', 'transfer-encoding', 'content-length', 'set-cookie'])
const MEMO_SIZE = 512

export interface ResponseHead {
  /** Flat list of names and values; the caller's to add to. */
  readonly headers: string[]
  /** Bytes of the body as announced; undefined: unknown. */
  readonly contentLength: number | undefined
}

/** By raw name. Names repeat; bounded because upstreams choose them. */
const memo = new Map<string, Action>()

function actionOf(name: string): Action {
  let action = memo.get(name)
  if (action === undefined) {
    action = classify(name.toLowerCase())
    if (memo.size < MEMO_SIZE) memo.set(name, action)
  }
  return action
}

function classify(key: string): Action {
  if (READ.has(key)) return key as Action
  if (DROPPED.has(key)) return 'drop'
  return key.startsWith('access-control-') ? 'cors' : 'pass'
}

/**
 * Leaves out hop-by-hop fields, those that `Connection` nominates, and those that the gateway speaks for itself on this
 * route. Throws an UpstreamError when the body is coded in a way that is not `chunked`: once the field is gone, nobody
 * could decode it.
 * @param ownsCors the gateway itself sets the CORS fields
 */
export function readResponseHead(status: number, rawHeaders: readonly string[], ownsCors: boolean): ResponseHead {
  const headers: string[] = []
  let contentLength: number | undefined
  let nominated: Set<string> | undefined
  let coding: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    const value = rawHeaders[i + 1] as string
    const action = actionOf(name)
    if (action === 'pass' || (action === 'cors' && !ownsCors)) headers.push(name, value)
    else if (action === 'set-cookie') addCookie(headers, name, value)
    else if (action === 'connection') nominated = nominate(nominated, value)
    else if (action === 'transfer-encoding') coding = readCoding(coding, value)
    else if (action === 'content-length' && !isSuperfluousLength(status, contentLength)) {
      contentLength = Number(value)
      headers.push(name, value)
    }
  }
  return { headers: nominated === undefined ? headers : drop(headers, nominated), contentLength }
}

/** A session is the gateway's to begin and to end. */
function addCookie(headers: string[], name: string, value: string): void {
  if (!setsOwnCookie(value)) headers.push(name, value)
}

function readCoding(known: string | undefined, value: string): string {
  if (known !== undefined || value.toLowerCase() !== 'chunked') throw new UpstreamError('invalid')
  return value
}

/** RFC 9110 section 8.6: none on a 204; the same twice (the upstream client refuses differing ones) is once. */
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
