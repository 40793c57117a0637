/** What a person pasted into the form. The token itself goes no further than this file. */

export interface DecodedToken {
  readonly header: object
  readonly claims: object
}

/** The first two parts of a JWS in compact form (RFC 7515 section 3.1), with or without `Bearer `. Undefined: it is none. */
export function decodeToken(text: string): DecodedToken | undefined {
  const [head = '', body = '', ...rest] = text
    .trim()
    .replace(/^(?:authorization:\s*)?bearer\s+/i, '')
    .split('.')
  const header = decodePart(head)
  const claims = decodePart(body)
  return rest.length === 1 && header !== undefined && claims !== undefined ? { header, claims } : undefined
}

/** A JSON object; undefined: it is none. */
export function readClaims(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function decodePart(part: string): object | undefined {
  try {
    const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'))
    return readClaims(new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, toCode)))
  } catch {
    return undefined
  }
}

function toCode(character: string): number {
  return character.charCodeAt(0)
}
