/** What a request says of its body, as far as a check of it depends on that. */
import { GatewayError } from '../errors.ts'

const TOKEN = "[\\w!#$%&'*+.^`|~-]+"
const MEDIA_TYPE = new RegExp(`^(${TOKEN}/${TOKEN})((?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|"[^"\\\\]*"))*)[ \\t]*$`)
const CHARSET = /;[ \t]*charset=("[^"]*"|[^;\t ]*)/gi

/**
 * The media type of a body in lower case (RFC 9110 section 8.3.1); undefined: there is none. Only what is sent on is looked
 * at. Throws `unsupported_media_type` for what an upstream may read in another way than the gateway: a second field, another
 * charset than UTF-8, a content coding.
 * @param fields end-to-end, flat: names and values
 */
export function readContentType(fields: readonly string[]): string | undefined {
  let written: string | undefined
  for (let i = 0; i < fields.length; i += 2) {
    const name = (fields[i] as string).toLowerCase()
    const value = fields[i + 1] as string
    if (name === 'content-encoding' && value.toLowerCase() !== 'identity') {
      const accept = ['Accept-Encoding', 'identity'] as const
      throw new GatewayError('unsupported_media_type', 'body_coding', { detail: 'the body must not be coded', accept })
    }
    if (name !== 'content-type') continue
    if (written !== undefined) throw new GatewayError('unsupported_media_type', 'body_type_twice')
    written = value
  }
  if (written === undefined) return undefined
  const [, type = '', parameters = ''] = MEDIA_TYPE.exec(written) ?? []
  if (type === '') throw new GatewayError('unsupported_media_type', 'body_type_malformed')
  const charsets = [...parameters.matchAll(CHARSET)].map(([, charset = '']) =>
    charset.replaceAll('"', '').toLowerCase(),
  )
  if (charsets.some((charset) => charset !== 'utf-8')) {
    throw new GatewayError('unsupported_media_type', 'body_charset', { detail: 'the charset must be UTF-8' })
  }
  return type.toLowerCase()
}

const FORM = 'application/x-www-form-urlencoded'

/**
 * A form as every upstream reads it (URL Standard section 5). Throws `unsupported_media_type` for every other body, which may
 * hold a field where the gateway sees none: in multipart, coded, in a charset that has other letters for it.
 * @param fields end-to-end, flat: names and values
 */
export function assertForm(fields: readonly string[]): void {
  if (readContentType(fields) === FORM) return
  throw new GatewayError('unsupported_media_type', 'body_type', {
    detail: `expected ${FORM}`,
    accept: ['Accept', FORM],
  })
}
