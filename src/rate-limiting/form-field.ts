import { GatewayError } from '../errors.ts'

/**
 * The value of a field in an `application/x-www-form-urlencoded` body (WHATWG URL section 5.1: UTF-8, `+` is a space),
 * trimmed and in lower case, because user names are compared so. Undefined when the field is not there. Throws
 * `malformed_request` when it is there twice: the upstream may read the other one. Does not check the content type.
 */
export function readFormField(body: Uint8Array, name: string): string | undefined {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
  // The leading "&" keeps URLSearchParams from taking a "?" off the first name.
  const values = new URLSearchParams(`&${text}`).getAll(name)
  if (values.length > 1) throw new GatewayError('malformed_request', 'form_field_twice')
  return values[0]?.trim().toLowerCase()
}
