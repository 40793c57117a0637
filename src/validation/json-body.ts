/** Bytes of a body → the one value that every parser makes of them. */
import { isUtf8 } from 'node:buffer'
import { parseStrictJson } from '../authentication/strict-json.ts'
import { GatewayError } from '../errors.ts'

/** Half of a surrogate pair, as an escape. */
const MAYBE_LONE = /\\u[dD][89a-fA-F]/

/** RFC 8259 section 8 and RFC 7493 section 2. Throws `body_malformed` (400), and says why. */
export function readJsonBody(body: Buffer): unknown {
  if (!isUtf8(body)) throw malformed('body_utf8', 'the body is not UTF-8')
  const text = body.toString('utf8')
  let value: unknown
  try {
    value = parseStrictJson(text)
  } catch (error) {
    const reason = error instanceof SyntaxError ? STRICT_REASONS[error.message] : undefined
    if (reason !== undefined) throw malformed(...reason)
    throw malformed('body_syntax', 'the body is not JSON')
  }
  if (MAYBE_LONE.test(text) && !isWellFormed(value)) {
    throw malformed('body_surrogate', 'a text holds half of a surrogate pair')
  }
  return value
}

/** Messages of the parser that is used for tokens as well. */
const STRICT_REASONS: Readonly<Record<string, readonly [reason: string, detail: string]>> = {
  'repeated member name': ['body_repeated_name', 'an object has two members of one name'],
  'nested too deep': ['body_depth', 'arrays and objects are nested more than 64 deep'],
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && isWellFormed(member))
}

function malformed(reason: string, detail: string): GatewayError {
  return new GatewayError('body_malformed', reason, { detail })
}
