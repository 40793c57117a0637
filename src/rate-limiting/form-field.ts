import { GatewayError } from '../errors.ts'

/** Bytes outside ASCII, as latin1. */
const RAW = /[\x80-\xff]/g

/**
 * The value of a field in an `application/x-www-form-urlencoded` body (WHATWG URL section 5.1: UTF-8, `+` is a space),
 * without blanks and control characters around it and in lower case, because user names are compared so. Undefined when the field is not there. Throws
 * `malformed_request` when it is there twice: the upstream may read the other one. Does not check the content type.
 */
export function readFormField(body: Uint8Array, name: string): string | undefined {
  // Node reads raw bytes beside escapes otherwise than the standard says: one name would have several windows. Escaped,
  // all are read alike. The leading "&" keeps URLSearchParams from taking a "?" off the first name.
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1').replace(RAW, escapeByte)
  const values = new URLSearchParams(`&${text}`).getAll(name)
  if (values.length > 1) throw new GatewayError('malformed_request', 'form_field_twice')
  const [value] = values
  return value === undefined ? undefined : strip(value).toLowerCase()
}

function escapeByte(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16)}`
}

/** What JavaScript calls blank, and what Java's `trim` takes off too: the control characters. */
function strip(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && isBlank(text.charAt(start))) start++
  while (end > start && isBlank(text.charAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(char: string): boolean {
  return char <= ' ' || char.trim() === ''
}
