/** Finds a secret in what came out of a program, in every form that a leak could take. */

/** A leak: which secret, and how it was written. */
export type Leak = readonly [secret: string, form: string]

const MIN_BASE64 = 8

/** @param secrets by name; each long enough not to occur by chance */
export function createLeakFinder(secrets: Readonly<Record<string, string>>): (text: string) => readonly Leak[] {
  const forms = Object.entries(secrets).flatMap(([name, secret]) =>
    Object.entries(writeInAllForms(secret)).map(([form, written]) => ({ name, form, written })),
  )
  return (text) => {
    const views = { hex: text.toLowerCase(), bytes: text.replace(/\s/g, '') }
    return forms
      .filter(({ form, written }) => (views[form as keyof typeof views] ?? text).includes(written))
      .map(({ name, form }): Leak => [name, form])
  }
}

export function writeInAllForms(secret: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(secret)
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'))
  return {
    plain: secret,
    'percent-encoded': encodeURIComponent(secret),
    'percent-encoded byte by byte': hex.map((byte) => `%${byte.toUpperCase()}`).join(''),
    JSON: JSON.stringify(secret).slice(1, -1),
    'JSON with escapes': [...secret].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    hex: hex.join(''),
    // As `util.inspect` shows a buffer, which it cuts after 50 bytes.
    'hex with blanks': hex.slice(0, 40).join(' '),
    // As pino writes a buffer, or `util.inspect` a longer one: aligned, in lines.
    bytes: bytes.join(','),
    ...base64Forms(bytes),
  }
}

/** What it looks like inside of something longer depends on where its first byte falls. */
function base64Forms(bytes: Buffer): Record<string, string> {
  const forms: Record<string, string> = {}
  for (const shift of [0, 1, 2]) {
    for (const encoding of ['base64', 'base64url'] as const) {
      const written = Buffer.concat([Buffer.alloc(shift), bytes])
        .toString(encoding)
        .replace(/=+$/, '')
      const own = written.slice(shift === 0 ? 0 : shift + 1, -1)
      if (own.length >= MIN_BASE64) forms[`${encoding} after ${shift}`] = own
    }
  }
  return forms
}
