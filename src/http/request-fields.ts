/**
 * One pass over the request's raw header fields: what the gateway needs to know, and what may go on to the upstream.
 * Hop-by-hop fields (RFC 9110 section 7.6.1) and every spelling of a gateway-owned field stay behind.
 */
import { GatewayError } from '../errors.ts'
import { withoutOwnCookies } from '../own-cookies.ts'
import { classifyField, type FieldAction, toFieldKey } from './field-actions.ts'

export interface RequestFields {
  /** The one `Host` field (RFC 9112 section 3.2). */
  readonly host: string
  /** Values of all `Authorization` fields. A session puts its token here, where the client presented none. */
  authorization: readonly string[]
  readonly origin: string | undefined
  readonly accessControlRequestMethod: string | undefined
  readonly accessControlRequestHeaders: string | undefined
  /** Bytes of the body, when its length is known. */
  readonly contentLength: number | undefined
  /** The request has a body: a length above zero, or chunks. */
  readonly hasBody: boolean
  /** Values of `X-Forwarded-For`, in order; to be believed only from a trusted proxy. */
  readonly forwardedFor: readonly string[]
  readonly forwardedProto: string | undefined
  /** `X-Request-Id` when it is harmless to log. */
  readonly requestId: string | undefined
  readonly traceparent: string | undefined
  /** This gateway's pseudonym stands in `Via`: the request has been here before (RFC 9110 section 7.6.3). */
  readonly looped: boolean
  /** End-to-end fields for the upstream, a flat list of names and values. */
  endToEnd: string[]
}

export type ReadRequestFields = (rawHeaders: readonly string[], maxBytes: number) => RequestFields

const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/
/** With a port of up to 65535. */
const HOST =
  /^(?:\[[0-9A-Fa-f:.]+\]|[\w.~!$&'()*+,;=%-]+)(?::(?:\d{1,4}|[0-5]\d{4}|6(?:[0-4]\d{3}|5(?:[0-4]\d{2}|5(?:[0-2]\d|3[0-5])))))?$/
const MEMO_SIZE = 512
const NONE: readonly string[] = Object.freeze([])

/**
 * @param ownedFields names of the identity fields that the gateway sets
 * @param pseudonym how this gateway calls itself in `Via`
 * @returns the reader; it throws `malformed_request` (400) and `headers_too_large` (431)
 */
export function createRequestFieldsReader(ownedFields: Iterable<string>, pseudonym: string): ReadRequestFields {
  const owned = new Set([...ownedFields].map(toFieldKey))
  // Raw names repeat; the memo is bounded because clients choose them.
  const memo = new Map<string, FieldAction>()

  function actionOf(name: string): FieldAction {
    let action = memo.get(name)
    if (action === undefined) {
      action = classifyField(name, owned)
      if (memo.size < MEMO_SIZE) memo.set(name, action)
    }
    return action
  }

  return (rawHeaders, maxBytes) => new FieldsPass(actionOf, pseudonym).read(rawHeaders, maxBytes)
}

class FieldsPass implements RequestFields {
  host = ''
  authorization: readonly string[] = NONE
  origin: string | undefined
  accessControlRequestMethod: string | undefined
  accessControlRequestHeaders: string | undefined
  contentLength: number | undefined
  hasBody = false
  forwardedFor: readonly string[] = NONE
  forwardedProto: string | undefined
  requestId: string | undefined
  traceparent: string | undefined
  looped = false
  endToEnd: string[] = []
  readonly #actionOf: (name: string) => FieldAction
  readonly #pseudonym: string
  #tracestate: string[] = []
  #chunked = false
  #hosts = 0
  #nominated: Set<string> | undefined

  constructor(actionOf: (name: string) => FieldAction, pseudonym: string) {
    this.#actionOf = actionOf
    this.#pseudonym = pseudonym
  }

  read(rawHeaders: readonly string[], maxBytes: number): RequestFields {
    let bytes = 0
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i] as string
      const value = rawHeaders[i + 1] as string
      bytes += name.length + value.length + 4
      const action = this.#actionOf(name)
      if (action === 'pass') this.endToEnd.push(name, value)
      else if (action !== 'drop') this.#note(action, name, value)
    }
    if (bytes > maxBytes) throw new GatewayError('headers_too_large', 'headers_too_large', { closeConnection: true })
    this.#finish()
    return this
  }

  #note(action: FieldAction, name: string, value: string): void {
    switch (action) {
      case 'authorization':
        this.authorization = this.authorization === NONE ? [value] : [...this.authorization, value]
        return
      case 'host':
        this.#hosts += 1
        this.host = value
        return
      case 'connection':
        this.#nominate(value)
        return
      case 'content-length':
        this.#length(value)
        return
      case 'transfer-encoding':
        this.#coding(value)
        return
      case 'cookie':
        this.#passCookies(name, value)
        return
      case 'request-id':
        this.requestId = /^[\w.-]{1,64}$/.test(value) ? value : undefined
        return
      case 'forwarded-for':
        this.forwardedFor = [...this.forwardedFor, value]
        return
      case 'forwarded-proto':
        this.forwardedProto = value
        return
      case 'traceparent':
        // Twice: which one is right cannot be known (Trace Context section 3.2).
        this.traceparent = this.traceparent === undefined ? value : ''
        return
      case 'tracestate':
        this.#tracestate.push(value)
        return
      default:
        this.#noteAndPass(action, name, value)
    }
  }

  #noteAndPass(action: FieldAction, name: string, value: string): void {
    this.endToEnd.push(name, value)
    if (action === 'origin') this.origin = value
    else if (action === 'request-method') this.accessControlRequestMethod = value
    else if (action === 'request-headers') this.accessControlRequestHeaders = value
    else if (action === 'via' && value.includes(this.#pseudonym)) this.looped = true
  }

  #passCookies(name: string, value: string): void {
    const others = withoutOwnCookies(value)
    if (others !== undefined) this.endToEnd.push(name, others)
  }

  #nominate(value: string): void {
    const lower = value.toLowerCase()
    if (lower === 'keep-alive' || lower === 'close') return
    this.#nominated ??= new Set()
    for (const option of lower.split(',')) this.#nominated.add(option.trim())
  }

  #length(value: string): void {
    if (this.contentLength !== undefined || !/^\d{1,15}$/.test(value)) throw malformed('content_length')
    this.contentLength = Number(value)
  }

  #coding(value: string): void {
    if (this.#chunked || value.toLowerCase() !== 'chunked') throw malformed('transfer_encoding')
    this.#chunked = true
  }

  #finish(): void {
    if (this.#hosts !== 1 || !HOST.test(this.host)) throw malformed('host')
    if (this.#chunked && this.contentLength !== undefined) throw malformed('content_length_and_transfer_encoding')
    this.hasBody = this.#chunked || (this.contentLength ?? 0) > 0
    if (this.#nominated !== undefined) this.#dropNominated(this.#nominated)
    if (this.traceparent === undefined) return
    if (!TRACEPARENT.test(this.traceparent)) this.traceparent = undefined
    else this.#passTrace(this.traceparent)
  }

  #passTrace(traceparent: string): void {
    this.endToEnd.push('traceparent', traceparent)
    for (const state of this.#tracestate) this.endToEnd.push('tracestate', state)
  }

  #dropNominated(nominated: ReadonlySet<string>): void {
    const kept: string[] = []
    for (let i = 0; i < this.endToEnd.length; i += 2) {
      const name = this.endToEnd[i] as string
      if (!nominated.has(name.toLowerCase())) kept.push(name, this.endToEnd[i + 1] as string)
    }
    this.endToEnd = kept
  }
}

function malformed(reason: string): GatewayError {
  return new GatewayError('malformed_request', reason, { closeConnection: true })
}
