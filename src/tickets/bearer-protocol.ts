/**
 * A token among the subprotocols that a page offers: `new WebSocket(url, ['bearer', token, 'chat'])`. A page can set no other
 * field of a handshake. The `bearer` before it is there to be answered: a browser closes a socket whose server takes up none of
 * the subprotocols offered (RFC 6455 section 4.1), and the token must stand in no answer.
 */

/** What a handshake offers beside its subprotocols for the upstream. */
export interface OfferedTokens {
  /** What stands behind each `bearer`; empty: it stands at the end. */
  readonly tokens: readonly string[]
  /** `bearer`, in the spelling of the first one: browsers compare the answer with it. */
  readonly marker: string
  /** All fields, flat, without both. */
  readonly fields: string[]
}

const FIELD = 'sec-websocket-protocol'
const MARKER = 'bearer'

/** @param fields flat names and values. Undefined: no subprotocol is `bearer`. */
export function takeBearerProtocol(fields: readonly string[]): OfferedTokens | undefined {
  const others: string[] = []
  const offered: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    const value = fields[i + 1] as string
    if (name.toLowerCase() === FIELD) offered.push(...elementsOf(value))
    else others.push(name, value)
  }
  const marker = offered.find(isMarker)
  if (marker === undefined) return undefined
  const tokens: string[] = []
  const left: string[] = []
  for (let i = 0; i < offered.length; i += 1) {
    const protocol = offered[i] as string
    if (!isMarker(protocol)) left.push(protocol)
    else {
      i += 1
      tokens.push(offered[i] ?? '')
    }
  }
  if (left.length > 0) others.push('Sec-WebSocket-Protocol', left.join(', '))
  return { tokens, marker, fields: others }
}

/** Not told apart by case: a token must reach no upstream because somebody wrote `Bearer`. */
function isMarker(protocol: string): boolean {
  return protocol.toLowerCase() === MARKER
}

/** RFC 9110 section 5.6.1: empty elements do not count. */
function elementsOf(value: string): string[] {
  return value
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '')
}
