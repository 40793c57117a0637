import type { IncomingMessage, ServerResponse } from 'node:http'
import { Exchange } from '../http/exchange.ts'

export interface UnsentRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly string[]
  readonly client: string
  /** Undefined: nobody says what it is. */
  readonly body?: string | undefined
  /** The fields say all that is said of the body; absent: without a type it is JSON. */
  readonly isTyped?: boolean
}

/** What the pipeline wrote in place of an answer on a socket; status 0: nothing. */
export interface UnsentAnswer {
  status: number
  headers: readonly string[]
  body: string
}

const BODY_FIELD = /^(content-length|transfer-encoding)$/i

/**
 * An exchange without a socket, with a body only if one is given: as much of both messages as the pipeline touches before
 * it forwards. Fields that announce a body are its own.
 */
export function createUnsentExchange(
  { method, target, headers: given, client, body, isTyped = false }: UnsentRequest,
  authorization: string | undefined,
): { readonly exchange: Exchange; readonly answer: UnsentAnswer } {
  const rawHeaders = toRawHeaders(given, authorization, body, isTyped)
  const answer: UnsentAnswer = { status: 0, headers: [], body: '' }
  const incoming = {
    method,
    url: target,
    httpVersion: '1.1',
    rawHeaders,
    headers: joinFields(rawHeaders),
    socket: { remoteAddress: client, destroyed: false },
    complete: true,
  }
  const outgoing = {
    headersSent: false,
    destroyed: false,
    writeHead(status: number, headers: string[]) {
      answer.status = status
      answer.headers = headers
    },
    end(body: string | undefined) {
      answer.body = body ?? ''
    },
  }
  const exchange = new Exchange(incoming as unknown as IncomingMessage, outgoing as unknown as ServerResponse, false)
  return { exchange, answer }
}

function toRawHeaders(
  given: readonly string[],
  authorization: string | undefined,
  body: string | undefined,
  isTyped: boolean,
): string[] {
  const raw: string[] = []
  const names = new Set<string>()
  for (let i = 0; i < given.length; i += 2) {
    const name = given[i] as string
    if (BODY_FIELD.test(name)) continue
    names.add(name.toLowerCase())
    raw.push(name, given[i + 1] as string)
  }
  if (!names.has('host')) raw.unshift('Host', 'localhost')
  if (authorization !== undefined && !names.has('authorization')) raw.push('Authorization', authorization)
  if (body !== undefined) {
    raw.push('Content-Length', String(Buffer.byteLength(body)))
    if (!isTyped && !names.has('content-type')) raw.push('Content-Type', 'application/json')
  }
  return raw
}

function joinFields(raw: readonly string[]): Record<string, string> {
  const fields = new Map<string, string>()
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase()
    const before = fields.get(name)
    fields.set(name, before === undefined ? (raw[i + 1] as string) : `${before}, ${raw[i + 1]}`)
  }
  return Object.fromEntries(fields)
}
