/**
 * The request target (RFC 9112 section 3.2), read once: one canonical path that is matched, authorised and forwarded,
 * or a refusal. Two readers can disagree about an ambiguous path; nothing ambiguous gets past this file.
 */
import { GatewayError } from '../errors.ts'

export interface RequestTarget {
  /** Canonical and absolute; keeps its trailing slash. */
  readonly path: string
  /** Empty, or `?` and what followed it, exactly as sent. */
  readonly query: string
}

/** Nothing to decode, encode or refuse. A segment that starts with a dot takes the careful way. */
const PLAIN_PATH = /^(?:\/[A-Za-z0-9\-_~!$&'()*+,=:@][A-Za-z0-9\-._~!$&'()*+,=:@]*)*\/?$/
/** Visible ASCII without `#`: no control, no blank, no fragment. */
const PLAIN_QUERY = /^[!"$-~]*$/

const NOT_VISIBLE_ASCII = /[^!-~]/
/** `\` is a slash to some, `;` starts path parameters to others, `#` ends the path. */
const AMBIGUOUS_CHARACTER = /[\\;#]/
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/
/** Encoded slash, backslash, `;`, `#`, `?`, `%` (a second decoding), and controls: C0, DEL and C1. */
const AMBIGUOUS_ESCAPE = /%(?:2F|5C|3B|23|3F|25|[01][0-9A-F]|7F|C2%[89][0-9A-F])/i
/** An escape, or a character that is no pchar (RFC 3986 section 3.3) but that browsers send as it is. */
const TO_NORMALISE = /%[0-9A-Fa-f]{2}|["<>^`{|}[\]]/g
const UNRESERVED = /^[A-Za-z0-9\-._~]$/
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/

/**
 * Reads a request target in origin form. Throws a `GatewayError`: `uri_too_long` when it has more than `maxBytes`,
 * `invalid_target` when it has another form or can be read in two ways. The query is not decoded or normalised.
 */
export function readRequestTarget(url: string, maxBytes: number): RequestTarget {
  if (url.length > maxBytes) throw new GatewayError('uri_too_long', 'target_too_long', { closeConnection: true })
  const mark = url.indexOf('?')
  const path = mark === -1 ? url : url.slice(0, mark)
  const query = mark === -1 ? '' : url.slice(mark)
  if (!path.startsWith('/')) throw refusal('target_form')
  if (!PLAIN_QUERY.test(query)) throw refusal('target_query')
  return { path: PLAIN_PATH.test(path) ? path : canonicalPath(path), query }
}

/**
 * The canonical form of an absolute path: escapes of unreserved characters decoded (RFC 3986 section 6.2.2.2), other
 * escapes in upper case, characters that browsers leave raw encoded. Applying it again changes nothing.
 * Throws a `GatewayError` `invalid_target` for a path that can be read in two ways.
 */
export function canonicalPath(path: string): string {
  if (NOT_VISIBLE_ASCII.test(path)) throw refusal('target_characters')
  if (AMBIGUOUS_CHARACTER.test(path)) throw refusal('target_ambiguous_character')
  if (BAD_ESCAPE.test(path)) throw refusal('target_escape')
  if (AMBIGUOUS_ESCAPE.test(path)) throw refusal('target_ambiguous_escape')
  const canonical = path.replace(TO_NORMALISE, normalise)
  if (canonical.includes('//')) throw refusal('target_empty_segment')
  if (DOT_SEGMENT.test(canonical)) throw refusal('target_dot_segment')
  if (!isUtf8(canonical)) throw refusal('target_utf8')
  return canonical
}

function normalise(text: string): string {
  if (text.length === 1) return `%${text.charCodeAt(0).toString(16).toUpperCase()}`
  const character = String.fromCharCode(Number.parseInt(text.slice(1), 16))
  return UNRESERVED.test(character) ? character : text.toUpperCase()
}

/** Whether the escapes spell UTF-8: no overlong form, no surrogate, nothing cut short. */
function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

function refusal(reason: string): GatewayError {
  return new GatewayError('invalid_target', reason)
}
